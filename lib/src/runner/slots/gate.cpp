#include "runner/slots/gate.hpp"

namespace carillon {
namespace {

/// As many skips in a row are no accident any more.
constexpr int alarming_skips = 3;

} // namespace

admission gate::admit(overlap_policy policy) noexcept
{
    if (running == 0 || policy == overlap_policy::allow) {
        skipped_in_a_row = 0;
        ++running;
        return admission::start;
    }
    if (policy == overlap_policy::replace) {
        ++waiting;
        return admission::replace;
    }
    if (policy == overlap_policy::queue) {
        ++waiting;
        return admission::queue;
    }
    ++skipped_in_a_row;
    return admission::skip;
}

admission gate::admit_caught_up() noexcept
{
    if (running == 0) {
        skipped_in_a_row = 0;
        ++running;
        return admission::start;
    }
    ++waiting;
    return admission::catch_up;
}

bool is_alarming(int skips_in_a_row) noexcept
{
    int n = skips_in_a_row;
    while (n > alarming_skips && n % 2 == 0) n /= 2;
    return n == alarming_skips;
}

} // namespace carillon

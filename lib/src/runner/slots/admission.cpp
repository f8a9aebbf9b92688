#include "runner/slots/admission.hpp"

namespace carillon::detail {
namespace {

/// As many skips in a row are no accident any more.
constexpr int alarming_skips = 3;

} // namespace

bool is_alarming(int skips_in_a_row) noexcept
{
    int n = skips_in_a_row;
    while (n > alarming_skips && n % 2 == 0) n /= 2;
    return n == alarming_skips;
}

} // namespace carillon::detail

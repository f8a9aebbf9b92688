#include "runner/limit/circuit.hpp"

#include <algorithm>
#include <limits>

namespace carillon::detail {

circuit::answer circuit::ask(microseconds now) noexcept
{
    if (!lets_through(now)) return answer::wait;
    if (!is_open()) return answer::pass;
    probing_ = true;
    return answer::probe;
}

bool circuit::succeeded() noexcept
{
    const bool was_open = is_open();
    *this = {};
    return was_open;
}

bool circuit::failed(microseconds now, bool is_probe) noexcept
{
    const bool was_open = is_open();
    if (failures_ < std::numeric_limits<int>::max()) ++failures_;
    if (is_probe) {
        probing_ = false;
        wait_ = std::min(wait_ * 2, longest_wait);
    }
    // An attempt that was under way when the circuit opened shows nothing new.
    if (is_open() && (is_probe || !was_open)) next_probe_ = now + wait_;
    return is_open() && !was_open;
}

} // namespace carillon::detail

#include "base/json_number.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

namespace json = boost::json;

namespace carillon::detail {
namespace {

/** A number as its whole part and its fraction, so that equal numbers of all kinds have one form.
 */
struct number {
    // The members are compared in this order. Whole numbers of one sign compare like their bits.
    bool is_positive = true;
    std::uint64_t whole = 0;
    /// From 0 to below 1. For a number that is too large for `bits`, the number itself.
    double rest = 0;

    friend auto operator<=>(const number&, const number&) = default;
};

number exactly(double d) noexcept
{
    if (d >= 0x1p64) return {true, std::numeric_limits<std::uint64_t>::max(), d};
    if (d < -0x1p63) return {false, std::uint64_t{1} << 63U, d};
    const double whole = std::floor(d);
    if (d >= 0) return {true, static_cast<std::uint64_t>(whole), d - whole};
    return {false, static_cast<std::uint64_t>(static_cast<std::int64_t>(whole)), d - whole};
}

std::optional<number> number_of(const json::value& v) noexcept
{
    if (const auto* i = v.if_int64()) return number{*i >= 0, static_cast<std::uint64_t>(*i)};
    if (const auto* u = v.if_uint64()) return number{true, *u};
    if (const auto* d = v.if_double(); d != nullptr && !std::isnan(*d)) return exactly(*d);
    return std::nullopt;
}

} // namespace

std::partial_ordering compare_numbers(const json::value& a, const json::value& b) noexcept
{
    const auto number_a = number_of(a);
    const auto number_b = number_of(b);
    if (!number_a || !number_b) return std::partial_ordering::unordered;
    return *number_a <=> *number_b;
}

} // namespace carillon::detail

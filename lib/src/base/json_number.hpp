#pragma once

#include <boost/json/value.hpp>

#include <compare>

namespace carillon::detail {

/** The order of two JSON numbers by their exact values, whole or not, however large. Unordered if
 * one of them is no number, or NaN. */
std::partial_ordering
compare_numbers(const boost::json::value& a, const boost::json::value& b) noexcept;

} // namespace carillon::detail

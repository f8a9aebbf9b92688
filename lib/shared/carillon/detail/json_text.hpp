#pragma once

#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace carillon::detail {

/**
 * Compact JSON (RFC 8259) as people and most programs write it: numbers plain and as short as
 * exact, `0.25` where Boost.JSON has `2.5E-1`; what is no whole number stays none, `2.0`.
 *
 * A number that JSON cannot write, such as infinity, becomes `null`.
 */
std::string json_text(const boost::json::value& v);

/** A text whose parts that are no UTF-8, which JSON has to be (RFC 8259 section 8.1), are U+FFFD.
 */
boost::json::string as_utf8(std::string_view text);

} // namespace carillon::detail

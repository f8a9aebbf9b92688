#pragma once

#include <carillon/json_primitive.hpp>

#include <boost/json/string.hpp>
#include <boost/json/value.hpp>

#include <string>
#include <string_view>

namespace carillon::detail {

/**
 * Compact JSON (RFC 8259) as people and most programs write it: numbers are plain, and as short as
 * they can be while exact: `0.25`, for which Boost.JSON writes `2.5E-1`. A double that is whole
 * keeps its point: `2.0`.
 *
 * A number that JSON cannot write, such as infinity, becomes `null`.
 */
std::string json_text(const boost::json::value& v);

/** Appends a number so. */
void append_json(std::string& out, double number);

/** Appends a text as a JSON string, with U+FFFD in place of all that is no UTF-8. */
void append_json(std::string& out, std::string_view text);

/** The same as a value of Boost.JSON. */
boost::json::value to_value(const json_primitive& p);

/** A text with U+FFFD in place of all that is no UTF-8. JSON has to be UTF-8 (RFC 8259 section
 * 8.1).
 */
boost::json::string as_utf8(std::string_view text);

} // namespace carillon::detail

#pragma once

#include <carillon/error.hpp>

#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <string_view>

namespace carillon::detail {

/**
 * Reads JSON (RFC 8259) with lists and objects at most `max_depth` deep within each other.
 *
 * As Boost.JSON does, but each number that is not whole becomes the double nearest to it, so that
 * @ref json_text writes it as it was; Boost.JSON's own are the next ones in one of ten with 17
 * digits (1.81). Later releases have `number_precision::precise`, and with one of them this can go.
 * The value is made in `memory`, by default of the heap. An escaped surrogate that is not one of a
 * pair, which the grammar allows (section 8.2) and Boost.JSON refuses, becomes U+FFFD.
 */
result<boost::json::value>
parse_json(std::string_view text, std::size_t max_depth, boost::json::storage_ptr memory = {});

} // namespace carillon::detail

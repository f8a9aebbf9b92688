#pragma once

#include <carillon/error.hpp>

#include <boost/assert/source_location.hpp>

#include <string>

namespace carillon::app {

/** A text that could not be read: what it is, and what is wrong in it. */
struct bad_text {
    std::string option;
    std::string text;
    parse_error error;
};

/** Lets `result<..., bad_text>::value()` throw `std::invalid_argument`. */
[[noreturn]] void throw_exception_from_error(const bad_text& e, const boost::source_location&);

/** The message, the text, and below it a mark at the place of the mistake. */
std::string to_string(const bad_text& e);

} // namespace carillon::app

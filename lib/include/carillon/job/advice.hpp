#pragma once

#include <carillon/error.hpp>
#include <carillon/job/outcome.hpp>

#include <string_view>

namespace carillon {

/** What an operator may do about an exchange that failed in a part of it: a fragment for the end of
 * a log line, empty where nothing can be said. */
std::string_view advice_for(const error_code& ec, phase at) noexcept;

/** What an operator may do about a reply of an HTTP status that was not expected by a job that
 * follows so many redirects; empty where nothing can be said. */
std::string_view advice_for(int status, int redirects) noexcept;

} // namespace carillon

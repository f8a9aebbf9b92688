#pragma once

#include <carillon/error.hpp>

#include <cerrno>

namespace carillon::detail {

/** Why the system call that has just failed did so: errno(3). */
inline error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

} // namespace carillon::detail

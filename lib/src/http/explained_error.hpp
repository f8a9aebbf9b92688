#pragma once

#include <carillon/error.hpp>

#include <string>

namespace carillon::http::detail {

/** An error, and what its code does not say. */
struct explained_error {
    error_code code{};
    std::string detail{};

    explicit operator bool() const noexcept { return code.failed(); }
};

} // namespace carillon::http::detail

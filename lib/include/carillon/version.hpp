#pragma once

#include <string_view>

namespace carillon {

/** The version of the library, such as `0.1.0`; requests name it in `User-Agent`. */
std::string_view version() noexcept;

} // namespace carillon

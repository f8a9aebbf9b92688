#pragma once

#include <carillon/error.hpp>

#include <cstddef>
#include <string>

namespace carillon::app {

/** A file's whole content, or why it cannot be read: the system's own error, `EFBIG` where it holds
 * more than `max_bytes`. Blocks. */
result<std::string> read_file(const std::string& path, std::size_t max_bytes);

} // namespace carillon::app

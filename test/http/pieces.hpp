#pragma once

#include "http/wire.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace carillon::test {

/** Gives a reader bytes in pieces of a size until it is done, fails or has them all, and then tells
 * it that no more come; `bytes` then are those that it did not take. */
inline error_code
read_in_pieces(http::detail::reply_reader& reader, std::string_view& bytes, std::size_t piece)
{
    while (!reader.is_done() && !bytes.empty()) {
        const auto space = reader.space();
        const std::size_t n = std::min({piece, space.size(), bytes.size()});
        std::copy_n(bytes.data(), n, space.data());
        bytes.remove_prefix(n);
        if (const error_code ec = reader.took(n)) return ec;
    }
    return reader.is_done() ? error_code() : reader.closed();
}

} // namespace carillon::test

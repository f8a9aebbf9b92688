#include "config/plain_utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace carillon::app {
namespace {

/** The length of the character of UTF-8 (RFC 3629) at `p`, which is none of ASCII's; 0 where it is
 * broken, or one that is not seen: a blank, the end of a line, a mark. */
std::size_t seen_character(const char* p, const char* end)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(p[i]); };
    const std::size_t size = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
    if (byte(0) < 0xC2 || byte(0) > 0xF4 || static_cast<std::size_t>(end - p) < size) return 0;
    std::uint32_t c = byte(0) & (0xFFU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return 0;
        c = c << 6U | (byte(i) & 0x3FU);
    }
    const auto lies = [&](std::uint32_t first, std::uint32_t last) {
        return c >= first && c <= last;
    };
    const bool is_broken =
        (size == 3 && c < 0x800) || (size == 4 && !lies(0x10000, 0x10FFFF)) || lies(0xD800, 0xDFFF);
    const bool is_unseen = lies(0x80, 0xA0) || c == 0x1680 || c == 0x180E || lies(0x2000, 0x200F) ||
                           lies(0x2028, 0x202F) || lies(0x205F, 0x206F) || c == 0x3000 ||
                           c == 0xFEFF || lies(0xFDD0, 0xFDEF) || (c & 0xFFFEU) == 0xFFFEU;
    return is_broken || is_unseen ? 0 : size;
}

} // namespace

bool is_ascii(std::string_view text)
{
    std::uint64_t all = 0;
    std::size_t i = 0;
    for (; i + sizeof all <= text.size(); i += sizeof all) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, text.data() + i, sizeof eight);
        all |= eight;
    }
    for (; i < text.size(); ++i) all |= static_cast<unsigned char>(text[i]);
    return (all & 0x8080808080808080U) == 0;
}

bool is_plain_utf8(std::string_view text)
{
    const char* const end = text.data() + text.size();
    for (const char* p = text.data(); p != end;) {
        if ((static_cast<unsigned char>(*p) & 0x80U) == 0) {
            ++p;
            continue;
        }
        const std::size_t size = seen_character(p, end);
        if (size == 0) return false;
        p += size;
    }
    return true;
}

} // namespace carillon::app

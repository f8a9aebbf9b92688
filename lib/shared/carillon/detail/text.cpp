#include <carillon/detail/text.hpp>

#include <algorithm>
#include <cstdint>

namespace carillon::detail {
namespace {

constexpr bool is_unreserved(char c) noexcept { return is_name_character(c) || c == '~'; }

constexpr char hex_digits[] = "0123456789abcdef";

} // namespace

std::string_view trimmed(std::string_view text) noexcept
{
    static constexpr std::string_view blanks = " \t";
    const std::size_t begin = std::min(text.find_first_not_of(blanks), text.size());
    return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
        return to_lower(x) == to_lower(y);
    });
}

std::string percent_encode(std::string_view text)
{
    static constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (is_unreserved(c)) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += {'%', digits[byte >> 4U], digits[byte & 0xFU]};
    }
    return out;
}

std::string base64(std::string_view bytes)
{
    static constexpr char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto byte = [&](std::size_t n) -> std::uint32_t {
            return i + n < bytes.size() ? static_cast<unsigned char>(bytes[i + n]) : 0U;
        };
        const std::uint32_t group = byte(0) << 16U | byte(1) << 8U | byte(2);
        out += digits[group >> 18U & 63U];
        out += digits[group >> 12U & 63U];
        out += i + 1 < bytes.size() ? digits[group >> 6U & 63U] : '=';
        out += i + 2 < bytes.size() ? digits[group & 63U] : '=';
    }
    return out;
}

character character_at(std::string_view text, std::size_t at) noexcept
{
    const auto byte = [&](std::size_t n) {
        return at + n < text.size() ? static_cast<unsigned char>(text[at + n]) : 0U;
    };
    const char32_t first = byte(0);
    if (first < 0x80) return {1, first};
    const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    static constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    char32_t value = first & (0x7FU >> size);
    for (std::size_t n = 1; n < size; ++n) {
        if ((byte(n) & 0xC0U) != 0x80) return {};
        value = value << 6U | (byte(n) & 0x3FU);
    }
    const bool is_surrogate = value >= 0xD800 && value <= 0xDFFF;
    if (first < 0xC0 || first > 0xF4 || value < smallest[size] || value > 0x10FFFF || is_surrogate)
        return {};
    return {size, value};
}

std::string_view short_escape(char32_t c) noexcept
{
    switch (c) {
    case U'\n':
        return "\\n";
    case U'\r':
        return "\\r";
    case U'\t':
        return "\\t";
    default:
        return {};
    }
}

std::string visible(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    append_visible(out, text);
    return out;
}

void append_visible(std::string& out, std::string_view text)
{
    // As nearly always.
    if (std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; })) {
        out += text;
        return;
    }
    for (std::size_t i = 0; i < text.size();) {
        const character c = character_at(text, i);
        const std::string_view bytes = text.substr(i, c.size);
        if (const auto known = short_escape(c.value.value_or(0)); !known.empty())
            out += known;
        else if (c.value && !is_hidden(*c.value))
            out += bytes;
        else
            for (const char b : bytes) {
                const auto byte = static_cast<unsigned char>(b);
                out += {'\\', 'x', hex_digits[byte >> 4U], hex_digits[byte & 0xFU]};
            }
        i += c.size;
    }
}

std::string shorten(std::string_view text, std::size_t max_bytes)
{
    if (text.size() <= max_bytes) return std::string(text);
    const std::size_t room = max_bytes < 3 ? 0 : max_bytes - 3;
    std::size_t end = room;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return std::string(text.substr(0, end)) + "...";
}

} // namespace carillon::detail

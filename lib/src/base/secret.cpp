#include <carillon/detail/text.hpp>
#include <carillon/secret.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <ostream>
#include <utility>

namespace carillon {
namespace {

std::string in_json(std::string_view text)
{
    const std::string quoted = boost::json::serialize(boost::json::string_view(text));
    return quoted.substr(1, quoted.size() - 2);
}

std::uint32_t head_of(std::string_view text)
{
    std::uint32_t head = 0;
    std::memcpy(&head, text.data(), masker::min_length);
    return head;
}
static_assert(sizeof(std::uint32_t) == masker::min_length);

/** Decodes base64 (RFC 4648 section 4) until the text is none. */
std::string from_base64(std::string_view text)
{
    static constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const std::size_t digit = digits.find(c);
        if (digit == std::string_view::npos) break;
        bits = bits << 6U | static_cast<std::uint32_t>(digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xFFU);
    }
    return out;
}

} // namespace

std::ostream& operator<<(std::ostream& out, const secret&) { return out << "***"; }

void masker::add(std::string_view text)
{
    if (text.size() < min_length) return;
    insert(std::string(text));
    insert(in_json(text));
    insert(detail::percent_encode(text));
}

void masker::add(const masker& other)
{
    texts_.insert(other.texts_.begin(), other.texts_.end());
    heads_.insert(other.heads_.begin(), other.heads_.end());
    first_bytes_ |= other.first_bytes_;
}

void masker::insert(std::string text)
{
    heads_.insert(head_of(text));
    first_bytes_.set(static_cast<unsigned char>(text.front()));
    texts_.insert(std::move(text));
}

/** The size of the longest secret that begins at a place; 0 if none does. */
std::size_t masker::longest_at(std::string_view text, std::size_t at) const
{
    if (!first_bytes_.test(static_cast<unsigned char>(text[at]))) return 0;
    std::string_view rest = text.substr(at);
    if (rest.size() < min_length || !heads_.contains(head_of(rest))) return 0;
    // Secrets are sorted. One that begins here is not behind `rest`. If the last one before `rest`
    // is not it, those that are agree with `rest` no further than that one does.
    auto it = texts_.upper_bound(rest);
    while (it != texts_.begin()) {
        const std::string& candidate = *--it;
        const auto [end, ignored] =
            std::mismatch(candidate.begin(), candidate.end(), rest.begin(), rest.end());
        const auto common = static_cast<std::size_t>(end - candidate.begin());
        if (common == candidate.size()) return common;
        if (common < min_length) return 0;
        rest = rest.substr(0, common);
        it = texts_.upper_bound(rest);
    }
    return 0;
}

std::string masker::hide(std::string_view text) const
{
    if (texts_.empty()) return std::string(text);
    std::string out;
    std::size_t shown = 0;        // all before is in `out`
    std::size_t hidden_until = 0; // the end of the secrets found so far
    for (std::size_t at = 0; at < text.size(); ++at) {
        const std::size_t size = longest_at(text, at);
        if (size == 0) continue;
        // Overlapping secrets are hidden as one, so that no part of either is left.
        if (at >= hidden_until) {
            out.append(text.substr(shown, at - shown)).append("***");
        }
        hidden_until = std::max(hidden_until, at + size);
        shown = hidden_until;
    }
    return out.append(text.substr(shown));
}

bool masker::finds(std::string_view text) const
{
    if (texts_.empty()) return false;
    for (std::size_t at = 0; at < text.size(); ++at)
        if (longest_at(text, at) > 0) return true;
    return false;
}

void collect_header_secrets(std::string_view name, std::string_view value, masker& secrets)
{
    if (!is_secret_header(name)) return;
    secrets.add(value);
    value = detail::trimmed(value);
    secrets.add(value);
    if (detail::equals_ignoring_case(name, "cookie")) {
        while (!value.empty()) {
            const std::string_view pair = value.substr(0, value.find(';'));
            value.remove_prefix(std::min(pair.size() + 1, value.size()));
            if (const auto equals = pair.find('='); equals != std::string_view::npos)
                secrets.add(detail::trimmed(pair.substr(equals + 1)));
        }
    }
    const std::size_t blank = value.find(' ');
    const bool has_scheme = detail::equals_ignoring_case(name, "authorization") ||
                            detail::equals_ignoring_case(name, "proxy-authorization");
    if (!has_scheme || blank == std::string_view::npos) return;
    const std::string_view credentials = detail::trimmed(value.substr(blank));
    secrets.add(credentials);
    if (!detail::equals_ignoring_case(value.substr(0, blank), "basic")) return;
    const std::string pair = from_base64(credentials);
    secrets.add(pair);
    if (const auto colon = pair.find(':'); colon != std::string::npos)
        secrets.add(std::string_view(pair).substr(colon + 1));
}

bool is_secret_header(std::string_view name)
{
    static constexpr std::array<std::string_view, 4> names{
        "authorization", "x-api-key", "cookie", "proxy-authorization"};
    return std::any_of(names.begin(), names.end(), [&](std::string_view known) {
        return detail::equals_ignoring_case(name, known);
    });
}

} // namespace carillon

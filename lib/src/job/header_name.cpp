#include <carillon/detail/text.hpp>
#include <carillon/job/header_name.hpp>

#include <algorithm>
#include <array>

namespace carillon {

bool is_token(std::string_view text) noexcept
{
    static constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return detail::is_digit(c) || detail::is_letter(c) ||
               marks.find(c) != std::string_view::npos;
    });
}

bool has_control(std::string_view value) noexcept
{
    return std::any_of(
        value.begin(), value.end(), [](char c) { return detail::is_control(c) && c != '\t'; });
}

bool is_sent_by_default(std::string_view name) noexcept
{
    return detail::equals_ignoring_case(name, "User-Agent") ||
           detail::equals_ignoring_case(name, "Accept-Encoding");
}

std::string_view header_name_problem(std::string_view name) noexcept
{
    static constexpr std::array<std::string_view, 9> ours{
        "host",       "idempotency-key", "content-length", "transfer-encoding",
        "connection", "expect",          "upgrade",        "te",
        "traceparent"};
    if (!is_token(name)) return "not a header name";
    const bool is_ours = std::any_of(ours.begin(), ours.end(), [&](std::string_view h) {
        return detail::equals_ignoring_case(name, h);
    });
    if (is_ours || detail::equals_ignoring_case(name.substr(0, 9), "carillon-"))
        return "carillon sets this header itself";
    return {};
}

} // namespace carillon

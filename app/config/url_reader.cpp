#include "config/url_reader.hpp"

#include <carillon/detail/text.hpp>
#include <carillon/job/endpoint.hpp>

#include <algorithm>

namespace carillon::app {
namespace {

/** Whether `url` begins with a scheme (RFC 3986 section 3.1) and `://`. */
bool is_absolute(std::string_view url)
{
    const std::string_view scheme = url.substr(0, std::min(url.find("://"), url.size()));
    return scheme.size() < url.size() && !scheme.empty() && detail::is_letter(scheme.front()) &&
           std::all_of(
               scheme.begin(), scheme.end(),
               [](char c) {
                   return detail::is_letter(c) || detail::is_digit(c) || c == '+' || c == '-' ||
                          c == '.';
               });
}

/** With exactly one `/` between them. */
std::string join(std::string_view base, std::string_view url)
{
    if (base.empty() || is_absolute(url)) return std::string(url);
    if (url.empty()) return std::string(base);
    base = base.substr(0, base.find_last_not_of('/') + 1);
    url = url.substr(std::min(url.find_first_not_of('/'), url.size()));
    return std::string(base) + "/" + std::string(url);
}

/** Why nothing can stand below `base`; empty where it can. */
std::string base_url_problem(const std::string& base)
{
    if (base.empty()) return {};
    if (const auto wrong = endpoint_problem(base)) return wrong->what;
    if (base.find_first_of("?#") != std::string::npos)
        return "a base_url has neither a query nor a fragment";
    return {};
}

} // namespace

void read_base_url(table_reader& in, std::string& out)
{
    if (in.any("base_url") == nullptr) return;
    std::string given;
    if (!in.text("base_url", given, secrecy::url)) {
        out = unread_url;
        return;
    }
    const std::string why = base_url_problem(given);
    if (!why.empty()) in.fail("base_url", why);
    out = why.empty() ? given : unread_url;
}

void read_url(table_reader& in, const std::string& base, std::string& out)
{
    if (in.any("url") == nullptr) return;
    std::string given;
    out = in.text("url", given, secrecy::url) ? join(base, given) : unread_url;
}

} // namespace carillon::app

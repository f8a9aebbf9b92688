#include <carillon/detail/text.hpp>
#include <carillon/job/endpoint.hpp>

#include <boost/url/parse.hpp>
#include <boost/url/scheme.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace urls = boost::urls;

namespace carillon {
namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;

/** Whether a query parameter of this name holds a secret, such as `access_token` or `sig`. */
bool names_a_secret(std::string_view parameter)
{
    static constexpr std::array<std::string_view, 22> names{
        "apikey",     "auth",      "authorization", "bearer",    "code", "credential",
        "hmac",       "jwt",       "key",           "accesskey", "otp",  "pass",
        "passphrase", "passwd",    "pwd",           "session",   "sid",  "session_id",
        "session-id", "sessionid", "sig",           "ticket"};
    static constexpr std::array<std::string_view, 6> ends{"token",     "secret", "password",
                                                          "signature", "_key",   "-key"};
    const auto ends_with = [&](std::string_view end) {
        return parameter.size() >= end.size() &&
               detail::equals_ignoring_case(parameter.substr(parameter.size() - end.size()), end);
    };
    return std::any_of(
               names.begin(), names.end(),
               [&](std::string_view name) {
                   return detail::equals_ignoring_case(parameter, name);
               }) ||
           std::any_of(ends.begin(), ends.end(), ends_with);
}

std::string decoded_user_info(const urls::url_view& url)
{
    if (!url.has_userinfo()) return {};
    return url.user() + (url.has_password() ? ":" + url.password() : ":");
}

std::string without_brackets(const std::string& host)
{
    return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

/** A port's digits as a number, or nothing where it is none that a socket has. Boost.URL's own
 * number wraps around (1.81). */
std::optional<std::uint16_t> parse_port(std::string_view digits)
{
    std::uint16_t port = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (ec != std::errc{} || end != digits.data() + digits.size() || port == 0) return std::nullopt;
    return port;
}

/** `%41` as `A`; a `%` that begins no such pair stays. */
std::string percent_decode(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        const char* const from = text.data() + i + 1;
        const bool is_pair = text[i] == '%' && i + 2 < text.size() &&
                             std::from_chars(from, from + 2, byte, 16).ptr == from + 2;
        out += is_pair ? static_cast<char>(byte) : text[i];
        if (is_pair) i += 2;
    }
    return out;
}

/** Where the user information stands, which begins an authority and ends with the last `@` in it;
 * empty where there is none. */
url_part user_info_part(std::string_view url)
{
    const std::size_t slashes = url.find("//");
    if (slashes == std::string_view::npos || slashes > url.find_first_of("/?#")) return {};
    const std::size_t begin = slashes + 2;
    const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
    const std::size_t at = url.substr(0, end).rfind('@');
    return at == std::string_view::npos || at < begin ? url_part{} : url_part{begin, at};
}

/** The password, or the user where a token stands alone. */
url_part secret_of_user_info(std::string_view url, const url_part& whole)
{
    const std::size_t colon = url.substr(0, whole.end).find(':', whole.begin);
    if (colon == std::string_view::npos) return whole;
    return colon + 1 == whole.end ? url_part{whole.begin, colon} : url_part{colon + 1, whole.end};
}

/** Where in `url` the first character stands that no URL may hold; its size where there is none. */
std::size_t first_bad_character(std::string_view url)
{
    const auto at = std::find_if(url.begin(), url.end(), [](char c) {
        return c == ' ' || detail::is_control(c) || static_cast<unsigned char>(c) >= 0x80 ||
               std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos;
    });
    return static_cast<std::size_t>(at - url.begin());
}

/** Whether a host can be written into a request as it is: percent-encoded a name may hold anything,
 * line ends too. */
bool is_host(const urls::url_view& url)
{
    if (url.host_type() != urls::host_type::name) return true;
    const std::string host = url.host();
    return std::all_of(
        host.begin(), host.end(), [](char c) { return detail::is_name_character(c) || c == '~'; });
}

/** A URL that jobs can be sent to, and its port. */
struct checked_url {
    urls::url_view url;
    bool is_secure;
    std::uint16_t port;
};

parse_result<checked_url> check_url(std::string_view text)
{
    const auto parsed = urls::parse_uri(text);
    if (!parsed) {
        const std::size_t bad = first_bad_character(text);
        if (bad != text.size())
            return parse_error{bad, "a URL cannot hold this character; write it percent-encoded"};
        return parse_error{0, "not an absolute URL such as http://host:port/path"};
    }
    const bool is_secure = parsed->scheme_id() == urls::scheme::https;
    if (!is_secure && parsed->scheme_id() != urls::scheme::http)
        return parse_error{0, "the scheme must be http or https"};
    if (parsed->encoded_host().empty()) return parse_error{0, "the URL has no host"};
    if (!is_host(*parsed))
        return parse_error{
            0, "a host's name holds only letters, digits, '-', '.', '_' and '~'; an international "
               "one is written in its xn-- form"};
    const std::string_view digits = parsed->port();
    const auto port = digits.empty() ? (is_secure ? https_port : http_port) : parse_port(digits);
    if (!port) return parse_error{0, "the port must be from 1 to 65535"};
    return checked_url{*parsed, is_secure, *port};
}

} // namespace

std::string endpoint::authority() const
{
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                               : fmt::format("[{}]:{}", host, port);
}

std::string endpoint::host_header() const
{
    std::string out = authority();
    if (port == (is_secure() ? https_port : http_port)) out.resize(out.rfind(':'));
    return out;
}

std::string endpoint::origin() const { return scheme + "://" + host_header(); }

std::optional<parse_error> endpoint_problem(std::string_view url)
{
    const auto checked = check_url(url);
    return checked ? std::nullopt : std::optional(checked.error());
}

parse_result<endpoint> parse_endpoint(std::string_view text)
{
    const auto checked = check_url(text);
    if (!checked) return checked.error();
    const urls::url_view& url = checked->url;
    endpoint out;
    out.scheme = checked->is_secure ? "https" : "http";
    out.host = without_brackets(url.host());
    out.port = checked->port;
    out.target = std::string(url.encoded_path());
    if (out.target.empty()) out.target = "/";
    if (url.has_query()) out.target += "?" + std::string(url.encoded_query());
    out.user_info = decoded_user_info(url);
    return out;
}

std::string shown_url(std::string_view url)
{
    if (const auto e = parse_endpoint(url))
        return e->origin() + e->target.substr(0, e->target.find('?'));
    // With placeholders it is none yet.
    std::string out(url.substr(0, url.find('?')));
    const url_part user = user_info_part(out);
    if (user.begin != user.end) out.erase(user.begin, user.end - user.begin + 1);
    return out;
}

std::vector<url_part> secret_url_parts(std::string_view url)
{
    std::vector<url_part> out;
    const auto add = [&](const url_part& part) {
        if (part.begin < part.end) out.push_back(part);
    };
    if (const url_part user = user_info_part(url); user.begin < user.end)
        add(secret_of_user_info(url, user));
    const std::size_t fragment = std::min(url.find('#'), url.size());
    std::size_t at = url.substr(0, fragment).find('?');
    while (at < fragment) {
        const std::size_t begin = at + 1;
        at = std::min(url.find('&', begin), fragment);
        const std::size_t equals = url.substr(0, at).find('=', begin);
        if (equals == std::string_view::npos) continue;
        if (names_a_secret(percent_decode(url.substr(begin, equals - begin))))
            add({equals + 1, at});
    }
    return out;
}

void collect_url_secrets(std::string_view url, masker& secrets)
{
    for (const url_part& part : secret_url_parts(url)) {
        const std::string_view text = url.substr(part.begin, part.end - part.begin);
        secrets.add(text);
        secrets.add(percent_decode(text));
    }
    const url_part user = user_info_part(url);
    if (user.begin == user.end) return;
    // As they are sent (RFC 7617), and as a token alone is often sent.
    std::string credentials = percent_decode(url.substr(user.begin, user.end - user.begin));
    secrets.add(detail::base64(credentials));
    if (credentials.find(':') == std::string::npos) secrets.add(detail::base64(credentials + ":"));
}

} // namespace carillon

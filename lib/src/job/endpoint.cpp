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

/** A port's digits as a number, or nothing if no socket has that port. */
std::optional<std::uint16_t> parse_port(std::string_view digits)
{
    std::uint16_t port = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (ec != std::errc{} || end != digits.data() + digits.size() || port == 0) return std::nullopt;
    return port;
}

/** Decodes `%41` to `A`. A `%` that begins no such pair stays. */
std::string percent_decode(std::string_view text)
{
    if (text.find('%') == std::string_view::npos) return std::string(text);
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

/** The authority of a URL, which ends before the path, the query or the fragment (RFC 3986
 * section 3.2). Empty if there is none. */
url_part authority_part(std::string_view url)
{
    const std::size_t slashes = url.find("//");
    if (slashes == std::string_view::npos || slashes > url.find_first_of("/?#")) return {};
    const std::size_t begin = slashes + 2;
    return {begin, std::min(url.find_first_of("/?#", begin), url.size())};
}

/** The user information of a URL, which begins the authority and ends with the last `@` in it.
 * Empty if there is none. */
url_part user_info_part(std::string_view url)
{
    const url_part whole = authority_part(url);
    const std::size_t at = url.substr(0, whole.end).rfind('@');
    return at == std::string_view::npos || at < whole.begin ? url_part{}
                                                            : url_part{whole.begin, at};
}

/** The password, or the user if there is only a token. */
url_part secret_of_user_info(std::string_view url, const url_part& whole)
{
    const std::size_t colon = url.substr(0, whole.end).find(':', whole.begin);
    if (colon == std::string_view::npos) return whole;
    return colon + 1 == whole.end ? url_part{whole.begin, colon} : url_part{colon + 1, whole.end};
}

/** The offset of the first character that no URL may hold; the size of `url` if there is none. */
std::size_t first_bad_character(std::string_view url)
{
    const auto at = std::find_if(url.begin(), url.end(), [](char c) {
        return c == ' ' || detail::is_control(c) || static_cast<unsigned char>(c) >= 0x80 ||
               std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos;
    });
    return static_cast<std::size_t>(at - url.begin());
}

/** The parts of an authority, as views into the URL. */
struct authority_pieces {
    std::optional<std::string_view> user_info;
    /// An address of IPv6 in its brackets.
    std::string_view host;
    /// With its colon.
    std::string_view port;
};

authority_pieces split_authority(std::string_view authority)
{
    authority_pieces out;
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
        out.user_info = authority.substr(0, at);
        authority.remove_prefix(at + 1);
    }
    const std::size_t bracket = authority.starts_with('[') ? authority.find(']') + 1 : 0;
    out.host = authority.substr(0, bracket != 0 ? bracket : authority.find(':'));
    out.port = authority.substr(out.host.size());
    return out;
}

parse_result<std::uint16_t> check_port(std::string_view port, bool is_secure)
{
    if (port.empty() || port == ":") return is_secure ? https_port : http_port;
    const auto number = port.front() == ':' ? parse_port(port.substr(1)) : std::nullopt;
    if (!number) return parse_error{0, "the port must be from 1 to 65535"};
    return *number;
}

/** A host, decoded and without brackets. */
parse_result<std::string> check_host(std::string_view host, bool is_ipv6)
{
    if (host.empty()) return parse_error{0, "the URL has no host"};
    if (host.starts_with('[')) {
        if (!is_ipv6) return parse_error{0, "in brackets stands an address of IPv6"};
        return std::string(host.substr(1, host.size() - 2));
    }
    std::string name = percent_decode(host);
    if (const std::string_view why = host_name_problem(name); !why.empty())
        return parse_error{0, std::string(why)};
    return name;
}

/** As Basic credentials have them (RFC 7617). */
std::string decoded_user_info(std::string_view user_info)
{
    std::string out = percent_decode(user_info);
    if (user_info.find(':') == std::string_view::npos) out += ':';
    return out;
}

/** What the grammar of RFC 3986 says of a URL. */
struct url_form {
    bool is_secure = false;
    bool is_ipv6 = false;
    /// Empty where there is none.
    url_part authority{};
};

/** A host as a URL has it: an IPv6 address stands in brackets. */
std::string bracketed(const std::string& host)
{
    return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

/** Letters, digits and what no part of a URL needs to encode (RFC 3986 section 2.3). */
bool is_unreserved(char c) noexcept { return detail::is_name_character(c) || c == '~'; }

/** Whether a URL is of a form in which nothing can be wrong but its host's name and its port: a
 * name, a port, a path and a query without a `%`. Nearly all are, and a run needs its URL three
 * times: the grammar itself takes ten times as long. */
std::optional<url_form> plain_form(std::string_view text)
{
    constexpr std::string_view http = "http://";
    constexpr std::string_view https = "https://";
    const bool is_secure = text.starts_with(https);
    if (!is_secure && !text.starts_with(http)) return std::nullopt;
    text.remove_prefix((is_secure ? https : http).size());
    const auto name_end = std::find_if_not(text.begin(), text.end(), is_unreserved);
    auto end = name_end;
    if (end != text.end() && *end == ':')
        end = std::find_if_not(end + 1, text.end(), [](char c) { return '0' <= c && c <= '9'; });
    if (end != text.end() && *end != '/') return std::nullopt;
    const bool is_plain = std::all_of(end, text.end(), [](char c) {
        return is_unreserved(c) || std::string_view("/?&=:@!$'()*+,;").find(c) != std::string::npos;
    });
    if (!is_plain) return std::nullopt;
    const auto begin = (is_secure ? https : http).size();
    const auto size = static_cast<std::size_t>(end - text.begin());
    return url_form{.is_secure = is_secure, .authority = {begin, begin + size}};
}

parse_result<url_form> check_form(std::string_view text)
{
    if (const auto plain = plain_form(text)) return *plain;
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
    return url_form{
        .is_secure = is_secure,
        .is_ipv6 = parsed->host_type() == urls::host_type::ipv6,
        .authority = parsed->has_authority() ? authority_part(text) : url_part{}};
}

} // namespace

parse_result<endpoint> parse_endpoint(std::string_view text)
{
    const auto form = check_form(text);
    if (!form) return form.error();
    // By hand: Boost.URL (1.81) ends an authority where it stops to understand it, and takes the
    // rest for the path. In `http://a:80:1/b` that path would be `:1/b`, in
    // `http://10.0.0.1.example/` it would be `.example/`.
    const url_part& where = form->authority;
    const auto pieces = split_authority(text.substr(where.begin, where.end - where.begin));
    if (pieces.user_info && pieces.user_info->find('@') != std::string_view::npos)
        return parse_error{where.begin, "an '@' in a user's name or password is written %40"};
    auto host = check_host(pieces.host, form->is_ipv6);
    if (!host) return host.error();
    const auto port = check_port(pieces.port, form->is_secure);
    if (!port) return port.error();

    endpoint out;
    out.scheme = form->is_secure ? "https" : "http";
    out.host = std::move(*host);
    out.port = *port;
    out.target = text.substr(where.end, std::min(text.find('#'), text.size()) - where.end);
    if (!out.target.starts_with('/')) out.target.insert(0, "/");
    if (pieces.user_info) out.user_info = decoded_user_info(*pieces.user_info);
    return out;
}

std::string endpoint::authority() const { return bracketed(host) + ":" + std::to_string(port); }

std::string endpoint::host_header() const
{
    return port == (is_secure() ? https_port : http_port) ? bracketed(host) : authority();
}

std::string endpoint::origin() const { return scheme + "://" + host_header(); }

std::optional<parse_error> endpoint_problem(std::string_view url)
{
    const auto parsed = parse_endpoint(url);
    return parsed ? std::nullopt : std::optional(parsed.error());
}

std::string_view host_name_problem(std::string_view name)
{
    // It may hold anything that was percent-encoded in the URL, also line ends.
    const bool has_strange = !std::all_of(
        name.begin(), name.end(), [](char c) { return detail::is_name_character(c) || c == '~'; });
    if (has_strange)
        return "a host's name holds only letters, digits, '-', '.', '_' and '~'; an international "
               "one is written in its xn-- form";
    // RFC 1035 section 3.1; a last dot is that of the root.
    if (name.empty() || name.starts_with('.') || name.find("..") != std::string_view::npos)
        return "a host's name has no empty part before a '.'";
    return {};
}

std::string shown_url(std::string_view url)
{
    if (const auto e = parse_endpoint(url))
        return e->origin() + e->target.substr(0, e->target.find('?'));
    // With placeholders it is no URL yet.
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

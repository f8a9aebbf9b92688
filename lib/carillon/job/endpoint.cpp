#include <carillon/detail/text.hpp>
#include <carillon/job/endpoint.hpp>

#include <boost/url/parse.hpp>
#include <boost/url/scheme.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <array>

namespace urls = boost::urls;

namespace carillon {
namespace {

constexpr std::uint16_t http_port = 80;

bool names_a_secret(std::string_view parameter)
{
    static constexpr std::array<std::string_view, 10> names{
        "token", "access_token", "api_key", "apikey", "api-key",
        "key",   "password",     "passwd",  "secret", "signature"};
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
        return detail::equals_ignoring_case(parameter, name);
    });
}

std::string decoded_user_info(const urls::url_view& url)
{
    if (!url.has_userinfo()) return {};
    return url.user() + (url.has_password() ? ":" + url.password() : ":");
}

std::string without_brackets(std::string host)
{
    return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
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

} // namespace

std::string endpoint::host_header() const
{
    std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
    if (port != http_port) out += ":" + std::to_string(port);
    return out;
}

std::string endpoint::origin() const { return scheme + "://" + host_header(); }

parse_result<endpoint> parse_endpoint(std::string_view text)
{
    const auto parsed = urls::parse_uri(text);
    if (!parsed) {
        const std::size_t bad = first_bad_character(text);
        if (bad != text.size())
            return parse_error{bad, "a URL cannot hold this character; write it percent-encoded"};
        return parse_error{0, "not an absolute URL such as http://host:port/path"};
    }

    const urls::url_view url = *parsed;
    if (url.scheme_id() == urls::scheme::https)
        return parse_error{
            0, "https is not supported yet; use http, through a local TLS proxy if need be"};
    if (url.scheme_id() != urls::scheme::http) return parse_error{0, "the scheme must be http"};
    if (url.encoded_host().empty()) return parse_error{0, "the URL has no host"};
    if (url.has_port() && !url.port().empty() && url.port_number() == 0)
        return parse_error{0, "the port must be from 1 to 65535"};

    endpoint out;
    out.scheme = "http";
    out.host = without_brackets(url.host());
    out.port = url.port_number() != 0 ? url.port_number() : http_port;
    out.target = std::string(url.encoded_path());
    if (out.target.empty()) out.target = "/";
    if (url.has_query()) out.target += "?" + std::string(url.encoded_query());
    out.user_info = decoded_user_info(url);
    return out;
}

std::string shown_url(std::string_view url)
{
    const auto e = parse_endpoint(url);
    return e ? e->origin() + e->target.substr(0, e->target.find('?')) : std::string();
}

void collect_url_secrets(std::string_view text, masker& secrets)
{
    const auto url = urls::parse_uri_reference(text);
    if (!url) return;
    if (url->has_password()) {
        secrets.add(url->password());
        secrets.add(std::string_view(url->encoded_password()));
        secrets.add(detail::base64(decoded_user_info(*url)));
    }
    for (const auto& parameter : url->encoded_params()) {
        if (!names_a_secret(std::string_view(parameter.key))) continue;
        secrets.add(std::string_view(parameter.value));
        secrets.add(parameter.value.decode());
    }
}

} // namespace carillon

#include <carillon/detail/text.hpp>
#include <carillon/job/proxy_rules.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <algorithm>
#include <charconv>

namespace asio = boost::asio;
namespace ip = boost::asio::ip;

namespace carillon {
namespace {

/** An address. An IPv4 address that is mapped into IPv6 (RFC 4291 section 2.5.5.2) becomes one of
 * IPv4. */
std::optional<ip::address> parse_address(std::string_view text)
{
    error_code ec;
    const ip::address a = ip::make_address(std::string(text), ec);
    if (ec) return std::nullopt;
    if (a.is_v6() && a.to_v6().is_v4_mapped()) return make_address_v4(ip::v4_mapped, a.to_v6());
    return a;
}

/** Whether `block`, such as `10.0.0.0/8`, holds the address. */
bool block_holds(std::string_view block, const ip::address& a)
{
    error_code ec;
    if (a.is_v4()) {
        const ip::network_v4 net = ip::make_network_v4(std::string(block), ec);
        return !ec && ip::network_v4(a.to_v4(), net.prefix_length()).canonical() == net.canonical();
    }
    const ip::network_v6 net = ip::make_network_v6(std::string(block), ec);
    return !ec && ip::network_v6(a.to_v6(), net.prefix_length()).canonical() == net.canonical();
}

std::string_view without_trailing_dot(std::string_view host)
{
    return host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
}

/** Whether a host is `domain` or below it; neither has a dot at its end. */
bool is_within(std::string_view host, std::string_view domain)
{
    if (host.size() < domain.size()) return false;
    const std::size_t above = host.size() - domain.size();
    return detail::equals_ignoring_case(host.substr(above), domain) &&
           (above == 0 || host[above - 1] == '.');
}

bool is_this_machine(std::string_view host, const std::optional<ip::address>& address)
{
    return address ? address->is_loopback() : is_within(host, "localhost");
}

/** One entry of `no_proxy`, taken apart. */
struct exception {
    /// Without brackets.
    std::string_view host;
    /// With its colon; empty for any.
    std::string_view port;
};

exception take_apart(std::string_view entry)
{
    if (entry.starts_with('[') && entry.find(']') != std::string_view::npos) {
        const std::size_t end = entry.find(']');
        return {entry.substr(1, end - 1), entry.substr(end + 1)};
    }
    const std::size_t colon = std::min(entry.find(':'), entry.size());
    // With more than one colon it is an IPv6 address.
    if (entry.rfind(':') != colon) return {entry, {}};
    return {entry.substr(0, colon), entry.substr(colon)};
}

bool port_matches(std::string_view port, std::uint16_t wanted)
{
    if (port.empty()) return true;
    std::uint16_t number = 0;
    const char* const last = port.data() + port.size();
    const auto [end, ec] = std::from_chars(port.data() + 1, last, number);
    return port.front() == ':' && ec == std::errc{} && end == last && number == wanted;
}

bool host_matches(
    std::string_view wanted, std::string_view host, const std::optional<ip::address>& address)
{
    if (wanted == "*") return true;
    if (address) return parse_address(wanted) == address || block_holds(wanted, *address);
    if (wanted.starts_with("*.")) wanted.remove_prefix(1);
    if (wanted.starts_with('.')) wanted.remove_prefix(1);
    wanted = without_trailing_dot(wanted);
    return !wanted.empty() && is_within(host, wanted);
}

/** Whether one of the entries of `none` names the endpoint. */
bool is_exempt(
    std::string_view none,
    std::string_view host,
    const std::optional<ip::address>& address,
    std::uint16_t port)
{
    static constexpr std::string_view separators = ", \t";
    for (std::size_t begin = none.find_first_not_of(separators); begin != std::string_view::npos;
         begin = none.find_first_not_of(separators, begin)) {
        const std::size_t end = std::min(none.find_first_of(separators, begin), none.size());
        const exception e = take_apart(none.substr(begin, end - begin));
        if (port_matches(e.port, port) && host_matches(e.host, host, address)) return true;
        begin = end;
    }
    return false;
}

/** A variable and its value. */
struct variable {
    const char* name;
    std::string value;
};

/** The first of some variables that is set and not empty. */
std::optional<variable>
first_set(const find_variable& find, std::initializer_list<const char*> names)
{
    for (const char* name : names)
        if (auto value = find(name); value && !value->empty())
            return variable{name, std::move(*value)};
    return std::nullopt;
}

/** Reads a proxy from a variable. Returns what is wrong with it, or nothing. */
std::optional<bad_variable>
read_proxy(const std::optional<variable>& from, std::optional<endpoint>& out)
{
    if (!from) return std::nullopt;
    auto proxy = parse_proxy(from->value);
    if (!proxy) return bad_variable{from->name, proxy.error().what};
    out = std::move(*proxy);
    return std::nullopt;
}

} // namespace

const endpoint* proxy_rules::find(const endpoint& target) const
{
    const std::optional<endpoint>& proxy = target.scheme == "https" ? https : http;
    if (!proxy) return nullptr;
    const std::string_view host = without_trailing_dot(target.host);
    const auto address = parse_address(host);
    if (is_this_machine(host, address) || is_exempt(none, host, address, target.port))
        return nullptr;
    return &*proxy;
}

boost::system::result<proxy_rules, bad_variable> proxies_of_environment(const find_variable& find)
{
    proxy_rules out;
    if (auto bad = read_proxy(first_set(find, {"http_proxy"}), out.http)) return std::move(*bad);
    if (auto bad = read_proxy(first_set(find, {"https_proxy", "HTTPS_PROXY"}), out.https))
        return std::move(*bad);
    if (auto none = first_set(find, {"no_proxy", "NO_PROXY"})) out.none = std::move(none->value);
    return out;
}

parse_result<endpoint> parse_proxy(std::string_view url)
{
    static constexpr std::string_view http_scheme = "http://";
    const std::size_t slashes = url.find("://");
    const bool has_scheme = slashes != std::string_view::npos;
    if (has_scheme && detail::equals_ignoring_case(url.substr(0, slashes), "https"))
        return parse_error{
            0, "a proxy is spoken to in plain HTTP: write http://; what is sent through it to an "
               "https URL is encrypted all the same"};
    if (has_scheme && !detail::equals_ignoring_case(url.substr(0, slashes), "http"))
        return parse_error{0, "a proxy must be an http one, such as http://host:port"};

    auto proxy =
        parse_endpoint(has_scheme ? std::string(url) : std::string(http_scheme).append(url));
    if (!proxy) {
        const std::size_t added = has_scheme ? 0 : http_scheme.size();
        const std::size_t offset = proxy.error().offset;
        return parse_error{offset > added ? offset - added : 0, proxy.error().what};
    }
    if (proxy->target != "/") return parse_error{0, "a proxy has no path: write http://host:port"};
    return std::move(*proxy);
}

void collect_proxy_secrets(std::string_view url, masker& secrets)
{
    const bool has_scheme = url.find("://") != std::string_view::npos;
    collect_url_secrets(has_scheme ? std::string(url) : "http://" + std::string(url), secrets);
}

} // namespace carillon

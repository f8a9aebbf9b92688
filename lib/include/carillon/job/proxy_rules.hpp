#pragma once

#include <carillon/error.hpp>
#include <carillon/job/endpoint.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/**
 * Which proxy serves which endpoint, as the environment's variables say.
 *
 * They are never used for the machine itself: `localhost` and what ends in `.localhost`,
 * 127.0.0.0/8 and ::1.
 */
struct proxy_rules {
    /// For `http` endpoints; none means no proxy.
    std::optional<endpoint> http{};
    /// For `https` endpoints.
    std::optional<endpoint> https{};
    /// What no proxy serves, separated by commas or blanks: `*`; a host, with all below it; an
    /// address; a block of addresses such as `10.0.0.0/8`; each may have a `:port`, too, an IPv6
    /// address then in brackets. A name is not looked up to be held against addresses.
    std::string none{};

    /** The proxy for an endpoint; null for none. */
    const endpoint* find(const endpoint& target) const;

    friend bool operator==(const proxy_rules&, const proxy_rules&) = default;
};

/** Looks a variable of the environment up; nothing if it is not set. */
using find_variable = std::function<std::optional<std::string>(const char* name)>;

/** A variable whose value cannot be used. */
struct bad_variable {
    const char* name = "";
    std::string what{};
};

/**
 * Reads `http_proxy`, `https_proxy` (or `HTTPS_PROXY`) and `no_proxy` (or `NO_PROXY`). An empty
 * value counts as none.
 *
 * `HTTP_PROXY` is not read: a CGI server sets it from a request's header `Proxy`
 * (CVE-2016-5385).
 */
boost::system::result<proxy_rules, bad_variable> proxies_of_environment(const find_variable& find);

/** Reads a proxy's address, `http://user:password@host:port`; `http://` may be left out, and so may
 * the port, which then is 80. The error says what is wrong and quotes nothing. */
parse_result<endpoint> parse_proxy(std::string_view url);

/** Adds to `secrets` what a proxy's address holds of them, see @ref collect_url_secrets. */
void collect_proxy_secrets(std::string_view url, masker& secrets);

} // namespace carillon

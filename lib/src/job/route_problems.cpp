#include "job/route_problems.hpp"

#include <carillon/detail/text.hpp>
#include <carillon/job/endpoint.hpp>
#include <carillon/job/header_name.hpp>
#include <carillon/job/job_templates.hpp>
#include <carillon/job/proxy_rules.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace carillon::detail {
namespace {

/// sockaddr_un's path with its last zero (unix(7)).
constexpr std::size_t longest_socket_path = 107;

constexpr int most_redirects = 20;

/** Whether a certificate can be for a host. None is for an address with a zone, which has a
 * meaning on one machine only. */
bool is_address(const std::string& name)
{
    error_code not_an_address;
    boost::asio::ip::make_address(name, not_an_address);
    return !not_an_address && name.find('%') == std::string::npos && !has_control(name);
}

/** Collects what is wrong. */
class route_inspector {
public:
    explicit route_inspector(const job& j) : job_(j) {}

    void inspect_route()
    {
        const route& r = *job_.route;
        if (r.tls.cert_file.empty() != r.tls.key_file.empty())
            add(r.tls.cert_file.empty() ? "tls.key_file" : "tls.cert_file",
                "a client's certificate needs both cert_file and key_file");
        if (!r.tls.server_name.empty() && !is_address(r.tls.server_name))
            if (const auto why = host_name_problem(r.tls.server_name); !why.empty())
                add("tls.server_name", std::string(why));
        if (!r.unix_socket.empty() && r.unix_socket.front() != '/')
            add("unix_socket", "must be an absolute path");
        if (r.unix_socket.size() > longest_socket_path)
            add("unix_socket", "a socket's path has at most 107 characters");
        if (!r.unix_socket.empty() && r.proxy && !r.proxy->empty())
            add("proxy", "no proxy serves a unix_socket");
        else if (r.proxy && !r.proxy->empty())
            if (const auto proxy = parse_proxy(r.proxy->reveal()); !proxy)
                add("proxy", proxy.error().what);
        if (r.redirects < 0 || r.redirects > most_redirects)
            add("redirects", "must be from 0 to 20");
    }

    void inspect(const bearer_auth& auth)
    {
        if (auth.token.empty()) add("auth.bearer", "is empty");
        if (has_control(auth.token.reveal()))
            add("auth.bearer", "a token cannot hold control characters");
        refuse_authorization("auth.bearer");
    }

    void inspect(const basic_auth& auth)
    {
        if (auth.user.find(':') != std::string::npos)
            add("auth.basic.user", "a user's name cannot hold a colon (RFC 7617)");
        if (has_control(auth.user)) add("auth.basic.user", "cannot hold control characters");
        refuse_authorization("auth.basic");
    }

    void inspect(const hmac_auth& auth)
    {
        if (auth.key.empty()) add("auth.hmac.key", "is empty");
        if (const auto why = header_name_problem(auth.header);
            !why.empty() && !equals_ignoring_case(auth.header, "Carillon-Signature"))
            add("auth.hmac.header", std::string(why));
        if (has_header(auth.header)) add("auth.hmac.header", "is among the job's headers already");
    }

    void inspect(std::monostate) {}

    std::vector<std::pair<std::string, std::string>> problems;

private:
    void add(std::string key, std::string what)
    {
        problems.emplace_back(std::move(key), std::move(what));
    }

    bool has_header(std::string_view name) const
    {
        return std::any_of(job_.headers->begin(), job_.headers->end(), [&](const header& h) {
            return equals_ignoring_case(h.name, name);
        });
    }

    void refuse_authorization(std::string key)
    {
        if (has_header("Authorization"))
            add(std::move(key), "the job has a header Authorization already");
    }

    const job& job_;
};

} // namespace

std::vector<std::pair<std::string, std::string>> find_route_problems(const job& j)
{
    route_inspector in(j);
    in.inspect_route();
    std::visit([&](const auto& auth) { in.inspect(auth); }, *j.auth);
    return std::move(in.problems);
}

std::string url_problem(std::string_view url)
{
    const std::size_t braces = url.find("{{");
    if (braces == std::string_view::npos) {
        const auto wrong = endpoint_problem(url);
        return wrong ? wrong->what : "";
    }
    // Connections, limits and secrets belong to an origin, which must be known.
    const std::size_t slashes = url.find("//");
    const std::size_t path =
        slashes == std::string_view::npos ? slashes : url.find_first_of("/?", slashes + 2);
    if (path == std::string_view::npos || braces < path)
        return "placeholders stand in the path or query of a url alone";
    const auto wrong = endpoint_problem(without_placeholders(url));
    return wrong ? wrong->what : "";
}

} // namespace carillon::detail

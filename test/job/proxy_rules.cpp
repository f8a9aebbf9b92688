#include "print.hpp"
#include <carillon/job/proxy_rules.hpp>

#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

using namespace carillon;

namespace proxies {

/** What `none` says, and whether this place is reached directly by it. */
struct exemption {
    std::string_view none, host;
    std::uint16_t port;
    bool is_exempt;
};

endpoint to(std::string_view scheme, std::string_view host, std::uint16_t port)
{
    return {
        .scheme = std::string(scheme), .host = std::string(host), .port = port, .user_info = {}};
}

struct two_proxies {
    endpoint proxy_1 = parse_proxy("http://proxy-1:3128").value();
    endpoint proxy_2 = parse_proxy("http://proxy-2:3128").value();

    void expect(const std::vector<exemption>& rows) const
    {
        for (const exemption& r : rows) {
            BOOST_TEST_CONTEXT(r.none << " and " << r.host << ":" << r.port)
            {
                const proxy_rules rules{.http = proxy_1, .none = std::string(r.none)};
                BOOST_TEST((rules.find(to("http", r.host, r.port)) == nullptr) == r.is_exempt);
            }
        }
    }
};

find_variable environment(std::map<std::string, std::string> set)
{
    return [set = std::move(set)](const char* name) -> std::optional<std::string> {
        const auto at = set.find(name);
        return at == set.end() ? std::nullopt : std::optional(at->second);
    };
}

} // namespace proxies

BOOST_FIXTURE_TEST_SUITE(proxies, two_proxies)

BOOST_AUTO_TEST_CASE(each_scheme_has_its_proxy)
{
    const proxy_rules both{.http = proxy_1, .https = proxy_2};
    BOOST_REQUIRE(both.find(to("http", "example.org", 80)) != nullptr);
    BOOST_TEST(*both.find(to("http", "example.org", 80)) == proxy_1);
    BOOST_TEST(*both.find(to("https", "example.org", 443)) == proxy_2);
    const proxy_rules one{.http = proxy_1};
    BOOST_TEST(one.find(to("https", "example.org", 443)) == nullptr);
    BOOST_TEST(proxy_rules{}.find(to("http", "example.org", 80)) == nullptr);
}

BOOST_AUTO_TEST_CASE(the_machine_itself_is_reached_directly)
{
    const proxy_rules rules{.http = proxy_1};
    for (const char* host :
         {"localhost", "LocalHost", "localhost.", "a.b.localhost", "127.0.0.1", "127.255.0.9",
          "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"})
        BOOST_TEST(rules.find(to("http", host, 80)) == nullptr, host);
    for (const char* host : {"notlocalhost", "localhost.example.org", "128.0.0.1", "::2"})
        BOOST_TEST(rules.find(to("http", host, 80)) != nullptr, host);
}

BOOST_AUTO_TEST_CASE(no_proxy_serves_hosts_and_what_is_below_them)
{
    expect({
        {"", "example.org", 80, false},
        {" , ,", "example.org", 80, false},
        {"*", "example.org", 80, true},
        {"*", "10.0.0.1", 80, true},
        {"example.org", "example.org", 80, true},
        {"example.org", "a.b.example.org", 80, true},
        {"example.org", "badexample.org", 80, false},
        {"example.org", "example.org.evil.net", 80, false},
        {"example.org", "org", 80, false},
        {".example.org", "example.org", 80, true},
        {".example.org", "a.example.org", 80, true},
        {".example.org", "badexample.org", 80, false},
        {"*.example.org", "a.example.org", 80, true},
        {"EXAMPLE.org", "a.Example.ORG", 80, true},
        {"example.org.", "example.org", 80, true},
        {"example.org", "a.example.org.", 80, true},
        {".", "example.org", 80, false},
        {"exam*.org", "example.org", 80, false},
        {"a.net,example.org", "example.org", 80, true},
        {"a.net , example.org\t", "example.org", 80, true},
        {" a.net example.org ", "example.org", 80, true},
        {"a.net,,b.net", "example.org", 80, false},
    });
}

BOOST_AUTO_TEST_CASE(no_proxy_serves_a_port_where_one_is_named)
{
    expect({
        {"example.org:8080", "a.example.org", 8080, true},
        {"example.org:8080", "example.org", 80, false},
        {"example.org:", "example.org", 80, false},
        {"example.org:80x", "example.org", 80, false},
        {"example.org:65616", "example.org", 80, false},
        {"*:8080", "example.org", 8080, true},
        {"*:8080", "example.org", 80, false},
        {"10.0.0.1:8080", "10.0.0.1", 8080, true},
        {"10.0.0.1:8080", "10.0.0.1", 80, false},
        {"10.0.0.0/8:8080", "10.9.9.9", 8080, true},
        {"10.0.0.0/8:8080", "10.9.9.9", 80, false},
        {"[fd00::1]:8080", "fd00::1", 8080, true},
        {"[fd00::1]:8080", "fd00::1", 80, false},
        {"[fd00::1]x", "fd00::1", 80, false},
        {"[fd00::1", "fd00::1", 80, false},
    });
}

BOOST_AUTO_TEST_CASE(no_proxy_serves_addresses_and_blocks_of_them)
{
    expect({
        {"10.0.0.1", "10.0.0.1", 80, true},
        {"10.0.0.1", "10.0.0.10", 80, false},
        {"0.0.1", "10.0.0.1", 80, false},
        {".1", "10.0.0.1", 80, false},
        {"10.0.0.1", "10.0.0.1.example.org", 80, false},
        {"fd00::1", "fd00::1", 80, true},
        {"[fd00::1]", "fd00::1", 80, true},
        {"FD00:0:0::0001", "fd00::1", 80, true},
        {"fd00::1", "fd00::2", 80, false},
        {"10.0.0.1", "::ffff:10.0.0.1", 80, true},
        {"10.0.0.0/8", "10.255.1.2", 80, true},
        {"10.0.0.0/8", "11.0.0.0", 80, false},
        {"10.1.2.3/8", "10.255.1.2", 80, true},
        {"192.168.1.128/25", "192.168.1.127", 80, false},
        {"192.168.1.128/25", "192.168.1.128", 80, true},
        {"10.0.0.1/32", "10.0.0.1", 80, true},
        {"10.0.0.1/32", "10.0.0.2", 80, false},
        {"0.0.0.0/0", "8.8.8.8", 80, true},
        {"0.0.0.0/0", "fd00::1", 80, false},
        {"0.0.0.0/0", "example.org", 80, false},
        {"10.0.0.0/33", "10.0.0.0", 80, false},
        {"10.0.0.0/", "10.0.0.0", 80, false},
        {"10.0.0.0/8x", "10.0.0.0", 80, false},
        {"fd00::/8", "fdff::1", 80, true},
        {"fd00::/8", "fe00::1", 80, false},
        {"[fd00::/8]:8080", "fdff::1", 8080, true},
        {"fd00::/65", "fd00:0:0:0:7fff::1", 80, true},
        {"fd00::/65", "fd00:0:0:0:8000::1", 80, false},
        {"::/0", "fd00::1", 80, true},
        {"fd00::/129", "fd00::", 80, false},
    });
}

BOOST_AUTO_TEST_CASE(the_address_of_a_proxy)
{
    struct row {
        std::string_view url, host;
        std::uint16_t port;
        std::string_view user_info;
    };
    const std::vector<row> rows{
        {"http://proxy:3128", "proxy", 3128, ""},
        {"http://proxy:3128/", "proxy", 3128, ""},
        {"HTTP://proxy", "proxy", 80, ""},
        {"proxy", "proxy", 80, ""},
        {"proxy:3128", "proxy", 3128, ""},
        {"10.0.0.1:3128", "10.0.0.1", 3128, ""},
        {"http://[fd00::1]:3128", "fd00::1", 3128, ""},
        {"[fd00::1]:3128", "fd00::1", 3128, ""},
        {"http://me:p%40ss@proxy:3128", "proxy", 3128, "me:p@ss"},
        {"me:pass@proxy:3128", "proxy", 3128, "me:pass"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.url)
        {
            const auto e = parse_proxy(r.url);
            BOOST_REQUIRE(e.has_value());
            BOOST_TEST(e->scheme == "http");
            BOOST_TEST(e->host == r.host);
            BOOST_TEST(e->port == r.port);
            BOOST_TEST(e->user_info.reveal() == r.user_info);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_address_of_a_proxy)
{
    struct row {
        std::string_view url;
        std::size_t offset;
        std::string_view what;
    };
    const std::vector<row> rows{
        {"", 0, "no host"},
        {"https://proxy:3128", 0, "spoken to in plain HTTP: write http://"},
        {"HTTPS://proxy:3128", 0, "spoken to in plain HTTP: write http://"},
        {"socks5://proxy:1080", 0, "a proxy must be an http one"},
        {"http://", 0, "no host"},
        {"http://proxy:3128/path", 0, "a proxy has no path"},
        {"proxy:3128/path", 0, "a proxy has no path"},
        {"http://proxy?x", 0, "a proxy has no path"},
        {"proxy:0", 0, "from 1 to 65535"},
        {"proxy:99999", 0, "from 1 to 65535"},
        {"pro xy:1", 3, "cannot hold this character"},
        {"http://pro xy:1", 10, "cannot hold this character"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.url)
        {
            const auto e = parse_proxy(r.url);
            BOOST_REQUIRE(!e.has_value());
            BOOST_TEST(e.error().offset == r.offset);
            BOOST_TEST(e.error().what.find(r.what) != std::string::npos, e.error().what);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_environment_says)
{
    const auto rules = proxies_of_environment(environment(
        {{"http_proxy", "proxy-1:3128"},
         {"https_proxy", "http://proxy-2:3128"},
         {"no_proxy", "example.org"}}));
    BOOST_REQUIRE(rules.has_value());
    BOOST_TEST(*rules == (proxy_rules{.http = proxy_1, .https = proxy_2, .none = "example.org"}));

    const auto capitals = proxies_of_environment(
        environment({{"HTTPS_PROXY", "http://proxy-2:3128"}, {"NO_PROXY", "a"}}));
    BOOST_REQUIRE(capitals.has_value());
    BOOST_TEST(*capitals == (proxy_rules{.https = proxy_2, .none = "a"}));

    const auto both = proxies_of_environment(environment(
        {{"https_proxy", "proxy-1:3128"},
         {"HTTPS_PROXY", "proxy-2:3128"},
         {"no_proxy", "a"},
         {"NO_PROXY", "b"}}));
    BOOST_REQUIRE(both.has_value());
    BOOST_TEST(*both == (proxy_rules{.https = proxy_1, .none = "a"}));
}

BOOST_AUTO_TEST_CASE(an_empty_variable_is_none)
{
    const auto rules = proxies_of_environment(
        environment({{"http_proxy", ""}, {"https_proxy", ""}, {"HTTPS_PROXY", "proxy-2:3128"}}));
    BOOST_REQUIRE(rules.has_value());
    BOOST_TEST(*rules == proxy_rules{.https = proxy_2});
}

BOOST_AUTO_TEST_CASE(what_a_request_can_set_is_not_read)
{
    const auto rules = proxies_of_environment(environment({{"HTTP_PROXY", "proxy-1:3128"}}));
    BOOST_REQUIRE(rules.has_value());
    BOOST_TEST(*rules == proxy_rules{});
}

BOOST_AUTO_TEST_CASE(a_variable_that_cannot_be_used_is_named_and_not_quoted)
{
    const auto rules = proxies_of_environment(
        environment({{"https_proxy", "socks5://me:password@proxy"}, {"HTTPS_PROXY", "proxy-2"}}));
    BOOST_REQUIRE(!rules.has_value());
    BOOST_TEST(std::string_view(rules.error().name) == "https_proxy");
    BOOST_TEST(rules.error().what.find("a proxy must be an http one") == 0U);
    BOOST_TEST(rules.error().what.find("password") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

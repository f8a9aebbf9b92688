#include "http/client_network.hpp"
#include "http/dead_ports.hpp"

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <netdb.h>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace client_names {

/** A client that is sent to hosts by their names. */
struct client_of_names : client_network {
    exchange get(const std::string& host, std::uint16_t port, const http::limits& lim = {})
    {
        return run(client, request_to(port, "GET", "", host), lim);
    }
};

const server_script answers{server_does::read_request{}, server_does::write{reply_of("found")}};

/** Every address of a name, in an order; the server has one of them. */
struct row {
    const char* name;
    std::vector<std::string> addresses;
    const char* listens;
};

const row rows[] = {
    {"the only one", {"127.0.0.1"}, "127.0.0.1"},
    {"the second of a family", {"127.0.0.2", "127.0.0.1"}, "127.0.0.1"},
    {"the last of many", {"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.1"}, "127.0.0.1"},
    {"IPv4 after IPv6", {"::1", "127.0.0.1"}, "127.0.0.1"},
    {"IPv6 after IPv4", {"127.0.0.1", "::1"}, "::1"},
    {"both families mixed", {"127.0.0.2", "::1", "127.0.0.1"}, "127.0.0.1"},
};

bool can_use(const row& r)
{
    return has_ipv6_loopback() ||
           std::find(r.addresses.begin(), r.addresses.end(), "::1") == r.addresses.end();
}

} // namespace client_names

BOOST_FIXTURE_TEST_SUITE(client_names, client_of_names)

BOOST_AUTO_TEST_CASE(tries_every_address)
{
    for (const row& r : rows) {
        if (!can_use(r)) continue;
        BOOST_TEST_CONTEXT(r.name)
        {
            names.answer("service.test", r.addresses);
            misbehaving_server server(ctx, {answers}, r.listens);
            const exchange e = get("service.test", server.port());
            client.close_idle();
            finish(server);
            BOOST_TEST(e.ec() == error_code{});
            BOOST_TEST(e.reply().body == "found");
            BOOST_TEST(
                server.requests().at(0).text.find("Host: service.test:") != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(knows_the_systems_localhost)
{
    misbehaving_server server(ctx, {answers});
    const exchange e = get("localhost", server.port());
    client.close_idle();
    finish(server);
    BOOST_TEST(e.ec() == error_code{});
    BOOST_TEST(names.asked() == 0U);
}

BOOST_AUTO_TEST_CASE(tells_of_the_last_address_where_none_answers)
{
    if (!has_ipv6_loopback()) return;
    const closed_port port(ctx);
    names.answer("two.test", {"::1", "127.0.0.1"});
    const exchange e = get("two.test", port.port());
    BOOST_TEST(e.ec() == error_code(asio::error::connection_refused));
    BOOST_TEST(e.reply().phase == phase::connect);
}

BOOST_AUTO_TEST_CASE(an_address_that_does_not_answer_leaves_time_for_the_next)
{
    // 127.0.0.1 drops what comes to the port at which 127.0.0.2 answers.
    const silent_port silent(ctx);
    misbehaving_server server(ctx, {answers}, "127.0.0.2", silent.port());
    names.answer("two.test", {"127.0.0.1", "127.0.0.2"});
    const exchange e = get("two.test", server.port(), {.connect_timeout = 4s});
    client.close_idle();
    finish(server);
    BOOST_TEST(e.ec() == error_code{});
    BOOST_TEST(e.reply().body == "found");
}

BOOST_AUTO_TEST_CASE(tells_of_names_without_addresses)
{
    const std::pair<int, error_code> codes[] = {
        {EAI_NONAME, asio::error::host_not_found},
        {EAI_AGAIN, asio::error::host_not_found_try_again},
        {EAI_NODATA, errc::no_address},
        {EAI_FAIL, asio::error::host_not_found},
        {EAI_MEMORY, make_error_code(boost::system::errc::not_enough_memory)},
    };
    for (const auto& [eai, expected] : codes) {
        names.fail("does-not-exist.invalid", eai);
        const exchange e = get("does-not-exist.invalid", 80);
        BOOST_TEST(e.ec() == expected);
        BOOST_TEST(e.reply().phase == phase::resolve);
    }
    names.answer("empty.test", {});
    BOOST_TEST(get("empty.test", 80).ec() == errc::no_address);
}

BOOST_AUTO_TEST_CASE(a_kept_connection_needs_no_name)
{
    names.answer("once.test", {"127.0.0.1"});
    server_script twice = answers;
    twice.insert(twice.end(), answers.begin(), answers.end());
    misbehaving_server server(ctx, {twice});
    BOOST_TEST(get("once.test", server.port()).ec() == error_code{});
    BOOST_TEST(get("once.test", server.port()).ec() == error_code{});
    BOOST_TEST(names.asked() == 1U);
    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_SUITE_END()

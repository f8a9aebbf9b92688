#include "http/client_network.hpp"
#include "http/dead_ports.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <vector>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace client_limits {

const server_does::read_request reads;

/** A client whose requests time out. */
struct hasty_client : client_network {
    void check(const exchange& e, phase at)
    {
        BOOST_TEST(e.ec() == errc::timed_out);
        BOOST_TEST(e.reply().phase == at);
    }
};

} // namespace client_limits

BOOST_FIXTURE_TEST_SUITE(client_limits, hasty_client)

BOOST_AUTO_TEST_CASE(the_timeout_ends_an_exchange_in_each_phase)
{
    struct row {
        const char* name;
        server_script script;
        std::size_t body_bytes;
        phase at;
        int status = 0;
    };
    const row rows[] = {
        {"a request that nobody reads", {server_does::hang{}}, 32 * 1024 * 1024, phase::send},
        {"silence", {reads}, 0, phase::first_byte},
        {"silence within the head",
         {reads, server_does::write{"HTTP/1.1 200 OK\r\n"}},
         0,
         phase::body},
        {"silence after an interim reply",
         {reads, server_does::write{"HTTP/1.1 102 Processing\r\n\r\n"}},
         0,
         phase::body},
        {"silence within the body",
         {reads, server_does::write{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe"}},
         0,
         phase::body,
         200},
        // Each byte comes soon, the last one never: the limit is for the whole exchange.
        {"a head that trickles",
         {reads, server_does::trickle{std::string(100'000, 'H')}},
         0,
         phase::body},
        {"a body that trickles",
         {reads, server_does::write{"HTTP/1.1 200 OK\r\n\r\n"},
          server_does::trickle{std::string(100'000, 'x')}},
         0,
         phase::body,
         200},
    };
    // All at a time, so that a limit that a busy machine keeps does not add up.
    std::deque<misbehaving_server> servers;
    std::vector<exchange> all;
    for (const row& r : rows) {
        const auto& server = servers.emplace_back(ctx, std::vector<server_script>{r.script});
        all.emplace_back(
            client, request_to(server.port(), "POST", std::string(r.body_bytes, 'x')),
            http::limits{.timeout = 1s});
    }
    run_until([&] { return std::ranges::all_of(all, &exchange::done); });
    for (misbehaving_server& server : servers) server.stop();
    finish();
    for (std::size_t i = 0; i < all.size(); ++i) {
        BOOST_TEST_CONTEXT(rows[i].name)
        {
            check(all[i], rows[i].at);
            BOOST_TEST(all[i].reply().status == rows[i].status);
            BOOST_TEST(servers[i].open() == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(connect_timeout_ends_a_connection_that_nobody_answers)
{
    const silent_port port(ctx);
    check(run(client, request_to(port.port()), {.connect_timeout = 100ms}), phase::connect);
    check(run(client, request_to(port.port()), {.timeout = 100ms}), phase::connect);
}

BOOST_AUTO_TEST_CASE(connect_timeout_ends_a_look_up_that_nobody_answers)
{
    names.hold("held.test");
    check(
        run(client, request_to(80, "GET", "", "held.test"), {.connect_timeout = 100ms}),
        phase::resolve);
}

BOOST_AUTO_TEST_CASE(connect_timeout_ends_with_the_connection)
{
    misbehaving_server server(
        ctx,
        {{reads, server_does::trickle{reply_of("a reply of more bytes than its time"), 20ms}}});
    const exchange e = run(client, request_to(server.port()), {.connect_timeout = 1s});
    client.close_idle();
    finish(server);
    BOOST_TEST(e.ec() == error_code{});
}

BOOST_AUTO_TEST_SUITE_END()

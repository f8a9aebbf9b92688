// What the tests of clients stand on, where it needs no TLS.

#include "http/bench_of_servers.hpp"
#include "print.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(servers_without_tls, bench_of_servers)

BOOST_AUTO_TEST_CASE(half_closes)
{
    const server_script script{
        server_does::write{"first"}, server_does::half_close{}, server_does::read_request{}};
    misbehaving_server server(ctx, {script});
    const meeting m = meet_plainly(at(server), guest_request);
    finish(server);
    BOOST_TEST(m.reply == "first");
    BOOST_TEST(server.requests().at(0).text == guest_request);
}

BOOST_AUTO_TEST_CASE(lets_go_of_pauses_when_it_stops)
{
    misbehaving_server server(ctx, {{server_does::read_request{}, server_does::pause{1h}}});
    const auto m = std::make_shared<meeting>();
    asio::co_spawn(ctx, visit_plainly(at(server), guest_request, m), asio::detached);
    run_until([&] { return server.steps_done() == 1; });
    finish(server);
    BOOST_TEST(m->is_over);
}

BOOST_AUTO_TEST_CASE(listens_on_a_unix_socket)
{
    const asio::local::stream_protocol::endpoint path(folder / "server.sock");
    const server_script script{
        server_does::read_request{}, server_does::write{"hello"}, server_does::close{}};
    misbehaving_server server(ctx, {script}, path);
    BOOST_TEST(server.port() == 0U);
    const meeting m = meet_plainly(path, guest_request);
    finish(server);
    BOOST_TEST(m.reply == "hello");
    BOOST_TEST(server.requests().at(0).text == guest_request);
}

BOOST_AUTO_TEST_SUITE_END()

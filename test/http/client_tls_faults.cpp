// What goes wrong with TLS and within it.

#include "http/tls_client.hpp"

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace client_tls_faults {

struct fault {
    const char* name;
    server_script script;
    error_code expected;
    phase at;
    std::string says{};
};

struct client_of_faulty_tls : tls_client {
    std::vector<fault> faults_of_handshakes() const
    {
        const tls_server tls = valid();
        const tls_server old_tls(
            {.identity = authority.issue({.dns_names = {"api.test"}}),
             .min_version = tls_version::v1_0,
             .max_version = tls_version::v1_1});
        return {
            {"HTTP without TLS",
             {server_does::pause{10ms}, server_does::write{reply_of("hi")}},
             errc::not_tls,
             phase::handshake},
            {"another protocol",
             {server_does::write{"220 mail.test ESMTP\r\n"}},
             errc::not_tls,
             phase::handshake},
            {"only old versions",
             {server_does::handshake{old_tls}},
             errc::tls_failed,
             phase::handshake},
            {"alert: handshake failure",
             {server_does::alert{40}},
             errc::tls_failed,
             phase::handshake,
             "handshake failure"},
            {"alert: protocol version",
             {server_does::alert{70}},
             errc::tls_failed,
             phase::handshake,
             "protocol version"},
            {"alert: unrecognized name",
             {server_does::alert{112}},
             errc::tls_failed,
             phase::handshake,
             "unrecognized name"},
            {"alert: access denied",
             {server_does::alert{49}},
             errc::tls_failed,
             phase::handshake,
             "access denied"},
            {"close before the handshake",
             {server_does::close{}},
             errc::closed_early,
             phase::handshake},
            {"close within the handshake",
             {server_does::half_handshake{tls, 300}, server_does::close{}},
             errc::closed_early,
             phase::handshake},
            {"reset within the handshake",
             {server_does::half_handshake{tls, 50}, server_does::reset{}},
             asio::error::connection_reset,
             phase::handshake},
            {"silence before the handshake",
             {server_does::hang{}},
             errc::timed_out,
             phase::handshake},
            {"silence within the handshake",
             {server_does::half_handshake{tls, 50}, server_does::hang{}},
             errc::timed_out,
             phase::handshake}};
    }

    std::vector<fault> faults_after_the_handshake() const
    {
        const tls_server tls = valid();
        const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
        return {
            {"silence after the handshake",
             {server_does::handshake{tls}, server_does::hang{}},
             errc::timed_out,
             phase::first_byte},
            {"close after the handshake",
             {server_does::handshake{tls}, server_does::close{}},
             errc::closed_early,
             phase::first_byte},
            {"an orderly close after the request",
             {server_does::handshake{tls}, reads, server_does::close_notify{},
              server_does::close{}},
             errc::closed_early,
             phase::first_byte},
            {"reset after the request",
             {server_does::handshake{tls}, reads, server_does::reset{}},
             asio::error::connection_reset,
             phase::first_byte},
            {"close within the body",
             {server_does::handshake{tls}, reads, server_does::write{head + "01234"},
              server_does::close{}},
             errc::closed_early,
             phase::body},
            {"a body that ends with the connection, cut off",
             {server_does::handshake{tls}, reads,
              server_does::write{"HTTP/1.1 200 OK\r\n\r\n01234"}, server_does::close{}},
             errc::closed_early,
             phase::body},
            {"no HTTP within TLS",
             {server_does::handshake{tls}, reads, server_does::write{"garbage\r\n\r\n"}},
             errc::malformed_reply,
             phase::body},
            {"a body over the bound",
             {server_does::handshake{tls}, reads, server_does::write{"HTTP/1.1 200 OK\r\n\r\n"},
              server_does::flood{"0123456789"}},
             errc::body_too_large,
             phase::body},
            {"a body that trickles",
             {server_does::handshake{tls}, reads, server_does::write{head},
              server_does::trickle{std::string(1000, 'x'), 300ms}},
             errc::timed_out,
             phase::body}};
    }

    void meet_each(const std::vector<fault>& faults)
    {
        for (const fault& f : faults) {
            BOOST_TEST_CONTEXT(f.name)
            {
                // What does not wait for the limit is not to meet it, however busy the machine is.
                const auto limit = f.expected == errc::timed_out ? 1s : 20s;
                const exchange e = meet(f.script, {}, {.timeout = limit, .max_body_bytes = 1000});
                BOOST_TEST(e.ec() == f.expected);
                BOOST_TEST(e.reply().phase == f.at);
                BOOST_TEST(contains_text(e, f.says), e.reply().detail);
                BOOST_TEST(open_descriptors() == open_before);
            }
        }
    }
};

} // namespace client_tls_faults

BOOST_FIXTURE_TEST_SUITE(client_tls_faults, client_of_faulty_tls)

BOOST_AUTO_TEST_CASE(gives_each_fault_its_code_and_phase)
{
    meet_each(faults_of_handshakes());
    meet_each(faults_after_the_handshake());
}

BOOST_AUTO_TEST_CASE(a_body_that_ends_with_an_orderly_close_is_whole)
{
    const exchange e = meet(
        {server_does::handshake{valid()}, reads, server_does::write{"HTTP/1.1 200 OK\r\n\r\nwhole"},
         server_does::close_notify{}, server_does::close{}});
    BOOST_TEST(e.ec() == error_code{});
    BOOST_TEST(e.reply().body == "whole");
}

BOOST_AUTO_TEST_CASE(is_cancelled_at_once_within_the_handshake)
{
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{50}}) {
        misbehaving_server server(
            ctx, {{server_does::half_handshake{valid(), bytes}, server_does::hang{}}});
        exchange e(client, secure_request(server.port()));
        run_until([&] { return server.steps_done() == 1; });
        ctx.poll();
        e.cancel();
        ctx.restart();
        ctx.poll();
        BOOST_TEST(e.done());
        BOOST_TEST(e.ec() == error_code(asio::error::operation_aborted));
        BOOST_TEST(e.reply().phase == phase::handshake);
        finish(server);
    }
}

BOOST_AUTO_TEST_SUITE_END()

#include "http/dead_ports.hpp"
#include "http/network.hpp"
#include "print.hpp"
#include <carillon/http/client.hpp>

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;

namespace client_faults {

constexpr std::size_t max_header_bytes = 2048;
constexpr std::size_t max_body_bytes = 1000;

/** What a server does, and what an exchange with it comes to. */
struct fault {
    const char* name;
    server_script script;
    error_code expected;
    phase at;
    int status = 0;
    std::string body{};
};

const server_does::read_request reads;
const error_code was_reset = asio::error::connection_reset;
const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";

/** A client that takes little of a reply, and opens no descriptor which it does not close. */
struct client_with_small_bounds : network {
    http::client client{ctx.get_executor(), {.max_header_bytes = max_header_bytes}};
    http::limits lim;
    std::size_t open_before = open_descriptors();

    client_with_small_bounds() { lim.max_body_bytes = max_body_bytes; }

    /** An exchange that fails must leave no connection behind, of which @ref finish makes sure. */
    exchange meet(server_script script)
    {
        misbehaving_server server(ctx, {std::move(script)});
        exchange e = run(client, request_to(server.port()), lim);
        if (!e.ec()) client.close_idle();
        finish(server);
        return e;
    }

    void meet_each(const std::vector<fault>& faults)
    {
        for (const fault& f : faults) {
            BOOST_TEST_CONTEXT(f.name)
            {
                const exchange e = meet(f.script);
                BOOST_TEST(e.ec() == f.expected);
                BOOST_TEST(e.reply().phase == f.at);
                BOOST_TEST(e.reply().status == f.status);
                if (e.ec() == errc::malformed_reply) BOOST_TEST(!e.reply().detail.empty());
                if (!f.body.empty()) BOOST_TEST(e.reply().body == f.body);
            }
        }
    }

    void teardown()
    {
        network::teardown();
        BOOST_TEST(open_descriptors() == open_before);
    }
};

server_script after_request(std::string text, server_step last = server_does::close{})
{
    return {server_does::read_request{}, server_does::write{std::move(text)}, std::move(last)};
}

std::string chunked(std::size_t bytes)
{
    std::string out = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t i = 0; i < bytes; i += 10) out += "a\r\n0123456789\r\n";
    return out + "0\r\n\r\n";
}

} // namespace client_faults

BOOST_FIXTURE_TEST_SUITE(client_faults, client_with_small_bounds)

BOOST_AUTO_TEST_CASE(an_end_has_its_code_and_phase)
{
    meet_each({
        {"close before the reply",
         {reads, server_does::close{}},
         errc::closed_early,
         phase::first_byte},
        {"reset before the reply", {reads, server_does::reset{}}, was_reset, phase::first_byte},
        {"reset with the request unread",
         {server_does::read_head{}, server_does::reset{}},
         was_reset,
         phase::first_byte},
        {"the sending half closed before the reply",
         {reads, server_does::half_close{}},
         errc::closed_early,
         phase::first_byte},
        {"the sending half closed within the body",
         {reads, server_does::write{head + "01234"}, server_does::half_close{}},
         errc::closed_early,
         phase::body,
         200,
         "01234"},
        {"close in the status line", after_request("HTTP/1.1 2"), errc::closed_early, phase::body},
        {"close in the head", after_request("HTTP/1.1 200 OK\r\nX-A: b\r\n"), errc::closed_early,
         phase::body},
        {"reset in the head", after_request("HTTP/1.1 200 OK\r\nX-A: b\r\n", server_does::reset{}),
         was_reset, phase::body},
        {"close after an interim reply", after_request("HTTP/1.1 100 Continue\r\n\r\n"),
         errc::closed_early, phase::body},
        {"close before the body", after_request(head), errc::closed_early, phase::body, 200},
        {"close in the body", after_request(head + "01234"), errc::closed_early, phase::body, 200,
         "01234"},
        {"reset in the body", after_request(head + "01234", server_does::reset{}), was_reset,
         phase::body, 200, "01234"},
        {"close between chunks",
         after_request("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"),
         errc::closed_early, phase::body, 200, "hi"},
        {"close before the last line of chunks",
         after_request("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"),
         errc::closed_early, phase::body, 200, "hi"},
    });
}

BOOST_AUTO_TEST_CASE(what_is_no_http_has_its_code_and_phase)
{
    meet_each({
        {"another protocol", after_request("SSH-2.0-OpenSSH_9.2\r\n"), errc::malformed_reply,
         phase::body},
        {"a TLS alert", after_request("\x15\x03\x01\x02\x02\x0a\r\n"), errc::malformed_reply,
         phase::body},
        {"an unknown version", after_request("HTTP/2.0 200 OK\r\n\r\n"), errc::malformed_reply,
         phase::body},
        {"a status that is no number", after_request("HTTP/1.1 abc OK\r\n\r\n"),
         errc::malformed_reply, phase::body},
        {"a status of two digits", after_request("HTTP/1.1 20 OK\r\n\r\n"), errc::malformed_reply,
         phase::body},
        {"a field without a colon", after_request("HTTP/1.1 200 OK\r\nX A\r\n\r\n"),
         errc::malformed_reply, phase::body},
        {"a bad length", after_request("HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n"),
         errc::malformed_reply, phase::body},
        {"two lengths that differ",
         after_request("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12"),
         errc::malformed_reply, phase::body},
        {"a bad chunk size",
         after_request("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n"),
         errc::malformed_reply, phase::body, 200},
        {"endless interim replies",
         {reads, server_does::flood{"HTTP/1.1 100 Continue\r\n\r\n"}},
         errc::malformed_reply,
         phase::body},
    });
}

BOOST_AUTO_TEST_CASE(what_exceeds_a_bound_has_its_code_and_phase)
{
    const std::string many_fields = [] {
        std::string out = "HTTP/1.1 200 OK\r\n";
        for (int i = 0; i < 300; ++i) out += "X-Field: 0123456789\r\n";
        return out + "Content-Length: 0\r\n\r\n";
    }();
    meet_each({
        {"a long field",
         after_request(
             "HTTP/1.1 200 OK\r\nX-Long: " + std::string(max_header_bytes, 'x') + "\r\n\r\n"),
         errc::header_too_large, phase::body},
        {"many fields", after_request(many_fields), errc::header_too_large, phase::body},
        {"a status line without end",
         {reads, server_does::write{"HTTP/1.1 200 "}, server_does::flood{"xxxxxxxxxx"}},
         errc::header_too_large,
         phase::body},
        {"a field without end",
         {reads, server_does::write{"HTTP/1.1 200 OK\r\nX: "}, server_does::flood{"xxxxxxxxxx"}},
         errc::header_too_large,
         phase::body},
        {"fields without end",
         {reads, server_does::write{"HTTP/1.1 200 OK\r\n"}, server_does::flood{"X-A: b\r\n"}},
         errc::header_too_large,
         phase::body},
        {"a length over the bound",
         after_request("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"), errc::body_too_large,
         phase::body, 200},
        {"a length over what a number holds",
         after_request("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
         errc::malformed_reply, phase::body},
        {"chunks over the bound", after_request(chunked(1010)), errc::body_too_large, phase::body,
         200, std::string()},
        {"chunks without end",
         {reads, server_does::write{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
          server_does::flood{"a\r\n0123456789\r\n"}},
         errc::body_too_large,
         phase::body,
         200},
        {"a body without end",
         {reads, server_does::write{"HTTP/1.1 200 OK\r\n\r\n"}, server_does::flood{"0123456789"}},
         errc::body_too_large,
         phase::body,
         200},
    });
}

BOOST_AUTO_TEST_CASE(bears_an_end_at_each_byte_of_a_reply)
{
    const std::string chunked_reply =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nhi\r\n0\r\nX: 1\r\n\r\n";
    const std::string plain = "HTTP/1.1 100 Continue\r\n\r\n" + reply_of("hello");
    for (const std::string& text : {plain, chunked_reply}) {
        for (std::size_t size = 0; size < text.size(); ++size) {
            BOOST_TEST_CONTEXT(text.substr(0, size))
            {
                const exchange closed = meet(after_request(text.substr(0, size)));
                BOOST_TEST(closed.ec() == errc::closed_early);
                const exchange reset =
                    meet(after_request(text.substr(0, size), server_does::reset{}));
                BOOST_TEST(reset.ec() == error_code(asio::error::connection_reset));
                const phase at = size == 0 ? phase::first_byte : phase::body;
                BOOST_TEST(closed.reply().phase == at);
                BOOST_TEST(reset.reply().phase == at);
                BOOST_TEST(open_descriptors() == open_before);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(keeps_nothing_of_what_comes_behind_a_reply)
{
    for (const std::string junk : {"x", "HTTP/1.1 200 OK\r\n\r\n", "\r\n"}) {
        const exchange e = meet(after_request(reply_of("hi") + junk, server_does::hang{}));
        BOOST_TEST(e.ec() == error_code{});
        BOOST_TEST(e.reply().body == "hi");
    }
}

BOOST_AUTO_TEST_CASE(takes_bodies_up_to_the_bound)
{
    const std::string body(max_body_bytes, 'x');
    for (const std::string& text :
         {reply_of(body), chunked(max_body_bytes), "HTTP/1.1 200 OK\r\n\r\n" + body}) {
        const exchange e = meet(after_request(text));
        BOOST_TEST(e.ec() == error_code{});
        BOOST_TEST(e.reply().body.size() == max_body_bytes);
    }
}

BOOST_AUTO_TEST_CASE(tells_of_a_refused_connection)
{
    const closed_port port(ctx);
    open_before = open_descriptors() - 1;
    const exchange e = run(client, request_to(port.port()), lim);
    BOOST_TEST(e.ec() == error_code(asio::error::connection_refused));
    BOOST_TEST(e.reply().phase == phase::connect);
}

BOOST_AUTO_TEST_CASE(bears_a_connection_that_is_closed_as_soon_as_it_is_accepted)
{
    // Whether the request still meets an open connection is a race, so the code may be one of
    // several.
    const exchange closed = meet({server_does::close{}});
    BOOST_TEST(outcome_of(closed.ec()) == outcome::unreachable, closed.ec());
    const exchange reset = meet({server_does::reset{}});
    BOOST_TEST(outcome_of(reset.ec()) == outcome::unreachable, reset.ec());
}

BOOST_AUTO_TEST_CASE(tells_of_a_connection_that_breaks_while_a_large_request_is_sent)
{
    misbehaving_server server(ctx, {{server_does::read_head{}, server_does::reset{}}});
    const exchange e =
        run(client, request_to(server.port(), "POST", std::string(32 * 1024 * 1024, 'x')), lim);
    finish(server);
    BOOST_TEST(outcome_of(e.ec()) == outcome::unreachable, e.ec());
    BOOST_TEST(e.reply().status == 0);
}

BOOST_AUTO_TEST_SUITE_END()

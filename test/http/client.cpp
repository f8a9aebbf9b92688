#include "http/client_network.hpp"
#include "http/dead_ports.hpp"
#include "print.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;

namespace clients {

/** A client, and what a server reads of its requests. */
struct client_on_the_wire : client_network {
    /** Sends to a server that reads the request and writes this. */
    exchange meet(server_script script, std::string method = "GET")
    {
        misbehaving_server server(ctx, {std::move(script)});
        exchange e = run(client, request_to(server.port(), std::move(method)));
        client.close_idle();
        finish(server);
        return e;
    }

    /** What a server reads of a request to it. */
    std::string on_the_wire(http::request req, const char* address = "127.0.0.1")
    {
        misbehaving_server server(
            ctx, {{server_does::read_request{}, server_does::write{reply_of("")}}}, address);
        req.target.host = address;
        req.target.port = server.port();
        const exchange e = run(client, std::move(req));
        client.close_idle();
        finish(server);
        BOOST_TEST(e.ec() == error_code{});
        BOOST_REQUIRE_EQUAL(server.requests().size(), 1U);

        std::string text = server.requests()[0].text;
        const std::string port = ":" + std::to_string(server.port());
        if (const auto at = text.find(port); at != std::string::npos)
            text.replace(at, port.size(), ":port");
        return text;
    }
};

} // namespace clients

BOOST_FIXTURE_TEST_SUITE(clients, client_on_the_wire)

BOOST_AUTO_TEST_CASE(reads_replies_of_every_framing)
{
    struct row {
        const char* name;
        std::string text;
        int status;
        std::string reason;
        std::string body;
        const char* method = "GET";
        bool then_close = false;
    };
    // RFC 9112 section 6.3 numbers the ways a body's length is known.
    const row rows[] = {
        {"Content-Length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "OK", "hello"},
        {"empty body", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "OK", ""},
        {"chunked",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
         200, "OK", "hello"},
        {"chunk extension and trailer",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=1\r\nhello\r\n0\r\nX-Sum: "
         "1\r\n\r\n",
         200, "OK", "hello"},
        {"until the close", "HTTP/1.1 200 OK\r\n\r\nhello", 200, "OK", "hello", "GET", true},
        {"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhello", 200, "OK", "hello", "GET", true},
        {"204 has no body", "HTTP/1.1 204 No Content\r\n\r\n", 204, "No Content", ""},
        {"204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204,
         "No Content", ""},
        {"304 has no body", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304,
         "Not Modified", ""},
        {"HEAD has no body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "OK", "", "HEAD"},
        {"HEAD of a body over the bound", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
         200, "OK", "", "HEAD"},
        {"HEAD of a chunked body", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200,
         "OK", "", "HEAD"},
        {"an error is a reply too", "HTTP/1.1 500 Oh no\r\nContent-Length: 2\r\n\r\n:(", 500,
         "Oh no", ":("},
        {"no reason phrase", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", 200, "OK", ""},
        {"unknown status", "HTTP/1.1 799 Odd\r\nContent-Length: 0\r\n\r\n", 799, "Odd", ""},
        {"one interim reply",
         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200,
         "OK", "hello"},
        {"interim replies with fields",
         "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 "
         "200 OK\r\nContent-Length: 2\r\n\r\nhi",
         200, "OK", "hi"},
        {"interim replies and HEAD",
         "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "OK", "",
         "HEAD"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.name)
        {
            server_script script{server_does::read_request{}, server_does::write{r.text}};
            if (r.then_close) script.push_back(server_does::close{});
            const exchange e = meet(std::move(script), r.method);
            BOOST_TEST(e.ec() == error_code{});
            BOOST_TEST(e.reply().status == r.status);
            BOOST_TEST(e.reply().reason_phrase == r.reason);
            BOOST_TEST(e.reply().body == r.body);
            BOOST_TEST(e.reply().phase == phase::body);
        }
    }
}

BOOST_AUTO_TEST_CASE(reads_a_reply_that_comes_byte_by_byte)
{
    const exchange e = meet(
        {server_does::read_request{},
         server_does::trickle{
             "HTTP/1.1 100 Continue\r\n\r\n" + reply_of("slow"), std::chrono::milliseconds{1}}});
    BOOST_TEST(e.ec() == error_code{});
    BOOST_TEST(e.reply().status == 200);
    BOOST_TEST(e.reply().body == "slow");
}

BOOST_AUTO_TEST_CASE(gives_every_field_and_finds_them_in_any_case)
{
    const exchange e = meet(
        {server_does::read_request{},
         server_does::write{"HTTP/1.1 200 OK\r\nX-One: 1\r\nRetry-After:  7 \r\nX-One: "
                            "2\r\nContent-Length: 0\r\n\r\n"}});
    BOOST_REQUIRE_EQUAL(e.ec(), error_code{});
    const auto& fields = e.reply().fields;
    BOOST_REQUIRE_EQUAL(fields.size(), 4U);
    BOOST_TEST(fields[0].name == "X-One");
    BOOST_TEST(fields[1].value == "2"); // fields of one name stand together
    BOOST_TEST(fields[2].value == "7");
    BOOST_TEST(*e.reply().find("retry-after") == "7");
    BOOST_TEST(*e.reply().find("x-one") == "1");
    BOOST_TEST(e.reply().find("absent") == nullptr);
}

BOOST_AUTO_TEST_CASE(writes_the_request_as_it_is)
{
    http::request req = request_to(0, "POST", R"({"a":1})");
    req.target.target = "/jobs/run?x=%20&y";
    req.fields = {{"Content-Type", "application/json"}, {"X-Key", "a"}, {"X-Key", "b"}};
    BOOST_TEST(
        on_the_wire(std::move(req)) ==
        "POST /jobs/run?x=%20&y HTTP/1.1\r\nHost: 127.0.0.1:port\r\nContent-Type: "
        "application/json\r\n"
        "X-Key: a\r\nX-Key: b\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
}

BOOST_AUTO_TEST_CASE(tells_the_length_of_an_empty_body_where_one_is_expected)
{
    // RFC 9110 section 8.6
    BOOST_TEST(
        on_the_wire(request_to(0, "POST")) ==
        "POST / HTTP/1.1\r\nHost: 127.0.0.1:port\r\nContent-Length: 0\r\n\r\n");
    BOOST_TEST(
        on_the_wire(request_to(0, "PUT")) ==
        "PUT / HTTP/1.1\r\nHost: 127.0.0.1:port\r\nContent-Length: 0\r\n\r\n");
    BOOST_TEST(
        on_the_wire(request_to(0, "GET")) == "GET / HTTP/1.1\r\nHost: 127.0.0.1:port\r\n\r\n");
    BOOST_TEST(
        on_the_wire(request_to(0, "HEAD")) == "HEAD / HTTP/1.1\r\nHost: 127.0.0.1:port\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(sends_methods_that_it_does_not_know)
{
    BOOST_TEST(
        on_the_wire(request_to(0, "FROBNICATE", "x")) ==
        "FROBNICATE / HTTP/1.1\r\nHost: 127.0.0.1:port\r\nContent-Length: 1\r\n\r\nx");
}

BOOST_AUTO_TEST_CASE(names_an_ipv6_host_in_brackets)
{
    if (!has_ipv6_loopback()) return;
    BOOST_TEST(
        on_the_wire(request_to(0, "GET"), "::1") == "GET / HTTP/1.1\r\nHost: [::1]:port\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(sends_and_reads_large_bodies)
{
    const std::string sent(4 * 1024 * 1024, 's');
    const std::string got(3 * 1024 * 1024, 'g');
    misbehaving_server server(
        ctx, {{server_does::read_request{}, server_does::write{reply_of(got)}}});
    http::limits lim;
    lim.max_body_bytes = got.size();
    const exchange e = run(client, request_to(server.port(), "POST", sent), lim);
    client.close_idle();
    finish(server);
    BOOST_TEST(e.ec() == error_code{});
    BOOST_TEST(e.reply().body == got);
    BOOST_REQUIRE_EQUAL(server.requests().size(), 1U);
    BOOST_TEST(server.requests()[0].text.ends_with(sent));
}

BOOST_AUTO_TEST_CASE(takes_a_reply_that_comes_before_the_whole_request_was_read)
{
    // RFC 9112 section 9.3: a server may answer early, and then close.
    misbehaving_server server(
        ctx, {{server_does::read_head{},
               server_does::write{"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"},
               server_does::close{}}});
    const exchange e =
        run(client, request_to(server.port(), "POST", std::string(32 * 1024 * 1024, 'x')));
    finish(server);
    BOOST_TEST(e.ec() == error_code{});
    BOOST_TEST(e.reply().status == 413);
    BOOST_TEST(e.reply().body == "no");
}

BOOST_AUTO_TEST_CASE(completes_on_the_handlers_executor)
{
    asio::io_context other;
    misbehaving_server server(
        ctx, {{server_does::read_request{}, server_does::write{reply_of("")}}});
    std::optional<error_code> done;
    auto handler = [&](error_code ec, const http::response&) {
        BOOST_TEST(other.get_executor().running_in_this_thread());
        BOOST_TEST(!ctx.get_executor().running_in_this_thread());
        done = ec;
    };
    client.async_send(
        request_to(server.port()), {},
        asio::bind_executor(other.get_executor(), std::move(handler)));

    // Its work is counted on both: the other context does not run out before the end.
    other.poll();
    BOOST_TEST(!other.stopped());
    BOOST_TEST(!done.has_value());
    // The reply is read here and handed over there; no poll within a handler of this context.
    for (int i = 0; i < 20'000 && !done; ++i) {
        ctx.run_one_for(std::chrono::milliseconds{1});
        other.poll();
    }
    BOOST_REQUIRE(done.has_value());
    BOOST_TEST(*done == error_code{});
    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_SUITE_END()

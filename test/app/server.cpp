#include "server/server.hpp"

#include "app/server_fixture.hpp"
#include <carillon/http/client.hpp>
#include <carillon/job/endpoint.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::app;
using namespace carillon::app::test;

BOOST_FIXTURE_TEST_SUITE(server_suite, server_fixture)

BOOST_AUTO_TEST_CASE(a_request_is_answered)
{
    start();
    const std::string reply =
        reply_to("POST /a?b=c HTTP/1.1\r\nHost: test\r\nX-NAME: n\r\nConnection: close\r\n"
                 "Content-Length: 4\r\n\r\nbody");
    BOOST_TEST(reply.starts_with("HTTP/1.1 200 OK\r\n"));
    BOOST_TEST(has(reply, "\r\nContent-Type: text/plain\r\n"));
    BOOST_TEST(has(reply, "\r\nContent-Length: 17\r\n"));
    BOOST_TEST(has(reply, "\r\nX-Extra: yes\r\n"));
    BOOST_TEST(has(reply, "\r\nConnection: close\r\n"));
    BOOST_TEST(has(reply, " GMT\r\n"));
    BOOST_TEST(reply.ends_with("\r\n\r\nPOST /a?b=c bodyn"));
    BOOST_TEST(*outcome == error_code());
}

BOOST_AUTO_TEST_CASE(the_library_s_client_keeps_its_connection)
{
    start({.max_connections = 1});
    http::client client(ctx.get_executor());
    const http::limits limits;
    auto body = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            http::request req{
                .method = "PUT",
                .target =
                    parse_endpoint("http://127.0.0.1:" + std::to_string(at.port()) + "/x").value(),
                .fields = {},
                .body = std::to_string(i)};
            auto [ec, res] = co_await client.async_send(std::move(req), limits, use_tuple);
            BOOST_TEST(!ec);
            BOOST_TEST(res.status == 200);
            BOOST_TEST(res.body == "PUT /x " + std::to_string(i));
        }
        client.close_idle();
    };
    run(body());
}

BOOST_AUTO_TEST_CASE(requests_sent_at_once_are_answered_in_order)
{
    start();
    const std::string reply = reply_to(get("/slow") + get("/b") + get_and_close("/c"));
    BOOST_TEST(count(reply, "HTTP/1.1 200 OK") == 3U);
    BOOST_TEST(reply.find("GET /slow") < reply.find("GET /b"));
    BOOST_TEST(reply.find("GET /b") < reply.find("GET /c"));
}

BOOST_AUTO_TEST_CASE(http_1_0_is_closed_after_the_reply)
{
    start();
    const std::string reply = reply_to("GET /old HTTP/1.0\r\n\r\n");
    BOOST_TEST(reply.starts_with("HTTP/1.0 200 OK\r\n"));
    BOOST_TEST(reply.ends_with("GET /old "));
}

BOOST_AUTO_TEST_CASE(a_chunked_body_is_put_together)
{
    start();
    const std::string reply = reply_to(
        "POST /c HTTP/1.1\r\nHost: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
    BOOST_TEST(reply.ends_with("POST /c abcde"));
}

BOOST_AUTO_TEST_CASE(head_and_no_content_have_no_body)
{
    start();
    const std::string reply = reply_to(
        "HEAD /h HTTP/1.1\r\nHost: test\r\n\r\n" + get("/nothing") + get_and_close("/last"));
    BOOST_TEST(has(reply, "Content-Length: 8\r\n")); // "HEAD /h "
    BOOST_TEST(!has(reply, "HEAD /h"));
    BOOST_TEST(has(reply, "HTTP/1.1 204 No Content\r\n"));
    BOOST_TEST(reply.ends_with("GET /last "));
}

BOOST_AUTO_TEST_CASE(a_client_that_asks_is_told_to_go_on)
{
    start();
    auto body = [&]() -> asio::awaitable<void> {
        raw_client c = client();
        co_await c.connect();
        co_await c.send("POST /e HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\n"
                        "Connection: close\r\nContent-Length: 4\r\n\r\n");
        const std::string interim = co_await c.read_until("\r\n\r\n");
        BOOST_TEST(interim == "HTTP/1.1 100 Continue\r\n\r\n");
        co_await c.send("body");
        const std::string reply = co_await c.read_all();
        BOOST_TEST(reply.ends_with("POST /e body"));
    };
    run(body());
}

BOOST_AUTO_TEST_CASE(an_exception_is_a_500_that_tells_nothing)
{
    start();
    const std::string reply = reply_to(get("/throw") + get_and_close("/next"));
    BOOST_TEST(reply.starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
    BOOST_TEST(!has(reply, "private"));
    BOOST_TEST(reply.ends_with("GET /next "));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_taken_is_refused)
{
    struct row {
        const char* name;
        std::string sent;
        const char* status;
    };
    const row rows[] = {
        {"no HTTP", "hello, is anybody there?\r\n\r\n", "400 Bad Request"},
        {"a later version", "GET / HTTP/2.0\r\nHost: test\r\n\r\n", "400 Bad Request"},
        {"no host", "GET / HTTP/1.1\r\n\r\n", "400 Bad Request"},
        {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 Bad Request"},
        {"a space before the colon", get("/", "X-Name : n\r\n"), "400 Bad Request"},
        {"two lengths", get("/", "Content-Length: 1\r\nContent-Length: 2\r\n"), "400 Bad Request"},
        {"a length and chunks", get("/", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
         "400 Bad Request"},
        {"an unknown coding", get("/", "Transfer-Encoding: gzip\r\n"), "400 Bad Request"},
        {"a chunk without a size", get("/", "Transfer-Encoding: chunked\r\n") + "xyz\r\n",
         "400 Bad Request"},
        {"a large header", get("/", "X-Name: " + std::string(2000, 'n') + "\r\n"),
         "431 Request Header Fields Too Large"},
        {"a long target", get("/" + std::string(2000, 't')), "431 Request Header Fields Too Large"},
        {"a header without an end", "GET / HTTP/1.1\r\n" + std::string(400'000, 'n'),
         "431 Request Header Fields Too Large"},
        {"a large body", get("/", "Content-Length: 101\r\n") + std::string(101, 'b'),
         "413 Payload Too Large"},
        {"a large chunk",
         get("/", "Transfer-Encoding: chunked\r\n") + "ffff\r\n" + std::string(0xffff, 'b'),
         "413 Payload Too Large"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.name)
        {
            server_fixture f;
            f.start({.max_header_bytes = 1000, .max_body_bytes = 100});
            const std::string reply = f.reply_to(r.sent);
            BOOST_TEST(reply.starts_with(std::string("HTTP/1.1 ") + r.status + "\r\n"), reply);
            BOOST_TEST(has(reply, "\r\nConnection: close\r\n"));
            BOOST_TEST(count(reply, "HTTP/1.1 ") == 1U);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_just_fits_is_taken)
{
    start({.max_header_bytes = 1000, .max_body_bytes = 100});
    const std::string reply = reply_to(
        get("/", "Connection: close\r\nX-Name: " + std::string(900, 'n') +
                     "\r\nContent-Length: 100\r\n") +
        std::string(100, 'b'));
    BOOST_TEST(reply.starts_with("HTTP/1.1 200 OK\r\n"));
}

BOOST_AUTO_TEST_SUITE_END()

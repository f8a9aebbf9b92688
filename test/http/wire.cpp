#include "http/pieces.hpp"
#include "print.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

using namespace carillon;
using http::detail::reply_reader;

namespace wire {

struct outcome_of_reading {
    error_code ec;
    bool may_keep = false;
    http::response reply;
};

outcome_of_reading read(std::string_view bytes, std::size_t piece)
{
    reply_reader reader(reply_reader::reply_to::other, {.max_header_bytes = 500, .max_fields = 5});
    outcome_of_reading out;
    out.ec = test::read_in_pieces(reader, bytes, piece);
    out.may_keep = reader.may_keep();
    reader.take(out.reply);
    return out;
}

} // namespace wire

BOOST_AUTO_TEST_SUITE(wire)

BOOST_AUTO_TEST_CASE(makes_the_same_reply_however_its_bytes_are_cut)
{
    const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::pair<std::string, std::string> rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
        {chunked + "0\r\n\r\n", ""},
        {chunked + "5\r\nhello\r\n0\r\n\r\n", "hello"},
        {chunked + "5;x=1\r\nhello\r\n00\r\nX-Sum: 1\r\n\r\n", "hello"},
        {"HTTP/1.1 100 Continue\r\n\r\n" + chunked + "1\r\nh\r\n4\r\nello\r\n0\r\n\r\n", "hello"},
        {"HTTP/1.1 200 OK\r\n\r\nhello", "hello"},
    };
    for (const auto& [text, body] : rows) {
        for (std::size_t piece = 1; piece <= text.size(); ++piece) {
            const auto r = read(text, piece);
            BOOST_TEST(r.ec == error_code{});
            BOOST_TEST(r.reply.status == 200);
            BOOST_TEST(r.reply.body == body);
        }
    }
}

BOOST_AUTO_TEST_CASE(bounds_the_number_of_fields)
{
    const auto with = [](int fields) {
        std::string out = "HTTP/1.1 200 OK\r\n";
        for (int i = 0; i < fields; ++i) out += "X-F" + std::to_string(i) + ": v\r\n";
        return out + "\r\n";
    };
    BOOST_TEST(read(with(5), 7).ec == error_code{});
    BOOST_TEST(read(with(6), 7).ec == errc::header_too_large);
}

BOOST_AUTO_TEST_CASE(bounds_what_stands_between_and_behind_chunks)
{
    const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    std::string trailer = "0\r\n";
    for (int i = 0; i < 6; ++i) trailer += "X" + std::to_string(i) + ": y\r\n";
    const std::string endless[] = {
        head + "1;" + std::string(100'000, 'a'),
        head + "0\r\nX: " + std::string(100'000, 'a'),
        head + trailer + "\r\n",
    };
    for (const std::string& text : endless)
        for (const std::size_t piece : {std::size_t{100}, text.size()})
            BOOST_TEST(read(text, piece).ec == errc::header_too_large);
}

BOOST_AUTO_TEST_CASE(a_protocol_that_nobody_asked_for_is_no_reply)
{
    BOOST_TEST(
        read("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 9)
            .ec == errc::malformed_reply);
}

BOOST_AUTO_TEST_CASE(says_which_rule_a_malformed_reply_breaks)
{
    const std::string head = "HTTP/1.1 200 OK\r\n";
    const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
    std::string interim;
    for (int i = 0; i <= reply_reader::max_interim; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
    const std::pair<std::string, std::string_view> rows[] = {
        {"SSH-2.0-OpenSSH_9.2\r\n", "it does not begin with HTTP/1.1 or HTTP/1.0"},
        {"HTTP/1.1 abc OK\r\n\r\n", "its status is no number of three digits"},
        {head + "X A\r\n\r\n", "the name of a header field is malformed"},
        {head + "X: a\x01\r\n\r\n", "the value of a header field is malformed"},
        {head + "Content-Length: ten\r\n\r\n",
         "its Content-Length is no number, or stands beside Transfer-Encoding: chunked"},
        {head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n12",
         "it has several values of Content-Length"},
        {head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1",
         "its Transfer-Encoding is malformed, or stands beside a Content-Length"},
        {chunked + "zz\r\nhi\r\n",
         "the size of a chunk is no hexadecimal number, or no line end follows the chunk"},
        {chunked + "2;=\r\nhi\r\n", "the extension of a chunk is malformed"},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n",
         "it switches to another protocol, which nobody has asked for"},
        {interim, "too many interim replies come before it"},
    };
    for (const auto& [text, fault] : rows) {
        reply_reader reader(reply_reader::reply_to::other, {});
        std::string_view bytes = text;
        BOOST_TEST(test::read_in_pieces(reader, bytes, text.size()) == errc::malformed_reply, text);
        BOOST_TEST(reader.fault() == fault, text);
    }
}

BOOST_AUTO_TEST_CASE(a_head_is_written_as_it_must_be)
{
    http::request r{.method = "POST", .target = parse_endpoint("http://a.test:8080/x?y=1").value()};
    r.fields = {{"X-A", "1", false}, {"X-B", "two words", false}, {"X-A", "2", false}};
    const std::string fields = "X-A: 1\r\nX-B: two words\r\nX-A: 2\r\n";
    const std::string to_a = "/x?y=1 HTTP/1.1\r\nHost: a.test:8080\r\n" + fields;
    // A length where there is a body, or the method means one.
    BOOST_TEST(http::detail::head_of(r).value() == "POST " + to_a + "Content-Length: 0\r\n\r\n");
    r.body = "12345";
    BOOST_TEST(http::detail::head_of(r).value() == "POST " + to_a + "Content-Length: 5\r\n\r\n");
    r.method = "PATCH";
    BOOST_TEST(http::detail::head_of(r).value() == "PATCH " + to_a + "Content-Length: 5\r\n\r\n");
    r.method = "GET";
    r.body = "";
    BOOST_TEST(http::detail::head_of(r).value() == "GET " + to_a + "\r\n");

    const endpoint proxy = parse_endpoint("http://user:word@proxy.test:3128").value();
    r.fields = {{"proxy-authorization", "another's", true}};
    BOOST_TEST(
        http::detail::head_of(r, &proxy).value() ==
        "GET http://a.test:8080/x?y=1 HTTP/1.1\r\nHost: a.test:8080\r\n"
        "Proxy-Authorization: Basic dXNlcjp3b3Jk\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(no_head_is_written_that_would_be_read_as_another)
{
    const auto changed = [](auto change) {
        http::request r{.method = "GET", .target = parse_endpoint("http://a.test/x").value()};
        r.fields = {{"X-A", "1", false}};
        change(r);
        return http::detail::head_of(r);
    };
    BOOST_TEST(changed([](http::request&) {}).has_value());
    for (const char* target : {"", ":1/a", "x", "/a b", "/a\r\nX: y", "/a#b", "/\xc3\xa9"})
        BOOST_TEST(changed([&](http::request& r) {
                       r.target.target = target;
                   }).error() == errc::malformed_request);
    for (const char* host : {"", "a b", "a/b", "u@a", "a\r\nX: y"})
        BOOST_TEST(changed([&](http::request& r) {
                       r.target.host = host;
                   }).error() == errc::malformed_request);
    for (const char* method : {"", "GET /", "G\r\n"})
        BOOST_TEST(changed([&](http::request& r) {
                       r.method = method;
                   }).error() == errc::malformed_request);
    for (const http::field& f :
         {http::field{"X-A", "1\r\nX-B: 2"}, http::field{"X A", "1"}, http::field{"", "1"}})
        BOOST_TEST(changed([&](http::request& r) {
                       r.fields.push_back(f);
                   }).error() == errc::malformed_request);
}

BOOST_AUTO_TEST_CASE(an_authority_is_written_as_it_must_be)
{
    const endpoint proxy = parse_endpoint("http://user:word@proxy.test:3128").value();
    BOOST_TEST(
        http::detail::connect_head(parse_endpoint("https://[::1]/x").value(), proxy) ==
        "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\nProxy-Authorization: Basic "
        "dXNlcjp3b3Jk\r\n\r\n");
}

BOOST_AUTO_TEST_SUITE_END()

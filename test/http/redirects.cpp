#include "http/network.hpp"
#include "http/redirect.hpp"
#include "print.hpp"
#include <carillon/http/client.hpp>

#include <boost/test/unit_test.hpp>

using namespace carillon;
using namespace carillon::http::detail;
using namespace carillon::test;

namespace redirects {

http::response reply_to(int status, const std::string& location)
{
    http::response res{.status = status};
    if (!location.empty()) res.fields.push_back({"location", location});
    return res;
}

http::request original(std::string method = "POST")
{
    http::request req{
        .method = std::move(method), .target = parse_endpoint("http://a.test:81/x/y?q=1").value()};
    req.fields = {
        {"Authorization", "Bearer t", true}, {"Content-Type", "text/plain"}, {"X-Own", "1"}};
    req.body = "body";
    req.route = route{.tls = {.ca_file = "/ca", .cert_file = "/c", .key_file = "/k"}};
    return req;
}

std::string names(const http::request& req)
{
    std::string out;
    for (const auto& f : req.fields) out += f.name + " ";
    return out;
}

} // namespace redirects

BOOST_AUTO_TEST_SUITE(redirects)

BOOST_AUTO_TEST_CASE(resolves_locations_as_rfc_3986_says)
{
    const endpoint from = parse_endpoint("http://a.test:81/x/y?q=1").value();
    const std::pair<const char*, const char*> rows[] = {
        {"http://b.test/z", "http://b.test/z"},
        {"https://b.test", "https://b.test/"},
        {"//b.test/z", "http://b.test/z"},
        {"/z", "http://a.test:81/z"},
        {"z", "http://a.test:81/x/z"},
        {"../z?w=2", "http://a.test:81/z?w=2"},
        {"?w=2", "http://a.test:81/x/y?w=2"},
        {"/z#part", "http://a.test:81/z"},
        {"http://[::1]:8/z", "http://[::1]:8/z"},
        // What is percent-encoded stays so: it may be another character (section 2.2).
        {"/p%2Fq?r=%26%2b", "http://a.test:81/p%2Fq?r=%26%2b"},
        {"http://b.test/%7Ep%2fq%3F/./%2e", "http://b.test/%7Ep%2fq%3F/%2e"},
        {"p%2Fq", "http://a.test:81/x/p%2Fq"},
        {"../../z", "http://a.test:81/z"},
        {"/../a/b/../../../z/..", "http://a.test:81/"},
        {"./", "http://a.test:81/x/"},
        {"..", "http://a.test:81/"},
        {".", "http://a.test:81/x/"},
        {"", "http://a.test:81/x/y?q=1"},
        {"?", "http://a.test:81/x/y?"},
        {"#part", "http://a.test:81/x/y?q=1"},
        {"/a//b/../c", "http://a.test:81/a//c"},
        {"/...?x=/../y", "http://a.test:81/...?x=/../y"},
    };
    for (const auto& [location, expected] : rows) {
        BOOST_TEST_CONTEXT(location)
        {
            const auto to = http::detail::resolve_reference(from, location);
            BOOST_REQUIRE(to.has_value());
            BOOST_TEST(to->origin() + to->target == expected);
        }
    }
    for (const char* wrong :
         {"ftp://b.test/", "http://", "http://b.test:99999/", "h t", "mailto:x",
          "http://b.test:80:1/z", "//b.test:tcp://c.test/z", "http:z", "http:/z", "%zz", "1:z"})
        BOOST_TEST(http::detail::resolve_reference(from, wrong).has_error(), wrong);
}

BOOST_AUTO_TEST_CASE(keeps_method_and_body_only_where_the_status_says_so)
{
    struct row {
        int status;
        const char* method;
        const char* becomes;
        bool keeps_body;
    };
    const row rows[] = {
        {301, "POST", "GET", false},     {302, "POST", "GET", false}, {303, "PUT", "GET", false},
        {303, "HEAD", "HEAD", false},    {301, "GET", "GET", false},  {307, "POST", "POST", true},
        {308, "DELETE", "DELETE", true},
    };
    for (const row& r : rows) {
        const auto next = http::detail::follow(original(r.method), reply_to(r.status, "/z"));
        BOOST_REQUIRE(next.has_value());
        BOOST_TEST(next->method == r.becomes);
        BOOST_TEST(next->body == (r.keeps_body ? "body" : ""));
        BOOST_TEST(
            names(*next) ==
            (r.keeps_body ? "Authorization Content-Type X-Own " : "Authorization X-Own "));
    }
}

BOOST_AUTO_TEST_CASE(gives_another_origin_no_credentials)
{
    for (const char* elsewhere : {"http://b.test/", "https://a.test:81/", "http://a.test:82/"}) {
        const auto next = http::detail::follow(original(), reply_to(307, elsewhere));
        BOOST_REQUIRE(next.has_value());
        BOOST_TEST(names(*next) == "Content-Type X-Own ");
        BOOST_TEST(next->route->tls.cert_file == "");
        BOOST_TEST(next->route->tls.key_file == "");
        BOOST_TEST(next->route->tls.ca_file == "/ca");
    }
    const auto same = http::detail::follow(original(), reply_to(307, "http://a.test:81/z"));
    BOOST_TEST(same->route->tls.cert_file == "/c");
}

BOOST_AUTO_TEST_CASE(takes_no_secret_in_a_body_to_another_origin)
{
    http::request secret = original();
    secret.body_is_credential = true;
    for (const int status : {307, 308}) {
        const auto refused = http::detail::follow(secret, reply_to(status, "http://b.test/"));
        BOOST_REQUIRE(refused.has_error());
        BOOST_TEST(refused.error().code == errc::bad_redirect);
        BOOST_TEST(
            refused.error().detail ==
            "it would take the body, which holds a secret, to http://b.test, another origin");
        BOOST_TEST(http::detail::follow(secret, reply_to(status, "/z"))->body == "body");
    }
    BOOST_TEST(http::detail::follow(secret, reply_to(303, "http://b.test/"))->body == "");
}

BOOST_AUTO_TEST_CASE(refuses_where_it_cannot_go)
{
    BOOST_TEST(
        http::detail::follow(original(), reply_to(302, "")).error().code == errc::bad_redirect);
    BOOST_TEST(
        http::detail::follow(original(), reply_to(302, "ftp://x/")).error().code ==
        errc::bad_redirect);
    http::request through_socket = original();
    through_socket.route = route{.unix_socket = "/s"};
    BOOST_TEST(http::detail::follow(through_socket, reply_to(302, "/z")).has_value());
    BOOST_TEST(
        http::detail::follow(through_socket, reply_to(302, "http://b.test/")).error().code ==
        errc::bad_redirect);
}

BOOST_FIXTURE_TEST_CASE(are_followed_as_often_as_allowed, network)
{
    http::client client(ctx.get_executor());
    const auto to = [](const std::string& path) {
        return server_does::write{
            "HTTP/1.1 302 Found\r\nLocation: " + path + "\r\nContent-Length: 0\r\n\r\n"};
    };
    const server_does::read_request reads;
    for (const int allowed : {0, 1, 2, 3}) {
        misbehaving_server server(
            ctx, {{reads, to("/2"), reads, to("/3"), reads, server_does::write{reply_of("end")}}});
        http::request req = request_to(server.port());
        req.route = route{.redirects = allowed};
        const exchange e = run(client, std::move(req));
        BOOST_TEST(e.ec() == error_code{});
        BOOST_TEST(e.reply().status == (allowed < 2 ? 302 : 200));
        BOOST_TEST(server.requests().size() == static_cast<std::size_t>(std::min(allowed, 2)) + 1);
        BOOST_TEST(e.reply().redirected_to.has_value() == (allowed > 0));
        client.close_idle();
        finish(server);
    }
}

BOOST_AUTO_TEST_SUITE_END()

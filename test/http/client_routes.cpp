#include "http/certificates.hpp"
#include "http/client_network.hpp"
#include "print.hpp"
#include "sanitized.hpp"
#include "temporary_folder.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace client_routes {

const server_does::read_request reads;

/** A client that is sent through proxies and to sockets. */
struct routed_client : client_network {
    temporary_folder folder;
    routed_client() { names.answer("api.test", {"127.0.0.1"}); }

    static http::request through(const misbehaving_server& proxy, const std::string& url)
    {
        http::request req{.method = "POST", .target = parse_endpoint(url).value()};
        req.route =
            route{.proxy = secret("http://user:word@127.0.0.1:" + std::to_string(proxy.port()))};
        return req;
    }
};

server_script answers(int times = 1)
{
    server_script out;
    for (int i = 0; i < times; ++i) {
        out.push_back(reads);
        out.push_back(server_does::write{reply_of("hi")});
    }
    return out;
}

} // namespace client_routes

BOOST_FIXTURE_TEST_SUITE(client_routes, routed_client)

BOOST_AUTO_TEST_CASE(reaches_unix_sockets_and_keeps_their_connections)
{
    const std::string path = folder / "api.sock";
    misbehaving_server server(ctx, {answers(2)}, asio::local::stream_protocol::endpoint(path));
    for (int i = 0; i < 2; ++i) {
        http::request req = request_to(80, "POST", "body", "whoever.test");
        req.route = route{.unix_socket = path};
        const exchange e = run(client, std::move(req));
        BOOST_TEST(e.ec() == error_code{});
        BOOST_TEST(e.reply().body == "hi");
    }
    BOOST_TEST(server.accepted() == 1U);
    BOOST_TEST(server.requests().at(0).text.find("Host: whoever.test\r\n") != std::string::npos);
    BOOST_TEST(names.asked() == 0U);
    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_CASE(tells_of_unix_sockets_that_nobody_serves)
{
    http::request req = request_to(80);
    req.route = route{.unix_socket = folder / "missing.sock"};
    const exchange e = run(client, std::move(req));
    BOOST_TEST(e.ec() == error_code(ENOENT, boost::system::system_category()));
    BOOST_TEST(e.reply().phase == phase::connect);
    BOOST_TEST(e.reply().detail.find("missing.sock") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(waits_for_a_place_in_a_unix_sockets_queue)
{
    const std::string path = folder / "busy.sock";
    using protocol = asio::local::stream_protocol;
    protocol::acceptor acceptor(ctx, protocol::endpoint(path));
    acceptor.listen(0);
    protocol::socket in_queue(ctx);
    in_queue.connect(protocol::endpoint(path));

    http::request req = request_to(80);
    req.route = route{.unix_socket = path};
    const exchange hasty = run(client, req, {.connect_timeout = 120ms});
    BOOST_TEST(hasty.ec() == asio::error::try_again, hasty.ec());
    const exchange patient(client, req);
    ctx.restart();
    ctx.run_for(60ms);
    BOOST_TEST(!patient.done());
    protocol::socket first = acceptor.accept();
    protocol::socket second(ctx);
    acceptor.async_accept(second, [&](error_code ec) {
        BOOST_TEST(ec == error_code{});
        asio::write(second, asio::buffer(reply_of("hi")));
    });
    run_until([&] { return patient.done(); });
    BOOST_TEST(patient.reply().body == "hi");
    client.close_idle();
}

BOOST_AUTO_TEST_CASE(gives_a_proxy_the_whole_url_of_http)
{
    misbehaving_server proxy(ctx, {answers()});
    const exchange e = run(client, through(proxy, "http://api.test:81/x?y=1"));
    BOOST_TEST(e.ec() == error_code{});
    const std::string& text = proxy.requests().at(0).text;
    BOOST_TEST(text.starts_with("POST http://api.test:81/x?y=1 HTTP/1.1\r\nHost: api.test:81\r\n"));
    BOOST_TEST(text.find("Proxy-Authorization: Basic dXNlcjp3b3Jk\r\n") != std::string::npos);
    BOOST_TEST(names.asked() == 0U); // the proxy looks the name up
    client.close_idle();
    finish(proxy);
}

BOOST_AUTO_TEST_CASE(has_a_proxy_open_a_tunnel_for_https)
{
    certificate_authority authority;
    const tls_server tls({.identity = authority.issue({.dns_names = {"api.test"}})});
    misbehaving_server proxy(
        ctx, {{reads, server_does::write{"HTTP/1.1 200 Connection established\r\n\r\n"},
               server_does::handshake{tls}, reads, server_does::write{reply_of("hi")}}});
    http::request req = through(proxy, "https://api.test/x");
    route r = *req.route;
    r.tls.ca_file = folder.write("ca.pem", authority.certificate());
    req.route = r;
    const exchange e = run(client, std::move(req));
    BOOST_TEST(e.ec() == error_code{});
    BOOST_REQUIRE_EQUAL(proxy.requests().size(), 2U);
    BOOST_TEST(proxy.requests()[0].text.starts_with(
        "CONNECT api.test:443 HTTP/1.1\r\nHost: api.test:443"));
    BOOST_TEST(proxy.requests()[1].text.starts_with("POST /x HTTP/1.1\r\nHost: api.test\r\n"));
    BOOST_TEST(proxy.requests()[1].text.find("Proxy-Authorization") == std::string::npos);
    client.close_idle();
    finish(proxy);
}

BOOST_AUTO_TEST_CASE(tells_of_proxies_that_let_nobody_through)
{
    struct row {
        const char* name;
        server_script script;
        error_code expected;
        const char* says;
    };
    const auto tells = [](const char* head) {
        return server_script{reads, server_does::write{std::string(head) + "\r\n\r\n"}};
    };
    const row rows[] = {
        {"refusal", tells("HTTP/1.1 403 Forbidden"), errc::proxy_refused, "HTTP 403 Forbidden"},
        {"wrong password", tells("HTTP/1.1 407 Proxy Authentication Required"), errc::proxy_refused,
         "HTTP 407"},
        {"dead endpoint", tells("HTTP/1.1 502 Bad Gateway"), errc::proxy_failed, "HTTP 502"},
        {"no proxy", tells("SSH-2.0-OpenSSH_9.2"), errc::malformed_reply, "the proxy 127.0.0.1"},
        {"close", {reads, server_does::close{}}, errc::closed_early, "the proxy 127.0.0.1"},
        {"silence", {reads}, errc::timed_out, "the proxy 127.0.0.1"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.name)
        {
            misbehaving_server proxy(ctx, {r.script});
            const exchange e =
                run(client, through(proxy, "https://api.test/"), {.connect_timeout = 200ms});
            BOOST_TEST(e.ec() == r.expected);
            BOOST_TEST(e.reply().phase == phase::connect);
            BOOST_TEST(e.reply().detail.find(r.says) != std::string::npos, e.reply().detail);
            finish(proxy);
        }
    }
}

BOOST_AUTO_TEST_CASE(uses_the_clients_proxies_but_for_the_machine_itself)
{
    misbehaving_server proxy(ctx, {answers()});
    misbehaving_server direct(ctx, {answers()});
    client.set_proxies(
        {.http = parse_endpoint("http://127.0.0.1:" + std::to_string(proxy.port())).value()});
    BOOST_TEST(run(client, request_to(80, "GET", "", "api.test")).ec() == error_code{});
    BOOST_TEST(run(client, request_to(direct.port(), "GET")).ec() == error_code{});
    BOOST_TEST(proxy.requests().size() == 1U);
    BOOST_TEST(direct.requests().size() == 1U);

    // A job may have none.
    http::request own = request_to(direct.port(), "GET", "", "api.test");
    own.route = route{.proxy = secret("")};
    direct.stop();
    client.close_idle();
    BOOST_TEST(run(client, std::move(own)).ec() == error_code(asio::error::connection_refused));
    finish(proxy);
    finish(direct);
}

// UndefinedBehaviorSanitizer looks at memory by means of a pipe, and takes all for broken without
// one.
#ifndef CARILLON_SANITIZED
BOOST_AUTO_TEST_CASE(waits_for_a_descriptor_where_there_is_none)
{
    misbehaving_server server(ctx, {answers()});
    ctx.poll(); // it accepts from now on
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit none = before;
    none.rlim_cur = 3;
    ::setrlimit(RLIMIT_NOFILE, &none);
    const exchange hasty = run(client, request_to(server.port()), {.connect_timeout = 120ms});
    const exchange patient(client, request_to(server.port()));
    ctx.restart();
    ctx.run_for(100ms);
    BOOST_TEST(!patient.done());
    ::setrlimit(RLIMIT_NOFILE, &before);
    run_until([&] { return patient.done(); });
    BOOST_TEST(hasty.ec() == boost::system::errc::too_many_files_open);
    BOOST_TEST(patient.ec() == error_code{});
    client.close_idle();
    finish(server);
}
#endif

BOOST_AUTO_TEST_SUITE_END()

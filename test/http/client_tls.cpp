#include "http/certificates.hpp"
#include "http/network.hpp"
#include "print.hpp"
#include "temporary_folder.hpp"
#include <carillon/http/client.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <future>
#include <optional>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace client_tls {

const server_does::read_request reads;

struct fixture : network {
    temporary_folder folder;
    certificate_authority authority;
    std::string ca_file = folder.write("ca.pem", authority.certificate());
    http::client client{ctx.get_executor()};
    std::size_t open_before = open_descriptors();

    fixture() { names.answer("api.test", {"127.0.0.1"}); }

    tls_server valid() const
    {
        return tls_server({.identity = authority.issue({.dns_names = {"api.test"}})});
    }

    static server_script replies(const tls_server& tls, const std::string& body = "hi")
    {
        return {server_does::handshake{tls}, reads, server_does::write{reply_of(body)}};
    }

    static server_script replies(const tls_settings& settings)
    {
        return replies(tls_server(settings));
    }

    http::request secure_request(std::uint16_t port, const std::string& host = "api.test") const
    {
        http::request req = request_to(port, "POST", "body", host);
        req.target.scheme = "https";
        req.route = route{.tls = {.ca_file = ca_file}};
        return req;
    }

    static void use(http::request& req, tls_options tls)
    {
        route r = *req.route;
        r.tls = std::move(tls);
        req.route = std::move(r);
    }

    /** Sends to a server that plays this. */
    exchange meet(server_script script, std::optional<tls_options> tls = {}, http::limits lim = {})
    {
        misbehaving_server server(ctx, {std::move(script)});
        http::request req = secure_request(server.port());
        if (tls) use(req, *tls);
        exchange e = run(client, std::move(req), lim);
        client.close_idle();
        finish(server);
        return e;
    }

    void teardown()
    {
        client.close_idle();
        network::teardown();
        BOOST_TEST(open_descriptors() == open_before);
    }
};

bool contains_text(const exchange& e, std::string_view text)
{
    return e.reply().detail.find(text) != std::string::npos;
}

} // namespace client_tls

BOOST_FIXTURE_TEST_SUITE(client_tls, fixture)

BOOST_AUTO_TEST_CASE(speaks_it_and_asks_for_the_name)
{
    const tls_server tls = valid();
    misbehaving_server server(ctx, {replies(tls)});
    const exchange e = run(client, secure_request(server.port()));
    BOOST_TEST(e.ec() == error_code{});
    BOOST_TEST(e.reply().body == "hi");
    BOOST_REQUIRE_EQUAL(server.handshakes().size(), 1U);
    BOOST_TEST(server.handshakes()[0].server_name == "api.test");
    BOOST_TEST(server.handshakes()[0].version == "TLSv1.3");
    BOOST_TEST(server.requests().at(0).text.find("\r\n\r\nbody") != std::string::npos);
    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_CASE(keeps_its_connections)
{
    const tls_server tls = valid();
    server_script twice = replies(tls, "one");
    twice.insert(twice.end(), {reads, server_does::write{reply_of("two")}});
    misbehaving_server server(ctx, {twice});
    BOOST_TEST(run(client, secure_request(server.port())).reply().body == "one");
    BOOST_TEST(run(client, secure_request(server.port())).reply().body == "two");
    BOOST_TEST(server.accepted() == 1U);
    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_CASE(keeps_no_connection_on_which_more_came_with_the_reply)
{
    // In records of their own, but at one time: what TLS has read by then is not in the socket.
    const tls_server tls = valid();
    misbehaving_server server(
        ctx, {{server_does::handshake{tls}, reads, server_does::write{reply_of("one")},
               server_does::write{reply_of("forged")}},
              replies(tls, "two")});
    const exchange first(client, secure_request(server.port()));
    // Both records are there before the client reads.
    run_until([&] { return server.steps_done() == 4; });
    run_until([&] { return first.done(); });
    BOOST_TEST(first.reply().body == "one");
    BOOST_TEST(run(client, secure_request(server.port())).reply().body == "two");
    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_CASE(reads_a_file_once_for_all_who_need_it)
{
    server_script script = replies(valid());
    misbehaving_server server(ctx, {script});
    std::vector<exchange> all;
    for (int i = 0; i < 50; ++i) all.emplace_back(client, secure_request(server.port()));
    all[0].cancel(); // who reads, maybe
    for (const exchange& e : all) run_until([&] { return e.done(); });
    for (std::size_t i = 1; i < all.size(); ++i) BOOST_TEST(all[i].ec() == error_code{});
    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_CASE(resumes_sessions)
{
    for (const auto version : {tls_version::v1_2, tls_version::v1_3}) {
        const tls_server tls{
            {.identity = authority.issue({.dns_names = {"api.test"}}),
             .min_version = version,
             .max_version = version}};
        server_script script = replies(tls);
        script.insert(script.end(), {server_does::close_notify{}, server_does::close{}});
        misbehaving_server server(ctx, {script});
        for (int i = 0; i < 3; ++i) {
            const exchange e = run(client, secure_request(server.port()));
            BOOST_TEST(e.ec() == error_code{});
            run_until([&] { return server.open() == 0; });
            client.close_idle();
        }
        BOOST_REQUIRE_EQUAL(server.handshakes().size(), 3U);
        BOOST_TEST(!server.handshakes()[0].resumed);
        BOOST_TEST(server.handshakes()[1].resumed);
        BOOST_TEST(server.handshakes()[2].resumed);
        finish(server);
        client.reload_certificates();
    }
}

BOOST_AUTO_TEST_CASE(refuses_certificates_and_says_why)
{
    certificate_authority stranger;
    const auto issue = [&](certificate_fields fields) {
        if (fields.dns_names.empty()) fields.dns_names = {"api.test"};
        return authority.issue(fields);
    };
    struct row {
        const char* name;
        credentials shown;
        errc expected;
        std::string says;
    };
    const row rows[] = {
        {"expired", issue({.not_before = -48h, .not_after = -24h}), errc::certificate_expired,
         "on 20"},
        {"not yet valid", issue({.not_before = 24h, .not_after = 48h}),
         errc::certificate_not_yet_valid, "before 20"},
        {"another host", issue({.dns_names = {"a.test", "b.test", "c.test", "d.test"}}),
         errc::certificate_wrong_host, "it is for a.test, b.test, c.test, ..."},
        {"a wildcard of another level", issue({.dns_names = {"*.api.test"}}),
         errc::certificate_wrong_host, "*.api.test"},
        {"a common name alone", authority.issue({.common_name = "api.test"}),
         errc::certificate_wrong_host, "no host: it has no subjectAltName"},
        {"an address", authority.issue({.ip_addresses = {"127.0.0.1", "::1"}}),
         errc::certificate_wrong_host, "it is for 127.0.0.1, ::1"},
        {"self-signed", self_signed({.common_name = "me", .dns_names = {"api.test"}}),
         errc::certificate_self_signed, "CN=me"},
        {"of an authority that is not trusted", stranger.issue({.dns_names = {"api.test"}}),
         errc::certificate_untrusted, "issued by"},
        {"of an authority in between that is not sent",
         [&] {
             credentials c = authority.intermediate("between").issue({.dns_names = {"api.test"}});
             // The leaf alone, without its chain.
             c.certificate =
                 c.certificate.substr(0, c.certificate.find("-----END CERTIFICATE-----") + 26);
             return c;
         }(),
         errc::certificate_untrusted, "between"},
        {"a client's", issue({.for_client = true}), errc::certificate_invalid, "purpose"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.name)
        {
            const exchange e = meet(replies({.identity = r.shown}));
            BOOST_TEST(e.ec() == r.expected);
            BOOST_TEST(e.reply().phase == phase::handshake);
            BOOST_TEST(contains_text(e, r.says), e.reply().detail);
            BOOST_TEST(outcome_of(e.ec()) == outcome::rejected);
        }
    }
}

BOOST_AUTO_TEST_CASE(takes_any_certificate_where_it_need_not_verify)
{
    const exchange e = meet(
        replies({.identity = self_signed({.common_name = "x", .not_after = -1min})}),
        tls_options{.verify = false});
    BOOST_TEST(e.ec() == error_code{});
}

BOOST_AUTO_TEST_CASE(trusts_what_ca_file_names)
{
    // A whole chain, an authority in between alone, and the certificate itself.
    const credentials own = self_signed({.common_name = "me", .dns_names = {"api.test"}});
    const std::string own_file = folder.write("own.pem", own.certificate);
    BOOST_TEST(
        meet(replies({.identity = own}), tls_options{.ca_file = own_file}).ec() == error_code{});
    certificate_authority between = authority.intermediate("between");
    BOOST_TEST(
        meet(replies({.identity = between.issue({.dns_names = {"api.test"}})})).ec() ==
        error_code{});
}

BOOST_AUTO_TEST_CASE(asks_for_the_name_that_server_name_says)
{
    const tls_server tls{{.identity = authority.issue({.dns_names = {"inside.test"}})}};
    misbehaving_server server(ctx, {replies(tls)});
    http::request req = secure_request(server.port(), "127.0.0.1");
    use(req, {.ca_file = ca_file, .server_name = "inside.test"});
    const exchange e = run(client, std::move(req));
    BOOST_TEST(e.ec() == error_code{});
    BOOST_TEST(server.handshakes().at(0).server_name == "inside.test");
    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_CASE(finds_addresses_in_certificates)
{
    for (const bool is_right : {true, false}) {
        const tls_server tls{
            {.identity = authority.issue({.ip_addresses = {is_right ? "127.0.0.1" : "10.0.0.1"}})}};
        misbehaving_server server(ctx, {replies(tls)});
        const exchange e = run(client, secure_request(server.port(), "127.0.0.1"));
        BOOST_TEST(
            e.ec() == (is_right ? error_code{} : make_error_code(errc::certificate_wrong_host)));
        if (is_right) BOOST_TEST(server.handshakes().at(0).server_name == "");
        client.close_idle();
        finish(server);
    }
}

BOOST_AUTO_TEST_CASE(shows_a_clients_certificate)
{
    const credentials own = authority.issue({.common_name = "carillon", .for_client = true});
    const tls_options with{
        .ca_file = ca_file,
        .cert_file = folder.write("own.pem", own.certificate),
        .key_file = folder.write("own.key", own.key)};
    const tls_server tls{
        {.identity = authority.issue({.dns_names = {"api.test"}}),
         .client_ca = authority.certificate(),
         .require_client_certificate = true}};
    misbehaving_server server(ctx, {replies(tls)});
    http::request req = secure_request(server.port());
    use(req, with);
    const exchange e = run(client, std::move(req));
    BOOST_TEST(e.ec() == error_code{});
    BOOST_TEST(server.handshakes().at(0).client_subject.find("carillon") != std::string::npos);
    client.close_idle();
    finish(server);
}

BOOST_AUTO_TEST_CASE(tells_of_a_server_that_wants_another_client)
{
    certificate_authority stranger;
    const credentials foreign = stranger.issue({.common_name = "x", .for_client = true});
    const tls_options with{
        .ca_file = ca_file,
        .cert_file = folder.write("foreign.pem", foreign.certificate),
        .key_file = folder.write("foreign.key", foreign.key)};
    for (const auto version : {tls_version::v1_2, tls_version::v1_3}) {
        const tls_server tls{
            {.identity = authority.issue({.dns_names = {"api.test"}}),
             .client_ca = authority.certificate(),
             .require_client_certificate = true,
             .min_version = version,
             .max_version = version}};
        const exchange with_foreign = meet(replies(tls), with);
        BOOST_TEST(with_foreign.ec() == errc::client_certificate_refused);
        // TLS 1.2 has no alert of its own for that.
        const exchange without = meet(replies(tls));
        BOOST_TEST(without.ec() == errc::client_certificate_refused);
        BOOST_TEST(
            without.reply().detail ==
            "it asks for one, and the job has none; the server's alert: " +
                std::string(
                    version == tls_version::v1_3 ? "certificate required" : "handshake failure"));
    }
}

/** A server that refuses the client's certificate and resets the connection, all before the client
 * writes its request: by TLS 1.3 the client's handshake is over by then. */
BOOST_AUTO_TEST_CASE(reads_the_alert_that_waits_behind_a_reset)
{
    const tls_server tls{
        {.identity = authority.issue({.dns_names = {"api.test"}}),
         .client_ca = authority.certificate(),
         .require_client_certificate = true}};
    asio::io_context server_ctx;
    asio::ip::tcp::acceptor acceptor(server_ctx, {asio::ip::address_v4::loopback(), 0});
    auto refused = std::async(std::launch::async, [&] {
        asio::ssl::stream<asio::ip::tcp::socket> s(acceptor.accept(), tls.context());
        error_code ec;
        s.handshake(asio::ssl::stream_base::server, ec);
        s.next_layer().set_option(asio::socket_base::linger(true, 0));
        s.next_layer().close();
        return ec;
    });
    http::request req = secure_request(acceptor.local_endpoint().port());
    req.on_connected = [&] { refused.wait(); };
    const exchange e = run(client, std::move(req));
    BOOST_TEST(refused.get().failed());
    BOOST_TEST(e.ec() == errc::client_certificate_refused);
    BOOST_TEST(outcome_of(e.ec()) == outcome::rejected);
    BOOST_TEST(contains_text(e, "the server's alert: certificate required"), e.reply().detail);
}

BOOST_AUTO_TEST_CASE(a_name_that_no_certificate_can_be_for_is_refused)
{
    const std::string names[] = {
        ".",          ".test", "*.test",   "api..test",
        "fe80::1%lo", "[::1]", "api test", std::string("api.test\0.x", 11)};
    for (const std::string& name : names) {
        const exchange e =
            meet({server_does::hang{}}, tls_options{.ca_file = ca_file, .server_name = name});
        BOOST_TEST(e.ec() == errc::certificate_wrong_host, name);
        BOOST_TEST(contains_text(e, "no certificate can be for"), e.reply().detail);
    }
}

BOOST_AUTO_TEST_CASE(reads_its_files_anew_after_a_reload)
{
    certificate_authority next;
    const std::string path = folder.write("changing.pem", authority.certificate());
    const tls_options with{.ca_file = path};
    const tls_server old_one = valid();
    const tls_server new_one{{.identity = next.issue({.dns_names = {"api.test"}})}};
    BOOST_TEST(meet(replies(old_one), with).ec() == error_code{});
    std::ofstream(path) << next.certificate();
    BOOST_TEST(meet(replies(new_one), with).ec() == errc::certificate_untrusted);
    client.reload_certificates();
    BOOST_TEST(meet(replies(new_one), with).ec() == error_code{});
}

BOOST_AUTO_TEST_CASE(tells_of_files_that_cannot_be_used)
{
    const std::string broken = folder.write("broken.pem", "no PEM\n");
    const credentials own = authority.issue({.for_client = true});
    const std::string cert = folder.write("c.pem", own.certificate);
    const std::string other_key = folder.write("k.pem", authority.issue({}).key);
    const std::string missing = folder / "missing.pem";
    const std::string locked = folder.write("locked.pem", encrypted(own.key));
    const std::pair<tls_options, std::string> rows[] = {
        {{.ca_file = missing}, missing + ": no such file or directory"},
        {{.ca_file = broken}, broken + ": "},
        {{.ca_file = ca_file, .cert_file = missing, .key_file = other_key}, missing},
        {{.ca_file = ca_file, .cert_file = cert, .key_file = other_key}, "mismatch"},
        {{.ca_file = ca_file, .cert_file = cert, .key_file = locked},
         locked + ": is encrypted, and nobody is there to type its password"},
        {{.ca_file = ca_file, .cert_file = cert, .key_file = cert}, "holds no private key"},
        {{.ca_file = ca_file, .cert_file = broken, .key_file = cert}, "holds no certificate"},
    };
    for (const auto& [options, says] : rows) {
        const exchange e = meet({server_does::hang{}}, options);
        BOOST_TEST(e.ec() == errc::tls_file_unusable);
        BOOST_TEST(contains_text(e, says), e.reply().detail);
    }
}

BOOST_AUTO_TEST_CASE(gives_each_fault_its_code_and_phase)
{
    const tls_server tls = valid();
    struct row {
        const char* name;
        server_script script;
        error_code expected;
        phase at;
        std::string says{};
    };
    const tls_server old_tls(
        {.identity = authority.issue({.dns_names = {"api.test"}}),
         .min_version = tls_version::v1_0,
         .max_version = tls_version::v1_1});
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
    const row rows[] = {
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
        {"silence before the handshake", {server_does::hang{}}, errc::timed_out, phase::handshake},
        {"silence within the handshake",
         {server_does::half_handshake{tls, 50}, server_does::hang{}},
         errc::timed_out,
         phase::handshake},
        {"silence after the handshake",
         {server_does::handshake{tls}, server_does::hang{}},
         errc::timed_out,
         phase::first_byte},
        {"close after the handshake",
         {server_does::handshake{tls}, server_does::close{}},
         errc::closed_early,
         phase::first_byte},
        {"an orderly close after the request",
         {server_does::handshake{tls}, reads, server_does::close_notify{}, server_does::close{}},
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
         {server_does::handshake{tls}, reads, server_does::write{"HTTP/1.1 200 OK\r\n\r\n01234"},
          server_does::close{}},
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
         phase::body},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.name)
        {
            // What does not wait for the limit is not to meet it, however busy the machine is.
            const auto limit = r.expected == errc::timed_out ? 1s : 20s;
            const exchange e = meet(r.script, {}, {.timeout = limit, .max_body_bytes = 1000});
            BOOST_TEST(e.ec() == r.expected);
            BOOST_TEST(e.reply().phase == r.at);
            BOOST_TEST(contains_text(e, r.says), e.reply().detail);
            BOOST_TEST(open_descriptors() == open_before);
        }
    }
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

// Whom a client takes a server for, and a server a client.

#include "http/tls_client.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/test/unit_test.hpp>

#include <future>
#include <string>
#include <utility>

namespace asio = boost::asio;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(client_tls_certificates, tls_client)

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

BOOST_AUTO_TEST_SUITE_END()

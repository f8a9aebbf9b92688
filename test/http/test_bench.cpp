// What the tests of TLS stand on: the server's side of it, met by a client that is not ours.

#include "http/bench_of_servers.hpp"
#include "print.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace test_bench {

error_code alert_code(int description)
{
    return {
        static_cast<int>(ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + description)),
        asio::error::get_ssl_category()};
}

error_code alert_or_none(int description)
{
    return description < 0 ? error_code{} : alert_code(description);
}

server_script answers(tls_server tls)
{
    return {
        server_does::handshake{std::move(tls)}, server_does::read_request{},
        server_does::write{"hello"}, server_does::close_notify{}, server_does::close{}};
}

} // namespace test_bench

BOOST_FIXTURE_TEST_SUITE(test_bench, bench_of_servers)

BOOST_AUTO_TEST_CASE(resumes_sessions_of_the_same_settings)
{
    const std::pair<tls_version, const char*> rows[] = {
        {tls_version::v1_2, "TLSv1.2"}, {tls_version::v1_3, "TLSv1.3"}};
    for (const auto& [version, name] : rows) {
        BOOST_TEST_CONTEXT(name)
        {
            const tls_server other{{.identity = identity}};
            misbehaving_server server(ctx, {answers(tls), answers(tls), answers(other)});
            guest who{.version = version};
            const meeting first = meet(server, who);
            BOOST_TEST(first.reply == "hello");
            BOOST_TEST(first.end == error_code(asio::error::eof));
            who.earlier = first.later;
            who.host = "other.test";
            BOOST_TEST(meet(server, who).reply == "hello");
            BOOST_TEST(meet(server, who).reply == "hello");
            finish(server);

            BOOST_TEST_REQUIRE(server.handshakes().size() == 3U);
            const char* asked[] = {"api.test", "other.test", "other.test"};
            for (std::size_t i = 0; i < 3; ++i) {
                const tls_handshake& h = server.handshakes()[i];
                BOOST_TEST(h.connection == i);
                BOOST_TEST(h.ec == error_code{});
                BOOST_TEST(h.resumed == (i == 1));
                BOOST_TEST(h.version == name);
                BOOST_TEST(h.server_name == asked[i]);
                BOOST_TEST(h.client_subject == "");
            }
            BOOST_TEST(server.requests().at(2).text == guest_request);
        }
    }
}

BOOST_AUTO_TEST_CASE(speaks_old_versions_alone)
{
    const std::pair<tls_version, const char*> rows[] = {
        {tls_version::v1_0, "TLSv1"}, {tls_version::v1_1, "TLSv1.1"}};
    for (const auto& [version, name] : rows) {
        const tls_server old{
            {.identity = identity, .min_version = version, .max_version = version}};
        misbehaving_server server(ctx, {answers(old)});
        BOOST_TEST(meet(server).reply == "hello");
        finish(server);
        BOOST_TEST(server.handshakes().at(0).version == name);
    }
    const tls_server newest{{.identity = identity, .min_version = tls_version::v1_3}};
    const meeting refused = meet(answers(newest), {.version = tls_version::v1_2});
    BOOST_TEST(refused.shaken == alert_code(SSL_AD_PROTOCOL_VERSION));
}

BOOST_AUTO_TEST_CASE(asks_for_a_certificate)
{
    const certificate_authority stranger("stranger");
    const certificate_fields someone{.common_name = "someone", .for_client = true};
    const tls_settings settings{.identity = identity, .client_ca = authority.certificate()};
    tls_settings strict = settings;
    strict.require_client_certificate = true;
    struct row {
        const char* name;
        const tls_settings& server;
        std::optional<credentials> client;
        const char* subject;
        int alert = -1;
    };
    const row rows[] = {
        {"shown", strict, authority.issue(someone), "CN=someone"},
        {"by an intermediate", strict, authority.intermediate().issue(someone), "CN=someone"},
        {"none, and none needed", settings, std::nullopt, ""},
        {"none", strict, std::nullopt, "", SSL_AD_CERTIFICATE_REQUIRED},
        {"of a stranger", settings, stranger.issue(someone), "", SSL_AD_UNKNOWN_CA},
        {"a server's", settings, identity, "", SSL_AD_UNSUPPORTED_CERTIFICATE},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.name)
        {
            misbehaving_server server(ctx, {answers(tls_server(r.server))});
            // A client of TLS 1.3 has finished before the server looks at its certificate.
            const meeting m = meet(server, {.own = r.client});
            finish(server);
            BOOST_TEST(m.shaken == error_code{});
            BOOST_TEST(server.handshakes().at(0).client_subject == r.subject);
            BOOST_TEST(server.handshakes().at(0).ec.failed() == (r.alert >= 0));
            if (r.alert >= 0) BOOST_TEST(m.end == alert_code(r.alert));
        }
    }
}

BOOST_AUTO_TEST_CASE(resumes_the_sessions_of_clients_with_certificates)
{
    const tls_server strict{
        {.identity = identity,
         .client_ca = authority.certificate(),
         .require_client_certificate = true}};
    misbehaving_server server(ctx, {answers(strict)});
    guest who{.own = authority.issue({.common_name = "someone", .for_client = true})};
    who.earlier = meet(server, who).later;
    BOOST_TEST(meet(server, who).reply == "hello");
    finish(server);
    BOOST_TEST(server.handshakes().at(1).resumed);
    BOOST_TEST(server.handshakes().at(1).client_subject == "CN=someone");
}

BOOST_AUTO_TEST_CASE(issues_certificates_that_hold_and_that_do_not)
{
    struct row {
        const char* name;
        credentials identity;
        int alert = -1; // what the server hears
    };
    const certificate_fields good{.dns_names = {"*.other.test", "api.test"}};
    certificate_fields expired = good;
    expired.not_after = -1min;
    certificate_fields early = good;
    early.not_before = 1h;
    certificate_fields client = good;
    client.for_client = true;
    const row rows[] = {
        {"good", authority.issue(good)},
        {"by an intermediate", authority.intermediate().intermediate("below").issue(good)},
        {"self-signed", self_signed(good), SSL_AD_UNKNOWN_CA},
        {"of a stranger", certificate_authority("stranger").issue(good), SSL_AD_UNKNOWN_CA},
        {"expired", authority.issue(expired), SSL_AD_CERTIFICATE_EXPIRED},
        {"not yet valid", authority.issue(early), SSL_AD_BAD_CERTIFICATE},
        {"a client's", authority.issue(client), SSL_AD_UNSUPPORTED_CERTIFICATE},
        // Asio's check of names gives OpenSSL no reason.
        {"for another name", authority.issue({.dns_names = {"other.test"}}), SSL_AD_INTERNAL_ERROR},
        {"for an address", authority.issue({.ip_addresses = {"127.0.0.1", "::1"}}),
         SSL_AD_INTERNAL_ERROR},
    };
    const std::string trusted = folder.write("ca.pem", authority.certificate());
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.name)
        {
            misbehaving_server server(ctx, {answers(tls_server({.identity = r.identity}))});
            const meeting m = meet(server, {.ca_file = trusted});
            finish(server);
            BOOST_TEST(m.shaken.failed() == (r.alert >= 0));
            BOOST_TEST(m.reply == (m.shaken ? "" : "hello"));
            BOOST_TEST(server.handshakes().at(0).ec == alert_or_none(r.alert));
        }
    }
    const tls_server local{{.identity = authority.issue({.ip_addresses = {"127.0.0.1"}})}};
    BOOST_TEST(meet(answers(local), {.ca_file = trusted, .host = "127.0.0.1"}).reply == "hello");
}

BOOST_AUTO_TEST_CASE(sends_alerts)
{
    for (const int description :
         {SSL_AD_HANDSHAKE_FAILURE, SSL_AD_PROTOCOL_VERSION, SSL_AD_UNRECOGNIZED_NAME}) {
        const meeting m = meet({server_does::alert{static_cast<std::uint8_t>(description)}});
        BOOST_TEST(m.shaken == alert_code(description));
    }
}

BOOST_AUTO_TEST_CASE(breaks_off_handshakes)
{
    const error_code truncated = ssl::error::stream_truncated;
    for (const tls_version version : {tls_version::v1_2, tls_version::v1_3}) {
        for (const std::size_t bytes : {0U, 3U, 50U, 300U}) {
            const server_does::half_handshake half{tls, bytes};
            const guest who{.version = version};
            BOOST_TEST(meet({half, server_does::close{}}, who).shaken == truncated);
            BOOST_TEST(meet({half, server_does::half_close{}}, who).shaken == truncated);
            BOOST_TEST(
                meet({half, server_does::reset{}}, who).shaken ==
                error_code(asio::error::connection_reset));
        }
    }
}

BOOST_AUTO_TEST_CASE(lets_half_a_handshake_hang)
{
    misbehaving_server server(ctx, {{server_does::half_handshake{tls}, server_does::hang{}}});
    const auto m = std::make_shared<meeting>();
    asio::co_spawn(ctx, visit(at(server), guest{}, m), asio::detached);
    run_until([&] { return server.steps_done() == 1; });
    ctx.poll();
    BOOST_TEST(!m->is_over);
    BOOST_TEST(server.open() == 1U);
    finish(server);
    BOOST_TEST(m->is_over);
    BOOST_TEST(server.handshakes().empty());
}

BOOST_AUTO_TEST_CASE(ends_streams_with_and_without_notice)
{
    const server_does::handshake shakes{tls};
    const server_does::read_request reads;
    const server_does::close_notify notice;
    struct row {
        const char* name;
        server_script script;
        error_code end;
        std::string reply{};
    };
    const error_code truncated = ssl::error::stream_truncated;
    const error_code reset = asio::error::connection_reset;
    const row rows[] = {
        {"at once", {shakes, reads, notice, server_does::close{}}, asio::error::eof},
        {"without notice", {shakes, reads, server_does::close{}}, truncated},
        {"after a part",
         {shakes, reads, server_does::write{"part"}, server_does::close{}},
         truncated,
         "part"},
        {"reset", {shakes, reads, server_does::reset{}}, reset},
        {"half", {shakes, reads, server_does::half_close{}}, truncated},
        {"reset after the head", {shakes, server_does::read_head{}, server_does::reset{}}, reset},
        {"notice alone", {shakes, reads, notice}, asio::error::eof},
        {"slowly",
         {shakes, reads, server_does::trickle{"slow", 1ms}, notice},
         asio::error::eof,
         "slow"},
        {"after a pause",
         {shakes, reads, server_does::pause{1ms}, server_does::write{"late"}, notice},
         asio::error::eof,
         "late"},
        {"large",
         {shakes, reads, server_does::write{std::string(100'000, 'x')}, notice},
         asio::error::eof,
         std::string(100'000, 'x')},
        {"without end",
         {shakes, reads, server_does::flood{std::string(1000, 'x')}},
         error_code{},
         std::string(max_guest_reply_bytes, 'x')},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.name)
        {
            const meeting m = meet(r.script);
            BOOST_TEST(m.shaken == error_code{});
            BOOST_TEST(m.end == r.end);
            BOOST_TEST(m.reply == r.reply);
        }
    }
}

BOOST_AUTO_TEST_CASE(shakes_hands_after_plain_steps)
{
    server_script script = answers(tls);
    script.insert(script.begin(), {server_does::read_request{}, server_does::write{tunnel_stands}});
    misbehaving_server server(ctx, {script});
    BOOST_TEST(meet(server, {.by_proxy = true}).reply == "hello");
    finish(server);
    BOOST_TEST(server.requests().at(0).text == guest_tunnel);
    BOOST_TEST(server.requests().at(1).text == guest_request);
}

BOOST_AUTO_TEST_CASE(tells_of_handshakes_that_fail)
{
    misbehaving_server server(ctx, {answers(tls)});
    const meeting m = meet_plainly(at(server), guest_request);
    finish(server);
    BOOST_TEST(m.end == error_code(asio::error::eof));
    BOOST_TEST(server.handshakes().at(0).ec.category() == asio::error::get_ssl_category());
    BOOST_TEST(server.handshakes().at(0).server_name == "");
    BOOST_TEST(server.requests().empty());
}

BOOST_AUTO_TEST_SUITE_END()

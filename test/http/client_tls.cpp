#include "http/tls_client.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(client_tls, tls_client)

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

BOOST_AUTO_TEST_SUITE_END()

#include "http/certificates.hpp"
#include "http/network.hpp"
#include "sanitized.hpp"
#include "temporary_folder.hpp"
#include <carillon/http/client.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <string>

using namespace carillon;
using namespace carillon::test;
using namespace std::chrono_literals;

namespace soaks {

// A sanitizer keeps what is freed, and takes its time.
#ifdef CARILLON_SANITIZED
constexpr int rounds = 4;
#else
constexpr int rounds = 20;
#endif
constexpr int requests_a_round = 500;

std::size_t resident_kib()
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
    return 0;
}

/** A client that meets every fault that there is, again and again. */
struct client_among_faults : network {
    temporary_folder folder;
    certificate_authority authority;
    tls_server tls{{.identity = authority.issue({.dns_names = {"api.test"}})}};
    std::string ca_file = folder.write("ca.pem", authority.certificate());
    http::client client{ctx.get_executor(), {.max_header_bytes = 4096}};

    /** One of every kind of fault, and what goes well between them. */
    std::vector<server_script> scripts() const
    {
        const server_does::read_request reads;
        const server_does::close closes;
        const server_does::reset resets;
        const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
        const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        const auto says = [&](const std::string& text) { return server_does::write{text}; };
        return {
            {reads, says(reply_of("fine")), reads, says(reply_of("fine")), closes},
            {closes},
            {resets},
            {reads, closes},
            {reads, resets},
            {reads, says("HTTP/1.1 2"), resets},
            {reads, says(head + "01234"), closes},
            {reads, says(head + "0123456789and more")},
            {reads, says(chunks + "zz\r\n"), closes},
            {reads, server_does::flood{"X-A: b\r\n"}},
            {reads, server_does::flood{"HTTP/1.1 100 Continue\r\n\r\n"}},
            {reads, says("HTTP/1.1 200 OK\r\n"), server_does::flood{"X-A: b\r\n"}},
            {reads, says("HTTP/1.1 200 OK\r\n\r\n"), server_does::flood{"0123456789"}},
            {reads, says(head), server_does::trickle{"0123456789", 1ms}},
            {reads},
            {server_does::hang{}},
            {reads, says("220 mail.test ESMTP\r\n")},
        };
    }

    std::vector<server_script> secure_scripts() const
    {
        const server_does::read_request reads;
        const server_does::handshake shakes{tls};
        return {
            {shakes, reads, server_does::write{reply_of("fine")}, server_does::close_notify{},
             server_does::close{}},
            {server_does::alert{40}},
            {server_does::half_handshake{tls, 50}, server_does::close{}},
            {server_does::half_handshake{tls, 50}, server_does::reset{}},
            {server_does::half_handshake{tls, 0}, server_does::hang{}},
            {shakes, reads, server_does::close{}},
            {shakes, reads, server_does::reset{}},
            {server_does::write{reply_of("plain")}},
        };
    }

    /** A round of requests, some of them at a time, of which some are cancelled. */
    void play(int seed)
    {
        misbehaving_server plain(ctx, cycle(scripts()));
        misbehaving_server secure(ctx, cycle(secure_scripts()));
        std::vector<exchange> all;
        for (int i = 0; i < requests_a_round; ++i) {
            const bool is_secure = i % 5 == seed % 5;
            http::request req =
                request_to(is_secure ? secure.port() : plain.port(), "POST", "body", "api.test");
            if (is_secure) req.target.scheme = "https";
            req.route = route{.tls = {.ca_file = ca_file}};
            all.emplace_back(
                client, std::move(req), http::limits{.timeout = 20ms, .max_body_bytes = 1000});
            if (i % 20 == 19) finish_all(all);
        }
        finish_all(all);
        client.close_idle();
        plain.stop();
        finish(secure);
        BOOST_TEST(plain.open() == 0U);
    }

    static std::vector<server_script> cycle(const std::vector<server_script>& some)
    {
        std::vector<server_script> out;
        while (out.size() < requests_a_round) out.insert(out.end(), some.begin(), some.end());
        return out;
    }

    void finish_all(std::vector<exchange>& all)
    {
        for (std::size_t i = 0; i < all.size(); i += 7) all[i].cancel();
        for (const exchange& e : all) run_until([&] { return e.done(); });
        all.clear();
    }
};

} // namespace soaks

BOOST_FIXTURE_TEST_SUITE(soaks, client_among_faults)

BOOST_AUTO_TEST_CASE(ten_thousand_faults_leave_nothing_behind)
{
    names.answer("api.test", {"127.0.0.1"});
    play(0);
    play(1);
    const std::size_t descriptors = open_descriptors();
    const std::size_t resident = resident_kib();
    for (int i = 2; i < rounds; ++i) play(i);
    BOOST_TEST(open_descriptors() == descriptors);
#ifndef CARILLON_SANITIZED
    // Pages that the heap holds for later may be a few more, but not so many that they grow.
    BOOST_TEST(resident_kib() < resident + 2048);
    BOOST_TEST_MESSAGE(
        rounds * requests_a_round << " requests: resident " << resident << " KiB after 1,000, "
                                  << resident_kib() << " KiB after all");
#else
    static_cast<void>(resident);
#endif
}

BOOST_AUTO_TEST_SUITE_END()

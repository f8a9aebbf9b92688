#pragma once

#include "http/network.hpp"
#include "http/tls_guest.hpp"
#include "temporary_folder.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>
#include <utility>

namespace carillon::test {

/** Servers that are met by a client which is not ours. */
struct bench_of_servers : network {
    certificate_authority authority;
    temporary_folder folder;
    credentials identity = authority.issue({.dns_names = {"api.test"}});
    tls_server tls{{.identity = identity}};

    static generic_endpoint at(const misbehaving_server& server)
    {
        return boost::asio::ip::tcp::endpoint(
            boost::asio::ip::address_v4::loopback(), server.port());
    }

    meeting meet(misbehaving_server& server, const guest& who = {})
    {
        const auto out = std::make_shared<meeting>();
        boost::asio::co_spawn(ctx, visit(at(server), who, out), boost::asio::detached);
        run_until([&] { return out->is_over; });
        return *out;
    }

    meeting meet_plainly(const generic_endpoint& at, std::string text)
    {
        const auto out = std::make_shared<meeting>();
        boost::asio::co_spawn(ctx, visit_plainly(at, std::move(text), out), boost::asio::detached);
        run_until([&] { return out->is_over; });
        return *out;
    }

    meeting meet(server_script script, const guest& who = {})
    {
        misbehaving_server server(ctx, {std::move(script)});
        meeting out = meet(server, who);
        finish(server);
        return out;
    }
};

} // namespace carillon::test

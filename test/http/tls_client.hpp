#pragma once

#include "http/certificates.hpp"
#include "http/client_network.hpp"
#include "print.hpp"
#include "temporary_folder.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carillon::test {

/** A client, a server of TLS under a name, and the authority that certifies both. */
struct tls_client : closing_client {
    static constexpr server_does::read_request reads{};

    temporary_folder folder;
    certificate_authority authority;
    std::string ca_file = folder.write("ca.pem", authority.certificate());

    tls_client() { names.answer("api.test", {"127.0.0.1"}); }

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

    static bool contains_text(const exchange& e, std::string_view text)
    {
        return e.reply().detail.find(text) != std::string::npos;
    }
};

} // namespace carillon::test

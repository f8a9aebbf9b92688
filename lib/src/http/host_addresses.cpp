#include "http/host_addresses.hpp"

#include <carillon/detail/last_error.hpp>
#include <carillon/detail/text.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <netdb.h>

namespace asio = boost::asio;

namespace carillon::http::detail {
namespace {

/** The code for one of getaddrinfo's errors. */
error_code code_of_lookup(int eai)
{
    switch (eai) {
    case EAI_AGAIN:
        return asio::error::host_not_found_try_again;
    case EAI_NODATA:
        return errc::no_address;
    case EAI_NONAME:
        return asio::error::host_not_found;
    case EAI_MEMORY:
        return make_error_code(boost::system::errc::not_enough_memory);
    case EAI_SYSTEM:
        return carillon::detail::last_error();
    default:
        return asio::error::host_not_found;
    }
}

} // namespace

tcp_endpoints known_addresses(std::string_view host, std::uint16_t port)
{
    error_code not_literal;
    const auto address = asio::ip::make_address(std::string(host), not_literal);
    if (!not_literal) return {{address, port}};
    if (host.ends_with('.')) host.remove_suffix(1);
    static constexpr std::string_view name = "localhost";
    const bool is_local =
        host.size() >= name.size() &&
        carillon::detail::equals_ignoring_case(host.substr(host.size() - name.size()), name) &&
        (host.size() == name.size() || host[host.size() - name.size() - 1] == '.');
    if (!is_local) return {};
    return {{asio::ip::address_v6::loopback(), port}, {asio::ip::address_v4::loopback(), port}};
}

lookup_answer look_up(const std::string& host)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int eai = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); eai != 0)
        return {code_of_lookup(eai), {}};

    lookup_answer out;
    for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
        asio::ip::tcp::endpoint e;
        if (a->ai_addrlen > e.capacity()) continue;
        e.resize(a->ai_addrlen);
        std::copy_n(
            reinterpret_cast<const char*>(a->ai_addr), a->ai_addrlen,
            reinterpret_cast<char*>(e.data()));
        if (std::find(out.found.begin(), out.found.end(), e) == out.found.end())
            out.found.push_back(e);
    }
    ::freeaddrinfo(list);
    if (out.found.empty()) out.ec = errc::no_address;
    return out;
}

} // namespace carillon::http::detail

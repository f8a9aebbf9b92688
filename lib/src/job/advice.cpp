#include <carillon/job/advice.hpp>

#include <boost/asio/error.hpp>

namespace carillon {
namespace {

namespace error = boost::asio::error;

std::string_view after_timeout(phase at) noexcept
{
    switch (at) {
    case phase::resolve:
        return "does this machine reach its name server?";
    case phase::connect:
        return "nothing answers there: is the host up, does a firewall drop the packets?";
    case phase::handshake:
        return "it accepts connections but does not speak TLS, or is overloaded";
    case phase::send:
        return "it does not read what it is sent: is it overloaded?";
    case phase::first_byte:
        return "it has the request and has not answered: look at its log, or give it a longer "
               "timeout";
    case phase::body:
        return "its reply stalls: look at its log, or give it a longer timeout";
    }
    return {};
}

std::string_view for_own_code(errc e, phase at) noexcept
{
    switch (e) {
    case errc::timed_out:
        return after_timeout(at);
    case errc::no_address:
        return "is the host in the url spelt right?";
    case errc::closed_early:
        return at == phase::handshake ? "is TLS spoken at this port?"
                                      : "did it crash or restart? look at its log";
    case errc::malformed_reply:
        return "does HTTP/1.1 answer at this port?";
    case errc::header_too_large:
        return "carillon takes no larger one: look at what answers there";
    case errc::body_too_large:
        return "raise expect.max_body if that much is right";
    case errc::certificate_expired:
        return "have it renewed";
    case errc::certificate_not_yet_valid:
        return "is this machine's clock right?";
    case errc::certificate_wrong_host:
        return "use a name that it is for, in the url or as tls.server_name";
    case errc::certificate_self_signed:
    case errc::certificate_untrusted:
        return "name the authority that you trust as tls.ca_file";
    case errc::certificate_invalid:
        return "have another one issued";
    case errc::client_certificate_refused:
        return "check tls.cert_file and tls.key_file";
    case errc::tls_failed:
        return "check which versions and ciphers of TLS it offers";
    case errc::not_tls:
        return "is the url's port right, or should it begin with http:?";
    case errc::tls_file_unusable:
        return "check the file's path, owner and form (PEM)";
    case errc::proxy_refused:
        return "ask who runs the proxy, check its user and password, or add the host to no_proxy";
    case errc::proxy_failed:
        return "is the endpoint up, and may the proxy reach it?";
    case errc::bad_redirect:
        return "put the right address into the url";
    default:
        return {};
    }
}

std::string_view for_redirection(int status, int redirects) noexcept
{
    // RFC 9110 section 15.4: it answers a conditional request, and is no redirect.
    if (status == 304) return "take If-None-Match and If-Modified-Since out of the headers";
    const bool leads_on = status == 301 || status == 302 || status == 303 || status == 307 ||
                          status == 308; // alone are followed
    if (!leads_on) return "put an address that it names into the url";
    return redirects == 0 ? "set redirects, or put the new address into the url"
                          : "it was redirected more often than redirects allows: does it lead in a "
                            "cycle? else raise redirects";
}

} // namespace

std::string_view advice_for(const error_code& ec, phase at) noexcept
{
    if (ec.category() == carillon_category())
        return for_own_code(static_cast<errc>(ec.value()), at);
    if (ec == error::connection_refused)
        return "nothing listens there: is the endpoint up, and the url's port right?";
    if (ec == error::connection_reset || ec == error::broken_pipe)
        return "did it crash or restart? look at its log";
    if (ec == error::host_not_found || ec == error::no_data)
        return "is the host in the url spelt right?";
    if (ec == error::host_not_found_try_again) return "does this machine reach its name server?";
    if (ec == error::host_unreachable || ec == error::network_unreachable)
        return "check this machine's network and routes";
    if (ec == error::timed_out) return after_timeout(phase::connect);
    if (lacks_descriptors(ec)) return "raise the limit of open files (LimitNOFILE=)";
    if (ec == boost::system::errc::no_such_file_or_directory)
        return "is the service that makes the socket up?";
    if (ec == boost::system::errc::permission_denied) return "check the socket's owner and mode";
    return {};
}

std::string_view advice_for(int status, int redirects) noexcept
{
    if (status / 100 == 3) return for_redirection(status, redirects);
    if (status / 100 == 5) return "look at the endpoint's log";
    switch (status) {
    case 401:
    case 403:
        return "check the key, token or password that it is sent";
    case 404:
    case 410:
        return "check the url's path";
    case 405:
        return "check the method";
    case 407:
        return "check the proxy's user and password";
    case 411:
    case 413:
    case 415:
    case 422:
        return "check the body and its Content-Type";
    case 429:
        return "it is asked too often: ask less, or give retry a longer backoff";
    default:
        return {};
    }
}

} // namespace carillon

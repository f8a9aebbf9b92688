#include <carillon/error.hpp>

#include <boost/asio/error.hpp>

#include <array>
#include <cctype>
#include <stdexcept>
#include <utility>

namespace carillon {
namespace {

class category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "carillon"; }

    std::string message(int value) const override
    {
        switch (static_cast<errc>(value)) {
        case errc::clock_changed:
            return "the clock was set";
        case errc::no_address:
            return "the host name has no address";
        case errc::timed_out:
            return "timed out";
        case errc::closed_early:
            return "connection closed before a whole reply";
        case errc::malformed_reply:
            return "the reply is not valid HTTP";
        case errc::malformed_request:
            return "the request cannot be written as HTTP";
        case errc::header_too_large:
            return "the reply's header is too large";
        case errc::body_too_large:
            return "the reply's body is too large";
        case errc::certificate_expired:
            return "the server's certificate has expired";
        case errc::certificate_not_yet_valid:
            return "the server's certificate is not valid yet";
        case errc::certificate_wrong_host:
            return "the server's certificate is for another host";
        case errc::certificate_self_signed:
            return "the server's certificate is self-signed";
        case errc::certificate_untrusted:
            return "the server's certificate is not trusted";
        case errc::certificate_invalid:
            return "the server's certificate cannot be used";
        case errc::client_certificate_refused:
            return "the server refuses the client's certificate";
        case errc::tls_failed:
            return "the TLS handshake failed";
        case errc::not_tls:
            return "the endpoint does not speak TLS";
        case errc::tls_file_unusable:
            return "a certificate file cannot be used";
        case errc::proxy_refused:
            return "the proxy refused the request";
        case errc::proxy_failed:
            return "the proxy could not connect";
        case errc::bad_redirect:
            return "the redirect cannot be followed";
        case errc::not_kept:
            return "the store could not be written";
        case errc::store_moved:
            return "the store's file, or one of those beside it (-wal, -shm), has been moved or "
                   "deleted";
        case errc::store_stalled:
            return "the store does not answer";
        case errc::queue_full:
            return "too much work waits already";
        case errc::already_claimed:
            return "an occurrence of this instant has run already";
        case errc::no_such_job:
            return "no such job";
        case errc::no_such_run:
            return "no such run";
        case errc::run_not_ended:
            return "the run has not ended yet";
        case errc::nothing_to_retry:
            return "the run completed";
        case errc::no_schedule:
            return "the job has no schedule";
        case errc::not_running:
            return "not running";
        case errc::already_running:
            return "already running";
        case errc::internal:
            return "internal error";
        }
        return "unknown error";
    }
};

} // namespace

const boost::system::error_category& carillon_category() noexcept
{
    static const category instance;
    return instance;
}

error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), carillon_category()}; }

void throw_exception_from_error(const parse_error& e, const boost::source_location&)
{
    throw std::invalid_argument(e.what + " (at offset " + std::to_string(e.offset) + ")");
}

bool lacks_descriptors(const error_code& ec) noexcept
{
    return ec == boost::system::errc::too_many_files_open ||
           ec == boost::system::errc::too_many_files_open_in_system;
}

std::string describe(const error_code& ec)
{
    namespace error = boost::asio::error;
    static const std::array<std::pair<error_code, const char*>, 12> words{{
        {error::connection_refused, "connection refused"},
        {error::connection_reset, "connection reset"},
        {error::connection_aborted, "connection aborted"},
        {error::broken_pipe, "connection reset"},
        {error::timed_out, "connection timed out"},
        {error::host_unreachable, "host unreachable"},
        {error::network_unreachable, "network unreachable"},
        {error::host_not_found, "host name not found"},
        {error::host_not_found_try_again, "host name not found: the name server does not answer"},
        {error::no_data, "the host name has no address"},
        {error::no_descriptors, "too many open files"},
        {error::operation_aborted, "cancelled"},
    }};
    for (const auto& [code, text] : words)
        if (code == ec) return text;

    std::string text = ec.message();
    // "Permission denied" becomes "permission denied"; "TLS ..." stays.
    if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0)
        text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return text;
}

} // namespace carillon

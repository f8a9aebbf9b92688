#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace carillon {

using boost::system::error_code;

/** What can go wrong in carillon itself; codes of the system, Asio and others pass through as they
 * are. */
enum class errc {
    /// The system's wall clock was set while an operation waited for an instant of it.
    clock_changed = 1,
    /// A host name has no address.
    no_address,
    /// A deadline passed.
    timed_out,
    /// The peer closed the connection before its reply was whole.
    closed_early,
    /// What came back is not HTTP/1, or breaks its rules.
    malformed_reply,
    /// The request holds what would end a line of it early; nothing of it was sent.
    malformed_request,
    /// The reply's header is larger, or has more fields, than allowed.
    header_too_large,
    /// The reply's body is larger than `expectation::max_body_bytes`.
    body_too_large,
    /// The server's certificate was valid once.
    certificate_expired,
    /// The server's certificate will be valid later, by this machine's clock.
    certificate_not_yet_valid,
    /// The server's certificate is for another name or address.
    certificate_wrong_host,
    /// The server's certificate, or that of its authority, signs itself and is not trusted.
    certificate_self_signed,
    /// Nobody who is trusted has signed the server's certificate.
    certificate_untrusted,
    /// The server's certificate may not be used: revoked, for another purpose, too weak a key.
    certificate_invalid,
    /// The server wants a certificate of the client's, or another one.
    client_certificate_refused,
    /// Client and server could not agree on TLS.
    tls_failed,
    /// What came back is not TLS.
    not_tls,
    /// A file with certificates or a key cannot be read.
    tls_file_unusable,
    /// The proxy does not let the request pass.
    proxy_refused,
    /// The proxy could not connect.
    proxy_failed,
    /// A redirect leads to where it may not be followed.
    bad_redirect,
    /// What has to be durable before a request is sent could not be stored.
    not_kept,
    /// The store's file, or one that SQLite has beside it, is no longer where it was opened.
    store_moved,
    /// The store does not answer: what was asked for may take effect later, or never.
    store_stalled,
    /// More work waits than a bounded queue may hold.
    queue_full,
    /// An occurrence of this instant has run already.
    already_claimed,
    /// No job has this name.
    no_such_job,
    /// No run has this id.
    no_such_run,
    /// The run has not ended.
    run_not_ended,
    /// The run completed.
    nothing_to_retry,
    /// The job has no schedule.
    no_schedule,
    /// The operation needs a runner that fires, or one that is not being drained.
    not_running,
    /// The operation is under way already.
    already_running,
    /// An exception that carries no code ended an operation.
    internal,
};

/** The category of @ref errc; its messages are lower-case fragments for use within a sentence. */
const boost::system::error_category& carillon_category() noexcept;

/** The code of an error, with carillon's category: boost::system finds it for an @ref errc. */
error_code make_error_code(errc e) noexcept;

/** A value, or why there is none. */
template <class T>
using result = boost::system::result<T>;

/** Why a text could not be read, and where. */
struct parse_error {
    parse_error() = default;
    // Were it an aggregate, any number could become one, and result<number> could not be returned
    // as such.
    /** What is wrong at a place. */
    parse_error(std::size_t at, std::string why) : offset(at), what(std::move(why)) {}

    /// Bytes before the character at fault; the text's size where something is missing at the end.
    std::size_t offset = 0;
    /// What is wrong and what is allowed there.
    std::string what;
};

/** What was read, or why it could not be. */
template <class T>
using parse_result = boost::system::result<T, parse_error>;

/** Lets `parse_result<T>::value()` throw `std::invalid_argument`. */
[[noreturn]] void throw_exception_from_error(const parse_error& e, const boost::source_location&);

/** Whether an error says that the process, or the system, has no descriptor left: one that is
 * closed elsewhere helps. */
bool lacks_descriptors(const error_code& ec) noexcept;

/**
 * An error in lower-case words that fit after a colon: `connection refused`.
 *
 * The same on every system for the errors that a network client meets; otherwise the code's own
 * message.
 */
std::string describe(const error_code& ec);

} // namespace carillon

/// @cond
template <>
struct boost::system::is_error_code_enum<carillon::errc> : std::true_type {};
/// @endcond

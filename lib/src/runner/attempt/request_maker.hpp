#pragma once

#include "runner/attempt/progress.hpp"
#include "runner/attempt/run_secrets.hpp"
#include <carillon/http/transport.hpp>
#include <carillon/job/job.hpp>
#include <carillon/job/run.hpp>

#include <boost/system/result.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace carillon::detail {

/** Which attempt of which job of which run a request is for. */
struct request_context {
    const carillon::job& job;
    const run_record& run;
    /// From 1.
    int attempt = 1;
    /// See @ref attempt_identity.
    std::uint64_t span_id = 1;
    /// What must be hidden. Values of earlier replies that are sent in secret fields are added.
    run_secrets& secrets;
};

/** Why there is no request to send. */
struct unfilled {
    /// In words.
    std::string why{};
    /// The attempt's outcome: `rejected` if nothing can be sent to its URL.
    carillon::outcome outcome = carillon::outcome::failed;
};

/** The reason where nothing can be sent to a URL. */
unfilled bad_url(std::string why);

/**
 * The request that an attempt sends, with all placeholders filled in.
 *
 * The error names a placeholder that has no value, or a value that cannot stand there.
 */
boost::system::result<http::request, unfilled> make_request(const request_context& c);

/** Signs a request to the job's own origin as sent at `now`, if the job's `auth` asks for it. An
 * older signature is replaced. */
void sign(const job& j, instant now, http::request& r);

/** The request that polls for the result of work that was answered 202: `from`, the attempt's
 * request, as a GET of `at`. */
boost::system::result<http::request, unfilled> make_poll(const http::request& from, endpoint at);

/** `poll.url` with its placeholders filled in. */
boost::system::result<endpoint, unfilled> poll_target(const request_context& c);

/** Copies the values that later jobs of the run are sent with from a reply into `out`. Those that
 * are sent as secrets are hidden from now on, also in this reply's own message. */
void keep_values(
    const std::vector<wanted_value>& wanted,
    std::string_view body,
    run_secrets& secrets,
    job_record& out);

} // namespace carillon::detail

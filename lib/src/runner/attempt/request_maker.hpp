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
    /// What must be hidden; values of earlier replies that stand in secret places are added.
    run_secrets& secrets;
};

/** Why there is no request to send. */
struct unfilled {
    /// In words.
    std::string why{};
    /// What the attempt comes to: `rejected` where there is a URL that nothing can be sent to.
    carillon::outcome outcome = carillon::outcome::failed;
};

/** For a URL that nothing can be sent to. */
unfilled bad_url(std::string why);

/**
 * What an attempt sends, with all placeholders filled in.
 *
 * The error says which placeholder has no value, or one that cannot stand there.
 */
boost::system::result<http::request, unfilled> make_request(const request_context& c);

/** Signs a request to the job's own origin, where its `auth` says so, as sent at an instant; an
 * older signature is replaced. */
void sign(const job& j, instant now, http::request& r);

/** What asks an endpoint that has answered 202 for what came of it: as the attempt, but a GET of
 * `at`. `from` is the attempt's request. */
boost::system::result<http::request, unfilled> make_poll(const http::request& from, endpoint at);

/** `poll.url` with its placeholders filled in. */
boost::system::result<endpoint, unfilled> poll_target(const request_context& c);

/** Keeps of a reply the values that later jobs of the run are sent with. Those that are sent as
 * secrets are to be hidden from now on, in what this reply says of itself, too. */
void keep_values(
    const std::vector<wanted_value>& wanted,
    std::string_view body,
    run_secrets& secrets,
    job_record& out);

} // namespace carillon::detail

#pragma once

#include <carillon/job/job.hpp>
#include <carillon/job/run.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::detail {

/** What the headers of an attempt say about it. */
struct attempt_identity {
    const run_record& run;
    const carillon::job& job;
    /// From 1.
    int attempt = 1;
    /// The trace context's parent id, unique to the attempt; not zero.
    std::uint64_t span_id = 1;
};

/**
 * The key that every attempt of one occurrence of one job carries:
 * `JOB@2025-12-20T18:15:00.000000Z`.
 *
 * It is the same after a restart and on another machine, since it depends only on the
 * occurrence.
 */
std::string idempotency_key(const job& j, const run_record& run);

/** The value of an @ref hmac_auth's header for a body that is sent at an instant. */
std::string signature(const hmac_auth& auth, std::string_view body, instant at);

/**
 * All header fields of an attempt: the job's own, then those that carillon adds.
 *
 * `user_info` is a URL's `user:password`. It is sent as Basic credentials (RFC 7617) unless the
 * job has `auth` or an `Authorization` of its own. A `User-Agent` or `Accept-Encoding` of the
 * job replaces carillon's; an empty one is not sent at all. A signature is not among the fields,
 * since it depends on the body.
 */
std::vector<std::pair<std::string, std::string>>
request_fields(const attempt_identity& identity, const secret& user_info);

} // namespace carillon::detail

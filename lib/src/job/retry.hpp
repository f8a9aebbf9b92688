#pragma once

#include <carillon/job/expectation.hpp>
#include <carillon/job/job.hpp>
#include <carillon/job/outcome.hpp>

#include <optional>
#include <string_view>

namespace carillon::detail {

/**
 * The wait before the attempt that follows `failed_attempts` failed ones.
 *
 * With full jitter it is `draw` times the backoff; `draw` is a random number from [0, 1).
 * `failed_attempts` is at least 1.
 */
microseconds backoff(const retry_policy& policy, int failed_attempts, double draw) noexcept;

/** Whether an attempt's end is one that the policy retries. How many attempts are left does not
 * matter.
 */
bool is_retryable(
    const retry_conditions& on, outcome o, const verdict& v, int http_status) noexcept;

/**
 * Reads a `Retry-After` (RFC 9110 section 10.2.3): seconds, or an HTTP date in any of its three
 * forms, from which `now` is subtracted. Blanks around it are skipped.
 *
 * Nothing if the text is neither. Never negative.
 */
std::optional<microseconds> parse_retry_after(std::string_view text, instant now) noexcept;

} // namespace carillon::detail

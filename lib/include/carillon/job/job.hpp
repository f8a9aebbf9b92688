#pragma once

#include <carillon/job/auth.hpp>
#include <carillon/job/route.hpp>
#include <carillon/job/shared_value.hpp>
#include <carillon/json_primitive.hpp>
#include <carillon/secret.hpp>
#include <carillon/time/schedule.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace carillon {

/** The longest span that a job may name: clocks that count nanoseconds reach little further. */
inline constexpr microseconds max_span = std::chrono::years{100};

/** One header of a request. The value never prints itself: it may be a key. */
struct header {
    std::string name;
    secret value;

    friend bool operator==(const header&, const header&) = default;
};

/** HTTP statuses from `first` to `last`, both included: `2xx` is {200, 299}. */
struct status_range {
    std::uint16_t first = 200;
    std::uint16_t last = 299;

    friend bool operator==(const status_range&, const status_range&) = default;
};

/** Whether one of the ranges holds `status`. */
bool contains(const std::vector<status_range>& ranges, int status) noexcept;

/** Asks that the value at a place of the reply's JSON is one of some values, or a number within
 * bounds. */
struct json_check {
    /// RFC 6901: `/status`.
    std::string pointer;
    /// Empty where bounds are asked.
    std::vector<json_primitive> any_of{};
    /// Numbers, both included; null where there is no such bound.
    json_primitive min{};
    json_primitive max{};

    friend bool operator==(const json_check&, const json_check&) = default;
};

/** What a reply must be for the job to have completed. */
struct expectation {
    std::vector<status_range> status{{200, 299}};
    /// All of them must hold; none asked, the body need not be JSON.
    std::vector<json_check> json{};
    /// A larger body ends the attempt as `rejected`.
    std::size_t max_body_bytes = std::size_t{1024} * 1024;

    friend bool operator==(const expectation&, const expectation&) = default;
};

/** Which failures another attempt may mend. */
struct retry_conditions {
    std::vector<status_range> statuses{{408, 408}, {425, 425}, {429, 429}, {500, 500}, {502, 504}};
    bool unreachable = true;
    bool timed_out = true;
    /// A reply of an accepted status that breaks `expectation::json`.
    bool expect = true;

    friend bool operator==(const retry_conditions&, const retry_conditions&) = default;
};

/** Whether the wait before a retry is drawn at random from zero to the backoff (`full`), or is the
 * backoff. */
enum class jitter { full, none };

/** How often and after what wait a failed attempt is made again. */
struct retry_policy {
    /// All attempts, the first included; at least 1.
    int attempts = 1;
    /// The longest wait before the second attempt; each later one is `multiplier` times as long, up
    /// to `max_backoff`.
    microseconds backoff = std::chrono::seconds{1};
    microseconds max_backoff = std::chrono::seconds{30};
    /// At least 1.
    double multiplier = 2;
    carillon::jitter jitter = carillon::jitter::full;
    retry_conditions on{};

    friend bool operator==(const retry_policy&, const retry_policy&) = default;
};

/** How an endpoint that has answered 202 (RFC 9110 section 15.3.3) is asked for the result. */
struct poll_policy {
    /// Absolute; empty means the reply's `Location`.
    std::string url{};
    microseconds every = std::chrono::seconds{5};
    /// What ends the asking; a 202 does only where `expect.status` names it by itself.
    expectation expect{};

    friend bool operator==(const poll_policy&, const poll_policy&) = default;
};

/** What a job's parent must have come to for the job to start. */
enum class condition {
    /// completed
    succeeded,
    /// any end, skipped too
    finished,
    /// failed, timed_out, unreachable, rejected or interrupted
    failed,
};

/** One job that another waits for. */
struct parent {
    std::string job;
    condition when = condition::succeeded;

    friend bool operator==(const parent&, const parent&) = default;
};

/** The jobs of the same chain that must end first; all of them are waited for. */
using after = std::vector<parent>;

/** What starts a job: nothing (it runs only when asked), a schedule, or other jobs. */
using trigger = std::variant<std::monostate, schedule, after>;

/** What happens when a chain is due while its last run is still running. */
enum class overlap_policy : std::uint8_t {
    /// The new run is not sent.
    skip,
    /// It waits for the end of the last one; one waits, the newest, and others are skipped.
    queue,
    /// Both run.
    allow,
    /// The last one is cancelled, and the new one follows its end.
    replace,
};

/** What a crash does to a job that it interrupts. */
enum class delivery_policy : std::uint8_t {
    /// It is sent again, with the same `Idempotency-Key`.
    at_least_once,
    /// Nothing is sent again once a byte may have reached the endpoint.
    at_most_once,
};

/** A named HTTP request with all that carillon needs to know about it. A plain value; @ref job_set
 * validates it. */
struct job {
    /// Letters, digits, `.`, `_`, `-`.
    std::string name;
    /// For people; empty means the name.
    std::string title{};
    std::string description{};
    std::vector<std::string> tags{};
    /// A disabled job is skipped in its chain and not fired by its schedule; by hand it runs.
    bool enabled = true;
    /// Of a chain's first job.
    overlap_policy overlap = overlap_policy::skip;
    delivery_policy delivery = delivery_policy::at_least_once;
    carillon::trigger trigger{};

    /// Absolute, `http` or `https`. Path, query, the headers' values and the body may hold
    /// placeholders such as `{{run}}`.
    std::string url;
    std::string method = "POST";
    shared_value<std::vector<header>> headers{};
    std::string body{};
    shared_value<authentication> auth{};
    shared_value<carillon::route> route{};

    /// One attempt, from connecting to the last byte of the reply.
    microseconds timeout = std::chrono::seconds{60};
    /// The name look-up, the connection and TLS's handshake, within `timeout`.
    microseconds connect_timeout = std::chrono::seconds{10};
    /// The job with all its attempts and waits.
    microseconds deadline = std::chrono::hours{1};
    shared_value<retry_policy> retry{};
    shared_value<expectation> expect{};
    shared_value<std::optional<poll_policy>> poll{};
    /// RFC 6901: where in the reply's JSON the text for people stands.
    std::string message = "/message";

    friend bool operator==(const job&, const job&) = default;
};

/** The job's title, or its name where it has none. */
inline const std::string& title_of(const job& j) noexcept
{
    return j.title.empty() ? j.name : j.title;
}

} // namespace carillon

#include <carillon/detail/text.hpp>
#include <carillon/job/expectation.hpp>
#include <carillon/job/request_fields.hpp>
#include <carillon/job/retry.hpp>
#include <carillon/runner/attempt.hpp>
#include <carillon/time/span.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

namespace asio = boost::asio;

namespace carillon {
namespace {

constexpr auto use_tuple = asio::as_tuple(asio::use_awaitable);

/** One attempt's end, with what decides on the next. */
struct attempt_end {
    attempt_record record;
    carillon::verdict verdict;
    std::optional<microseconds> retry_after;
};

http::request make_request(const job_task& t, int attempt)
{
    // The job was validated with this URL.
    endpoint target = parse_endpoint(t.job.url).value();
    const attempt_identity identity{
        .run = t.run, .job = t.job, .attempt = attempt, .span_id = t.shared.random() | 1U};
    http::request req{.method = t.job.method, .target = {}, .fields = {}, .body = t.job.body};
    for (auto& [name, value] : request_fields(identity, target.user_info))
        req.fields.push_back({std::move(name), std::move(value)});
    req.target = std::move(target);
    return req;
}

/** Which limit passed, in words: `timed out after 60s`. */
std::string describe_timeout(const job& j, const http::limits& lim, phase at)
{
    if (lim.deadline <= j.timeout && lim.deadline <= lim.timeout)
        return fmt::format("timed out: the job's deadline of {} passed", format_span(j.deadline));
    const bool connecting = at == phase::resolve || at == phase::connect;
    if (connecting && j.connect_timeout < j.timeout)
        return fmt::format(
            "timed out after {} while connecting", format_seconds(j.connect_timeout));
    return fmt::format("timed out after {}", format_seconds(j.timeout));
}

std::string describe_failure(const job& j, const http::limits& lim, const error_code& ec, phase at)
{
    if (ec == errc::timed_out) return describe_timeout(j, lim, at);
    if (ec == errc::body_too_large)
        return fmt::format("the reply's body is larger than {} bytes", j.expect->max_body_bytes);
    return describe(ec);
}

std::string presentable(const masker& secrets, std::string_view text)
{
    return detail::shorten(secrets.hide(text), max_message_bytes);
}

/** Puts what came of an exchange into words; the reply's text is hidden from here on. */
void conclude(
    const job_task& t,
    const http::limits& lim,
    const error_code& ec,
    const http::response& res,
    attempt_end& end)
{
    end.record.http_status = res.status;
    if (ec) {
        end.record.outcome = outcome_of(ec);
        end.record.phase = res.phase;
        end.verdict.status = "error";
        end.verdict.error = describe_failure(t.job, lim, ec, res.phase);
        end.verdict.message = end.verdict.error;
    } else {
        end.verdict = judge(
            t.job,
            {.http_status = res.status, .reason_phrase = res.reason_phrase, .body = res.body});
        end.record.outcome = end.verdict.accepted ? outcome::completed : outcome::failed;
        if (!end.verdict.accepted) end.record.phase = phase::body;
    }
    end.verdict.status = presentable(t.secrets, end.verdict.status);
    end.verdict.message = presentable(t.secrets, end.verdict.message);
    end.verdict.error = presentable(t.secrets, end.verdict.error);
    end.record.error = end.verdict.error;
}

asio::awaitable<attempt_end> attempt_once(const job_task& t, int number, microseconds time_left)
{
    attempt_end end;
    end.record.attempt = number;
    end.record.started_at = t.shared.time.now();
    const microseconds begun = t.shared.time.since_boot();

    const http::limits lim{
        .timeout = t.job.timeout,
        .connect_timeout = t.job.connect_timeout,
        .deadline = time_left,
        .max_body_bytes = t.job.expect->max_body_bytes};
    http::request req = make_request(t, number);
    auto [ec, res] = co_await t.shared.transport.async_send(std::move(req), lim, use_tuple);

    end.record.latency = t.shared.time.since_boot() - begun;
    conclude(t, lim, ec, res, end);
    if (const std::string* text = res.find("Retry-After"))
        end.retry_after = parse_retry_after(*text, t.shared.time.now());
    co_return end;
}

/** The wait before another attempt, or nothing where this one was the last. */
std::optional<microseconds>
wait_before_next(const job_task& t, const attempt_end& end, microseconds time_left)
{
    const retry_policy& policy = *t.job.retry;
    if (end.record.attempt >= policy.attempts) return std::nullopt;
    if (!is_retryable(policy.on, end.record.outcome, end.verdict, end.record.http_status))
        return std::nullopt;
    const double draw = std::generate_canonical<double, 53>(t.shared.random);
    microseconds wait = backoff(policy, end.record.attempt, draw);
    if (end.retry_after) wait = std::max(wait, *end.retry_after);
    // A wait that would pass the deadline is not begun.
    if (wait >= time_left) return std::nullopt;
    return wait;
}

void settle(const job_task& t, attempt_end end)
{
    t.record.outcome = end.record.outcome;
    t.record.status = std::move(end.verdict.status);
    t.record.message = std::move(end.verdict.message);
}

void settle_cancelled(const job_task& t)
{
    t.record.outcome = outcome::cancelled;
    t.record.status = "error";
    t.record.message = "cancelled";
}

} // namespace

asio::awaitable<void> perform_job(job_task task)
{
    // Cancellation shows as a code or in the state, never as an exception, so that the record
    // always comes to its end.
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    const microseconds begun = task.shared.time.since_boot();
    const auto time_left = [&] {
        return begun + task.job.deadline - task.shared.time.since_boot();
    };

    for (int number = 1;; ++number) {
        if (cancellation.cancelled() != asio::cancellation_type::none)
            co_return settle_cancelled(task);
        attempt_end end = co_await attempt_once(task, number, time_left());
        task.record.attempts.push_back(end.record);
        const std::optional<microseconds> wait = wait_before_next(task, end, time_left());
        if (!wait || cancellation.cancelled() != asio::cancellation_type::none)
            co_return settle(task, std::move(end));

        task.shared.emit(attempt_failed{task.run, task.job, task.record.attempts.back(), *wait});
        co_await task.shared.time.async_wait_for(*wait, use_tuple);
        // The machine may have been suspended meanwhile.
        if (time_left() <= microseconds{0}) co_return settle(task, std::move(end));
    }
}

} // namespace carillon

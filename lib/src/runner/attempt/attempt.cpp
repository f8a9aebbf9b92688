#include "runner/attempt/attempt.hpp"

#include "job/retry.hpp"
#include "runner/attempt/exchange.hpp"
#include "runner/attempt/polling.hpp"
#include "runner/attempt/request_maker.hpp"
#include <carillon/job/advice.hpp>
#include <carillon/job/expectation.hpp>
#include <carillon/time/span.hpp>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <utility>

namespace asio = boost::asio;

namespace carillon::detail {
namespace {

/** The result of one attempt, with what decides whether another follows. */
struct attempt_end {
    attempt_record record{};
    carillon::verdict verdict{};
    std::optional<microseconds> retry_after{};
    /// Another attempt would not help, or would start work a second time that may still be running.
    bool is_last = false;
};

std::string deadline_passed(const job& j)
{
    return fmt::format("timed out: the job's deadline of {} passed", format_span(j.deadline));
}

/** In words: a wait does not begin since it would pass the deadline. */
std::string wait_would_pass(const job& j, const poll_wait& w)
{
    return fmt::format(
        "timed out: the wait of {} {} would pass the job's deadline of {}", format_span(w.span),
        w.is_asked_for ? "that the endpoint asks for (Retry-After)" : "until the next poll",
        format_span(j.deadline));
}

/** In words, which limit passed: `timed out after 60s`. */
std::string describe_timeout(const job& j, const exchange_result& r)
{
    if (r.never_began) return deadline_passed(j) + " while it waited for its turn";
    const bool is_connecting = r.reply.phase <= phase::handshake;
    const microseconds limit = is_connecting ? std::min(j.connect_timeout, j.timeout) : j.timeout;
    if (r.cut_to && *r.cut_to <= limit) return deadline_passed(j);
    if (is_connecting && j.connect_timeout < j.timeout)
        return fmt::format(
            "timed out after {} while connecting", format_seconds(j.connect_timeout));
    return fmt::format("timed out after {}", format_seconds(j.timeout));
}

void fail(attempt_end& end, outcome o, std::string why)
{
    end.record.outcome = o;
    end.verdict.status = "error";
    end.verdict.message = why;
    end.verdict.error = std::move(why);
}

/** Writes the result of an exchange without a whole reply. */
void conclude_failure(
    const job& j, const expectation& wanted, const exchange_result& r, attempt_end& end)
{
    std::string words = r.ec == errc::timed_out ? describe_timeout(j, r) : describe(r.ec);
    if (r.ec == errc::body_too_large)
        words = fmt::format("the reply's body is larger than {} bytes", wanted.max_body_bytes);
    fail(end, outcome_of(r.ec), std::move(words));
    if (!r.reply.detail.empty()) end.verdict.error += " (" + r.reply.detail + ")";
    end.record.phase = r.reply.phase;
    end.record.phase_time = r.reply.phase_time;
    end.record.advice =
        r.never_began ? "give the job a longer deadline, or raise max_per_origin or max_concurrent"
                      : advice_for(r.ec, r.reply.phase);
}

/** Writes the result of a job that is not sent: it is delivered at most once, and the store could
 * not save that it may have been sent. */
void conclude_unkept(const exchange_result& r, attempt_end& end)
{
    fail(end, outcome::failed, "not sent: " + describe(r.ec));
    if (!r.reply.detail.empty()) end.verdict.error += " (" + r.reply.detail + ")";
    end.is_last = true;
}

/** Judges a whole reply and writes the result. */
void conclude_reply(
    const job& j, const expectation& wanted, const http::response& r, attempt_end& end)
{
    end.verdict = judge(wanted, j.message, reply_of(r));
    end.record.outcome = end.verdict.accepted ? outcome::completed : outcome::failed;
    if (end.verdict.accepted) return;
    end.record.phase = phase::body;
    end.record.phase_time = r.phase_time;
    if (!end.verdict.breaks_json) end.record.advice = advice_for(r.status, j.route->redirects);
}

/** Polls for the result of accepted work and writes it. */
asio::awaitable<void> conclude_polling(
    const job_task& t,
    const request_context& c,
    const http::request& sent,
    exchange_result& r,
    time_budget budget,
    attempt_end& end)
{
    polling_result asked = co_await poll(t, c, sent, std::move(r), budget);
    r = std::move(asked.last);
    if (asked.problem) {
        fail(end, asked.problem->outcome, std::move(asked.problem->why));
        end.record.phase = phase::body;
        co_return;
    }
    if (r.ec)
        conclude_failure(c.job, (*c.job.poll)->expect, r, end);
    else
        conclude_reply(c.job, (*c.job.poll)->expect, r.reply, end);
    if (!asked.is_out_of_time) co_return;
    const std::string last = end.verdict.error.empty() ? "202 Accepted" : end.verdict.error;
    const bool has_passed = budget.left() <= microseconds{0};
    fail(
        end, outcome::timed_out,
        has_passed ? deadline_passed(c.job) : wait_would_pass(c.job, asked.wait_that_is_too_long));
    end.verdict.error += has_passed ? " while it was polled" : "";
    end.verdict.error += "; the last answer: " + last;
    end.record.phase = phase::body;
    end.record.advice = "give the job a longer deadline, or look at the endpoint's log";
    end.is_last = true;
}

asio::awaitable<void> send_and_conclude(
    const job_task& t,
    const request_context& c,
    time_budget budget,
    std::optional<limiter::permit_result> permit,
    attempt_end& end)
{
    auto req = make_request(c);
    if (!req) {
        fail(end, req.error().outcome, req.error().why);
        end.is_last = true;
        co_return;
    }
    const http::limits lim{
        .timeout = c.job.timeout,
        .connect_timeout = c.job.connect_timeout,
        .max_body_bytes = c.job.expect->max_body_bytes};
    std::unique_ptr<const http::request> kept_for_polls;
    if (*c.job.poll) kept_for_polls = std::make_unique<const http::request>(*req);
    exchange_result r;
    if (t.record.polled && *c.job.poll) // it was accepted before a crash
        r.reply.status = status_accepted;
    else
        co_await exchange(t, *req, lim, budget, std::move(permit), r);
    if (is_to_be_polled(c.job, r))
        co_await conclude_polling(t, c, *kept_for_polls, r, budget, end);
    else if (r.ec == errc::not_kept)
        conclude_unkept(r, end);
    else if (r.ec)
        conclude_failure(c.job, *c.job.expect, r, end);
    else
        conclude_reply(c.job, *c.job.expect, r.reply, end);

    t.record.polled = {};
    end.record.http_status = r.reply.status;
    keep_values(t.wanted_values, r.reply.body, t.secrets, t.record);
    if (const std::string* text = r.reply.find("Retry-After"))
        end.retry_after = parse_retry_after(*text, t.shared.time.now());
}

/** `permit` is the result of its wait for a permit, if that has ended already. */
asio::awaitable<attempt_end> attempt_once(
    const job_task& t, int number, time_budget budget, std::optional<limiter::permit_result> permit)
{
    attempt_end end;
    end.record.attempt = number;
    end.record.started_at = permit ? t.begun_at : t.shared.time.now();
    const microseconds begun = permit ? t.begun : t.shared.time.since_boot();
    const request_context context{
        .job = t.job,
        .run = t.run,
        .attempt = number,
        .span_id = t.shared.random() | 1U,
        .secrets = t.secrets};
    co_await send_and_conclude(t, context, budget, std::move(permit), end);

    end.record.latency = t.shared.time.since_boot() - begun;
    // The verdict's text may come from the reply, with secrets in it. From here on they are hidden.
    end.verdict.status = t.secrets.presentable(end.verdict.status);
    end.verdict.message = t.secrets.presentable(end.verdict.message);
    end.verdict.error = t.secrets.presentable(end.verdict.error);
    end.record.error = end.verdict.error;
    co_return end;
}

/** Whether no byte of the request can have reached an endpoint. One that redirects has received it.
 */
bool is_unsent(const job& j, const attempt_record& a)
{
    return j.route->redirects == 0 && a.phase && *a.phase <= phase::handshake;
}

/** The wait before another attempt; nothing if there is none. `made` attempts have been made. */
std::optional<microseconds>
wait_before_next(const job_task& t, const attempt_end& end, int made, microseconds time_left)
{
    const retry_policy& policy = *t.job.retry;
    if (end.is_last || made >= policy.attempts) return std::nullopt;
    if (t.job.delivery == delivery_policy::at_most_once && !is_unsent(t.job, end.record))
        return std::nullopt;
    if (!is_retryable(policy.on, end.record.outcome, end.verdict, end.record.http_status))
        return std::nullopt;
    const double draw = std::generate_canonical<double, 53>(t.shared.random);
    microseconds wait = backoff(policy, made, draw);
    if (end.retry_after) wait = std::max(wait, *end.retry_after);
    // No wait begins that would pass the deadline.
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
    // A cancellation shows as a code or in the state, never as an exception. So the record always
    // gets an outcome.
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    const time_budget budget(task.shared.time, task.begun, task.job.deadline);

    const int before = task.record.attempts.empty() ? 0 : task.record.attempts.back().attempt;
    for (int made = 1;; ++made) {
        if (cancellation.cancelled() != asio::cancellation_type::none)
            co_return settle_cancelled(task);
        attempt_end end = co_await attempt_once(
            task, before + made, budget, std::exchange(task.permit, std::nullopt));
        task.record.attempts.push_back(end.record);
        const std::optional<microseconds> wait = wait_before_next(task, end, made, budget.left());
        if (!wait || cancellation.cancelled() != asio::cancellation_type::none)
            co_return settle(task, std::move(end));

        task.shared.emit(attempt_failed{task.run, task.job, task.record.attempts.back(), *wait});
        // After a crash the attempts made so far still count, and the job counts as not sent.
        task.record.may_be_sent = false;
        co_await save_progress(task);
        const bool has_waited = co_await carillon::detail::wait(task, *wait);
        if (!has_waited) co_return settle_cancelled(task);
        // The machine may have been suspended during the wait.
        if (budget.left() <= microseconds{0}) co_return settle(task, std::move(end));
    }
}

} // namespace carillon::detail

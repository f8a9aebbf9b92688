#include "runner/attempt/polling.hpp"

#include "http/redirect.hpp"
#include "job/retry.hpp"
#include <carillon/job/expectation.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <utility>

namespace asio = boost::asio;

namespace carillon::detail {
namespace {

bool names_accepted(const expectation& e)
{
    return std::any_of(e.status.begin(), e.status.end(), [](const status_range& r) {
        return r.first == status_accepted && r.last == status_accepted;
    });
}

/** Whether the work is known to be done. */
bool is_met(const job& j, const expectation& wanted, const exchange_result& r)
{
    if (r.ec) return false;
    if (r.reply.status == status_accepted && !names_accepted(wanted)) return false;
    return judge(wanted, j.message, reply_of(r.reply)).accepted;
}

/** Whether another poll would not help. */
bool is_final(const exchange_result& r)
{
    if (r.ec) {
        const outcome o = outcome_of(r.ec);
        return o == outcome::rejected || o == outcome::cancelled;
    }
    const int s = r.reply.status;
    return s / 100 == 4 && s != 404 && s != 408 && s != 425 && s != 429;
}

/** The URL to poll, or why there is none. */
boost::system::result<endpoint, unfilled> target_of(
    const job_task& t,
    const request_context& c,
    const http::request& sent,
    const http::response& first)
{
    if (!(*c.job.poll)->url.empty()) return poll_target(c);
    if (t.record.polled) {
        auto known = parse_endpoint(*t.record.polled);
        if (!known) return bad_url("the url that was polled before: " + known.error().what);
        return std::move(*known);
    }
    const std::string* const location = first.find("Location");
    if (location == nullptr)
        return unfilled{"the reply, 202 Accepted, has no Location, and poll names no url"};
    auto found =
        http::detail::resolve_reference(first.redirected_to.value_or(sent.target), *location);
    if (!found) return bad_url("the Location of the reply, 202 Accepted: " + found.error().what);
    return std::move(*found);
}

poll_wait wait_after(const poll_policy& p, const http::response& last, instant now)
{
    const std::string* const text = last.find("Retry-After");
    const auto asked = text != nullptr ? parse_retry_after(*text, now) : std::nullopt;
    if (asked && *asked > p.every) return {.span = *asked, .is_asked_for = true};
    return {.span = p.every};
}

} // namespace

bool is_to_be_polled(const job& j, const exchange_result& first)
{
    return !first.ec && *j.poll && first.reply.status == status_accepted;
}

asio::awaitable<polling_result> poll(
    const job_task& t,
    const request_context& c,
    const http::request& sent,
    exchange_result first,
    time_budget budget)
{
    const poll_policy& policy = **c.job.poll;
    polling_result out{.last = std::move(first)};
    out.is_met = is_met(c.job, policy.expect, out.last);
    if (out.is_met) co_return out;
    const auto target = target_of(t, c, sent, out.last.reply);
    const auto request = target ? make_poll(sent, *target)
                                : boost::system::result<http::request, unfilled>(target.error());
    if (!request) {
        out.problem = request.error();
        co_return out;
    }
    if (!t.record.polled) {
        const bool is_own = !policy.url.empty();
        t.record.polled = is_own ? "" : target->origin() + target->target;
        co_await save_progress(t);
    }
    t.shared.emit(polling_began{
        c.run, c.job, c.secrets.hide(shown_url(request->target.origin() + request->target.target)),
        policy.every});

    const http::limits lim{
        .timeout = c.job.timeout,
        .connect_timeout = c.job.connect_timeout,
        .max_body_bytes = policy.expect.max_body_bytes};
    while (!out.is_met && !is_final(out.last)) {
        const poll_wait pause = wait_after(policy, out.last.reply, t.shared.time.now());
        // No wait begins that would pass the deadline.
        out.is_out_of_time = pause.span >= budget.left();
        if (out.is_out_of_time) {
            out.wait_that_is_too_long = pause;
            co_return out;
        }
        const bool has_waited = co_await wait(t, pause.span);
        if (!has_waited) {
            out.last = {.ec = asio::error::operation_aborted};
            co_return out;
        }
        http::request asks = *request;
        co_await exchange(t, asks, lim, budget, std::nullopt, out.last);
        out.is_met = is_met(c.job, policy.expect, out.last);
    }
    co_return out;
}

} // namespace carillon::detail

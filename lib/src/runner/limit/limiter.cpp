#include "runner/limit/limiter.hpp"

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace asio = boost::asio;

namespace carillon::detail {
namespace {

std::size_t at_least_one(std::size_t permits) { return std::max<std::size_t>(permits, 1); }

/** The detail for attempts that fail without having been made. */
std::string found_by_another(const circuit& c)
{
    return fmt::format(
        "found by another attempt: after {} failures in a row one at a time is made", c.failures());
}

} // namespace

limiter::limiter(asio::any_io_executor ex, time_source& time, bounds max, change_handler on_change)
    : executor_(std::move(ex)), time_(time),
      max_{
          .max_concurrent = at_least_one(max.max_concurrent),
          .max_per_origin = at_least_one(max.max_per_origin)},
      on_change_(std::move(on_change))
{}

void limiter::set_max_concurrent(std::size_t max)
{
    max_.max_concurrent = at_least_one(max);
    give_permits();
}

void limiter::set_max_per_origin(std::size_t max)
{
    max_.max_per_origin = at_least_one(max);
    if (closed_) return;
    // Every origin is in line before the first permit is given, so that they take turns.
    for (auto& [origin, s] : all_) line_up(s);
    give_permits();
    for (auto& [origin, s] : all_) await_probe(s);
}

void limiter::close()
{
    closed_ = true;
    for (auto& [origin, s] : all_) s.probe_wait.cancel();
}

std::shared_ptr<limiter::permit> limiter::try_acquire(const std::string& origin)
{
    if (closed_ || used_ >= max_.max_concurrent) return nullptr;
    forget_unused();
    origin_state& s = remember(origin);
    // Others wait only where a bound is reached, or the circuit knows of a failure.
    const bool is_free = s.used < max_.max_per_origin && s.circuit.failures() == 0;
    return is_free ? make_permit(s) : nullptr;
}

void limiter::acquire(std::string origin, microseconds longest, operation::handler_type handler)
{
    forget_unused();
    origin_state& s = remember(origin);
    auto w = std::make_shared<waiter>(time_);
    w->waiting.emplace(executor_, std::move(handler));
    s.queue.push_back(w);
    ++s.waiting;
    serve(origin);
    if (!w->waiting) return; // it has its permit
    auto slot = w->waiting->slot();
    if (slot.is_connected())
        slot.assign(
            [self = weak_from_this(), weak = std::weak_ptr(w), origin](asio::cancellation_type) {
                const auto alive = self.lock();
                const auto who = weak.lock();
                if (alive && who) alive->stop_waiting(origin, who, asio::error::operation_aborted);
            });
    w->deadline.wait_for(
        std::max(longest, microseconds{0}),
        [self = weak_from_this(), w, origin](const error_code&) {
            if (const auto alive = self.lock()) alive->stop_waiting(origin, w, errc::timed_out);
        });
}

limiter::origin_state& limiter::remember(const std::string& origin)
{
    const auto [at, is_new] = all_.try_emplace(origin, time_);
    at->second.name = &at->first;
    return at->second;
}

/** With very many origins it looks again only when they have doubled. */
void limiter::forget_unused()
{
    if (all_.size() < forget_at_) return;
    std::erase_if(all_, [](const auto& known) { return known.second.is_unused(); });
    forget_at_ = std::max(many, all_.size() * 2);
}

/** Call it after each change that may give a permit at an origin, or delay one. It forgets an
 * origin that nobody uses and whose circuit knows of no failure. */
void limiter::serve(const std::string& origin)
{
    const auto at = all_.find(origin);
    if (at == all_.end() || closed_) return;
    origin_state& s = at->second;
    if (s.queue.size() > 2 * s.waiting)
        std::erase_if(s.queue, [](const auto& weak) { return !if_waiting(weak); });
    line_up(s);
    give_permits();
    await_probe(s);
    if (s.is_unused() && s.circuit.failures() == 0) all_.erase(at);
}

/** Puts an origin in line if it lacks nothing but a permit below `max_concurrent`; otherwise takes
 * it out. */
void limiter::line_up(origin_state& s)
{
    const bool is_ready =
        s.waiting > 0 && s.used < max_.max_per_origin && s.circuit.lets_through(time_.since_boot());
    if (is_ready && !s.is_linked()) line_.push_back(s);
    if (!is_ready) s.unlink();
}

/** Gives every permit. While one is free, the first origin in line gives it to its first waiter and
 * goes to the end of the line. */
void limiter::give_permits()
{
    while (!closed_ && used_ < max_.max_concurrent && !line_.empty()) {
        origin_state& s = line_.front();
        s.unlink();
        const auto first = take_first(s);
        if (!first) continue;
        complete(s, first, {{}, make_permit(s), {}});
        line_up(s);
        await_probe(s);
    }
}

std::shared_ptr<limiter::permit> limiter::make_permit(origin_state& s)
{
    const microseconds now = time_.since_boot();
    const bool is_probe = s.circuit.ask(now) == circuit::answer::probe;
    if (is_probe) s.probe_since = now;
    ++s.used;
    ++used_;
    return std::make_shared<permit>(weak_from_this(), *s.name, is_probe);
}

/** Null for one that has stopped waiting. */
std::shared_ptr<limiter::waiter> limiter::if_waiting(const std::weak_ptr<waiter>& weak)
{
    auto w = weak.lock();
    return w && w->waiting ? w : nullptr;
}

std::shared_ptr<limiter::waiter> limiter::take_first(origin_state& s)
{
    while (!s.queue.empty()) {
        auto first = if_waiting(s.queue.front());
        s.queue.pop_front();
        if (first) return first;
    }
    return nullptr;
}

/** Starts the timer for when a probe is due, or has taken too long. It runs only while an attempt
 * waits. */
void limiter::await_probe(origin_state& s)
{
    const bool has_room = s.used < max_.max_per_origin || s.circuit.is_probing();
    // An origin in line has a probe that is due already: its timer would fire again and again.
    const bool is_needed = s.waiting > 0 && s.circuit.is_open() && has_room && !s.is_linked();
    if (!is_needed) return s.probe_wait.cancel();
    const microseconds until =
        s.circuit.is_probing() ? s.probe_since + longest_probe : s.circuit.next_probe();
    // An origin that is forgotten, and a limiter that ends, forget the wait.
    s.probe_wait.wait_for(
        std::max(until - time_.since_boot(), microseconds{0}),
        [this, &s](const error_code&) { on_probe_timer(s); });
}

void limiter::on_probe_timer(origin_state& s)
{
    if (s.circuit.is_probing() && time_.since_boot() >= s.probe_since + longest_probe) {
        fail_waiting(s, errc::timed_out, "the one attempt that is made has not connected either");
        s.probe_since = time_.since_boot();
    }
    serve(*s.name);
}

void limiter::fail_waiting(origin_state& s, const error_code& ec, const std::string& why)
{
    const auto waiting = std::exchange(s.queue, {});
    for (const auto& weak : waiting)
        if (const auto w = if_waiting(weak)) complete(s, w, {ec, nullptr, why});
}

/** An attempt that timed out at an open circuit gets the error that opened it. */
void limiter::stop_waiting(
    const std::string& origin, const std::shared_ptr<waiter>& w, error_code why)
{
    if (!w->waiting) return;
    origin_state& s = remember(origin);
    const bool is_dead = why == errc::timed_out && s.circuit.is_open() && s.last_error;
    complete(
        s, w,
        is_dead ? permit_result{s.last_error, nullptr, found_by_another(s.circuit)}
                : permit_result{why, nullptr, {}});
    serve(origin);
}

void limiter::complete(origin_state& s, const std::shared_ptr<waiter>& w, permit_result result)
{
    --s.waiting;
    auto done = std::exchange(w->waiting, std::nullopt);
    w->deadline.cancel();
    std::move(*done).complete(std::move(result));
}

void limiter::connected(const std::string& origin)
{
    if (closed_) return;
    origin_state& s = remember(origin);
    const int failures = s.circuit.failures();
    const bool has_closed = s.circuit.succeeded();
    serve(origin);
    if (has_closed) on_change_({.origin = origin, .is_open = false, .failures = failures});
}

void limiter::failed(
    const std::string& origin, bool is_probe, const error_code& ec, const std::string& words)
{
    if (closed_) return;
    origin_state& s = remember(origin);
    const bool has_opened = s.circuit.failed(time_.since_boot(), is_probe);
    s.last_error = ec;
    const circuit_change change{
        .origin = origin,
        .is_open = true,
        .failures = s.circuit.failures(),
        .last_error = words,
        .wait = s.circuit.next_probe() - time_.since_boot()};
    if (is_probe && s.circuit.is_open()) fail_waiting(s, ec, found_by_another(s.circuit));
    serve(origin);
    if (has_opened) on_change_(change);
}

void limiter::release(const std::string& origin, bool is_untold_probe)
{
    const auto at = all_.find(origin);
    if (at == all_.end()) return;
    --at->second.used;
    --used_;
    if (is_untold_probe) at->second.circuit.abandoned();
    serve(origin);
}

limiter::permit::~permit()
{
    if (const auto of = of_.lock()) of->release(origin_, is_probe_ && !has_told_);
}

void limiter::permit::connected()
{
    if (std::exchange(has_told_, true)) return;
    if (const auto of = of_.lock()) of->connected(origin_);
}

void limiter::permit::failed(const error_code& ec, const std::string& words)
{
    if (std::exchange(has_told_, true)) return;
    if (const auto of = of_.lock()) of->failed(origin_, is_probe_, ec, words);
}

} // namespace carillon::detail

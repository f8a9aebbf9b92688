#include <carillon/runner/origins.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace asio = boost::asio;

namespace carillon {
namespace {

/** What those are told who did not try themselves. */
std::string found_by_another(const circuit& c)
{
    return fmt::format(
        "found by another attempt: after {} failures in a row one at a time is made", c.failures());
}

} // namespace

origins::origins(
    asio::any_io_executor ex,
    time_source& time,
    std::size_t max_per_origin,
    change_handler on_change)
    : executor_(std::move(ex)), time_(time),
      max_per_origin_(std::max<std::size_t>(max_per_origin, 1)), on_change_(std::move(on_change))
{}

void origins::set_max_per_origin(std::size_t max)
{
    max_per_origin_ = std::max<std::size_t>(max, 1);
    std::vector<std::string> names;
    names.reserve(all_.size());
    for (const auto& [origin, s] : all_) names.push_back(origin);
    for (const std::string& origin : names) serve(origin);
}

void origins::close()
{
    closed_ = true;
    for (auto& [origin, s] : all_)
        if (s.probe_wait)
            std::exchange(s.probe_wait, nullptr)->emit(asio::cancellation_type::terminal);
}

void origins::enter(std::string origin, microseconds longest, operation::handler_type handler)
{
    forget_unused();
    origin_state& s = all_[origin];
    auto w = std::make_shared<waiter>();
    w->waiting.emplace(executor_, std::move(handler));
    ++s.waiting;
    if (s.waiting == 1) {
        if (auto held = admit(origin, s)) return complete(s, w, {{}, std::move(held), {}});
    }
    s.queue.push_back(w);
    auto slot = w->waiting->slot();
    if (slot.is_connected())
        slot.assign(
            [self = weak_from_this(), weak = std::weak_ptr(w), origin](asio::cancellation_type) {
                const auto alive = self.lock();
                const auto who = weak.lock();
                if (alive && who) alive->give_up(origin, who, asio::error::operation_aborted);
            });
    time_.async_wait_for(
        std::max(longest, microseconds{0}),
        asio::bind_cancellation_slot(
            w->stop_clock.slot(), [self = weak_from_this(), w, origin](const error_code& ec) {
                if (ec == asio::error::operation_aborted) return;
                if (const auto alive = self.lock()) alive->give_up(origin, w, errc::timed_out);
            }));
    await_probe(origin, s);
}

/** Where there are very many, it is done only when they have doubled. */
void origins::forget_unused()
{
    if (all_.size() < forget_at_) return;
    std::erase_if(all_, [](const auto& known) { return known.second.is_unused(); });
    forget_at_ = std::max(many, all_.size() * 2);
}

/** A place for one attempt, or null while there is none. */
std::shared_ptr<origins::place> origins::admit(const std::string& origin, origin_state& s)
{
    if (closed_ || s.used >= max_per_origin_) return nullptr;
    const microseconds now = time_.since_boot();
    const auto admission = s.circuit.ask(now);
    if (admission == circuit::admission::wait) return nullptr;
    if (admission == circuit::admission::probe) s.probe_since = now;
    ++s.used;
    return std::make_shared<place>(
        weak_from_this(), origin, admission == circuit::admission::probe);
}

/** Lets in who may go now, and forgets an origin that nobody needs to be remembered. */
void origins::serve(const std::string& origin)
{
    const auto at = all_.find(origin);
    if (at == all_.end() || closed_) return;
    origin_state& s = at->second;
    while (s.waiting > 0) {
        const auto first = s.queue.front().lock();
        if (first && first->waiting) {
            auto held = admit(origin, s);
            if (!held) break;
            complete(s, first, {{}, std::move(held), {}});
        }
        s.queue.pop_front();
    }
    if (s.waiting == 0) s.queue.clear();
    await_probe(origin, s);
    if (s.is_unused() && s.circuit.failures() == 0) all_.erase(at);
}

/** Comes again when a probe is due, or takes too long, as long as somebody waits for it. */
void origins::await_probe(const std::string& origin, origin_state& s)
{
    const bool has_room = s.used < max_per_origin_ || s.circuit.is_probing();
    const bool is_needed = s.waiting > 0 && s.circuit.is_open() && has_room;
    if (s.probe_wait) std::exchange(s.probe_wait, nullptr)->emit(asio::cancellation_type::terminal);
    if (!is_needed) return;
    const microseconds until =
        s.circuit.is_probing() ? s.probe_since + longest_probe : s.circuit.next_probe();
    s.probe_wait = std::make_shared<asio::cancellation_signal>();
    time_.async_wait_for(
        std::max(until - time_.since_boot(), microseconds{0}),
        asio::bind_cancellation_slot(
            s.probe_wait->slot(),
            [self = weak_from_this(), origin, signal = s.probe_wait](const error_code& ec) {
                const auto alive = self.lock();
                if (ec == asio::error::operation_aborted || !alive) return;
                // One that was cancelled as it came to its end is not the one that counts.
                const auto at = alive->all_.find(origin);
                if (at == alive->all_.end() || at->second.probe_wait != signal) return;
                at->second.probe_wait = nullptr;
                alive->on_probe_wait(origin);
            }));
}

void origins::on_probe_wait(const std::string& origin)
{
    origin_state& s = all_[origin];
    if (s.circuit.is_probing() && time_.since_boot() >= s.probe_since + longest_probe) {
        fail_waiting(s, errc::timed_out, "the one attempt that is made has not connected either");
        s.probe_since = time_.since_boot();
    }
    serve(origin);
}

void origins::fail_waiting(origin_state& s, const error_code& ec, const std::string& why)
{
    const auto waiting = std::exchange(s.queue, {});
    for (const auto& weak : waiting)
        if (const auto w = weak.lock(); w && w->waiting) complete(s, w, {ec, nullptr, why});
}

/** Who has waited in vain for an open circuit is told why it is open. */
void origins::give_up(const std::string& origin, const std::shared_ptr<waiter>& w, error_code why)
{
    if (!w->waiting) return;
    origin_state& s = all_[origin];
    const bool is_dead = why == errc::timed_out && s.circuit.is_open() && s.last_error;
    complete(
        s, w,
        is_dead ? entry{s.last_error, nullptr, found_by_another(s.circuit)}
                : entry{why, nullptr, {}});
    serve(origin);
}

void origins::complete(origin_state& s, const std::shared_ptr<waiter>& w, entry e)
{
    --s.waiting;
    auto done = std::exchange(w->waiting, std::nullopt);
    w->stop_clock.emit(asio::cancellation_type::terminal);
    std::move(*done).complete(std::move(e));
}

void origins::connected(const std::string& origin)
{
    if (closed_) return;
    origin_state& s = all_[origin];
    const int failures = s.circuit.failures();
    const bool has_closed = s.circuit.succeeded();
    serve(origin);
    if (has_closed) on_change_({.origin = origin, .is_open = false, .failures = failures});
}

void origins::failed(
    const std::string& origin, bool is_probe, const error_code& ec, const std::string& words)
{
    if (closed_) return;
    origin_state& s = all_[origin];
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

void origins::leave(const std::string& origin, bool is_untold_probe)
{
    const auto at = all_.find(origin);
    if (at == all_.end()) return;
    --at->second.used;
    if (is_untold_probe) at->second.circuit.abandoned();
    serve(origin);
}

origins::place::~place()
{
    if (const auto of = of_.lock()) of->leave(origin_, is_probe_ && !has_told_);
}

void origins::place::connected()
{
    if (std::exchange(has_told_, true)) return;
    if (const auto of = of_.lock()) of->connected(origin_);
}

void origins::place::failed(const error_code& ec, const std::string& words)
{
    if (std::exchange(has_told_, true)) return;
    if (const auto of = of_.lock()) of->failed(origin_, is_probe_, ec, words);
}

} // namespace carillon

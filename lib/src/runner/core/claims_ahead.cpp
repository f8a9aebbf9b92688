// Claims ahead of their instant, which hide the store's time.

#include "runner/core/claims.hpp"

#include <algorithm>
#include <utility>

namespace carillon::detail {

instant claims::claims_from(const wake_up& next) const
{
    if (next.jobs == 0 || next.at <= ahead_until_ || journal_->is_failing()) return next.at;
    return next.at - std::min(shared_->store.claim_lead(next.jobs), longest_lead);
}

void claims::fire_ahead()
{
    if (journal_->is_failing()) return;
    const auto next = life_.is_firing() ? plan_.times().next_wake() : std::nullopt;
    const instant now = shared_->time.now();
    if (!next || next->at <= now || claims_from(*next) > now) return;
    ahead_until_ = next->at;
    const due_work work = plan_.times().take_ahead(
        next->at, [this](job_index j) { return chains_.is_busy((*plan_.jobs())[j].name); });
    fire(make_batch(next->at), work);
}

/** Nothing is sent before its instant, however early its claim is answered. */
void claims::start_when_due(const batch_ptr& b)
{
    const microseconds left = b->at - std::min(b->at, shared_->time.now());
    if (left == microseconds{0}) return begin(b);
    if (!life_.is_firing()) return refuse(b);
    auto then = [this, b](const error_code&) {
        if (life_.is_firing()) calls_.look_for_step();
        if (life_.is_firing()) settle_holds();
        if (!b->has_begun && !is_all_taken_back(*b)) start_when_due(b);
    };
    b->hold.wait_for(left, work_.while_alive(std::move(then)));
}

/** Its instant comes after the end of firing. */
void claims::refuse(const batch_ptr& b)
{
    b->has_begun = true;
    forget(*b);
    for (const claimed_run& r : b->runs)
        if (!r.is_taken_back) chains_.refuse({b->jobs, r});
}

void claims::stop()
{
    const auto held = ahead_;
    for (const auto& b : held)
        if (b->is_claimed && !b->has_begun) start_when_due(b);
}

void claims::begin(const batch_ptr& b)
{
    b->has_begun = true;
    forget(*b);
    std::erase_if(b->runs, [](const claimed_run& r) { return r.is_taken_back; });
    start_some(b, 0);
}

void claims::settle_holds(instant now)
{
    const auto has_slept = [&](const batch& b) {
        return std::any_of(b.runs.begin(), b.runs.end(), [&](const claimed_run& r) {
            const job& first = (*b.jobs)[r.due.job];
            return !is_late(std::get<schedule>(first.trigger), r.due.due, now);
        });
    };
    std::vector<batch_ptr> slept;
    const auto held = ahead_;
    for (const auto& b : held) {
        // Runs that begin may have had others begin or taken back.
        if (b->has_begun || !b->is_claimed || b->at > now) continue;
        has_slept(*b) ? slept.push_back(b) : begin(b);
    }
    if (!slept.empty()) release(take_back(slept, {}));
}

void claims::take_back_ahead(std::optional<std::string_view> chain)
{
    const instant now = shared_->time.now();
    if (life_.is_firing()) settle_holds(now);
    std::vector<batch_ptr> coming;
    for (const auto& b : ahead_)
        if (b->at > now) coming.push_back(b);
    release(take_back(coming, chain));
    calls_.arm();
}

claims::taken_back claims::take_back_for_step()
{
    std::vector<batch_ptr> held;
    for (const auto& b : ahead_)
        if (b->is_claimed || b->at > shared_->time.now()) held.push_back(b);
    ahead_until_ = instant::min();
    return take_back(held, {});
}

/** The instants are due as though their claims had not been asked for. */
claims::taken_back
claims::take_back(const std::vector<batch_ptr>& batches, std::optional<std::string_view> chain)
{
    taken_back out;
    const instant now = shared_->time.now();
    std::vector<due_run> due;
    std::vector<returned_claim> returned;
    for (const auto& b : batches) {
        if (b->has_begun) continue;
        for (claimed_run& r : b->runs) {
            if (r.is_taken_back || (chain && (*b->jobs)[r.due.job].name != *chain)) continue;
            r.is_taken_back = true;
            const job& first = (*b->jobs)[r.due.job];
            const instant at = r.due.scheduled_at;
            if (const auto d = in_current_jobs(*b->jobs, r.due))
                due.push_back(*d);
            else if (r.due.due <= now || follows_elapsed_time(std::get<schedule>(first.trigger)))
                out.lost.push_back(missed_once(first.name, at, reason::removed));
            out.runs.push_back({b->jobs, r});
            // Behind its claim, should that be under way.
            returned.push_back(return_of(out.runs.back(), returned_claim::kind::withdrawn));
        }
        if (is_all_taken_back(*b)) forget(*b);
    }
    if (out.runs.empty()) return out;
    due_work work = plan_.times().put_back(due, now);
    store_changes changed = plan_.changes_of(work);
    changed.returned = std::move(returned);
    changed.missed.insert(changed.missed.end(), out.lost.begin(), out.lost.end());
    journal_->write(std::move(changed));
    out.jobs = plan_.times().jobs();
    out.missed = std::move(work.missed);
    return out;
}

void claims::release(const taken_back& what)
{
    // First, since others may start by it, and a listener may change the jobs.
    for (const queued_run& r : what.runs) chains_.release(r);
    if (what.jobs) plan_.tell_missed(*what.jobs, what.missed);
    tell_lost(what.lost);
}

bool claims::is_all_taken_back(const batch& b)
{
    return std::all_of(
        b.runs.begin(), b.runs.end(), [](const claimed_run& r) { return r.is_taken_back; });
}

/** It has begun, or nothing of it does. */
void claims::forget(const batch& b)
{
    const auto at = std::find_if(
        ahead_.begin(), ahead_.end(), [&](const batch_ptr& a) { return a.get() == &b; });
    if (at == ahead_.end()) return;
    const auto ended = std::move(*at);
    ahead_.erase(at);
    ended->hold.cancel();
}

} // namespace carillon::detail

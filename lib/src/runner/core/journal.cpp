#include "runner/core/journal.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace carillon::detail {
namespace {

constexpr std::size_t max_waiting_runs = 10'000;

store_changes what_may_be_kept_twice(store_changes batch)
{
    batch.claims.clear();
    batch.missed.clear();
    return batch;
}

} // namespace

void journal::claim(store_changes batch, claim_handler handler)
{
    std::shared_ptr<claim_queue> queue = claims_.lock();
    const bool is_first = !queue;
    if (is_first) {
        claims_ = queue = std::make_shared<claim_queue>();
        is_turn_asked_ = batch.empty(); // the store may have destroyed one that was asked for
    }
    queue->push_back({work(*this), std::move(batch), std::move(handler)});
    if (is_first) claim_next(std::move(queue));
}

/** Queues an empty batch, which is filled with all that waits when its turn comes. Batches before
 * it take along what waits of their own jobs. */
void journal::ask_for_turn()
{
    if (!claims_.expired() && std::exchange(is_turn_asked_, true)) return;
    claim({}, [](const error_code&, const auto&) {});
}

/** Puts what waits into the first batch of the queue. Jobs that a later batch is about are left to
 * that batch: their memory already counts the claims of that batch, and a crash between the two
 * commits would lose these. */
void journal::take_waiting(claim_queue& queue)
{
    std::set<std::string_view> later;
    for (auto other = std::next(queue.begin()); other != queue.end(); ++other) {
        for (const job_memory& m : other->batch.memories) later.insert(m.job);
        later.insert(other->batch.forgotten.begin(), other->batch.forgotten.end());
    }
    store_changes& first = queue.front().batch;
    std::erase_if(jobs_, [&](const std::string& job) { return later.contains(job); });
    if (const auto owner = owner_.lock()) first = calls_.recall(std::exchange(jobs_, {}));
    for (auto at = missed_.begin(); at != missed_.end();) {
        if (later.contains(at->first.first)) {
            ++at;
            continue;
        }
        first.missed.push_back(std::move(at->second));
        at = missed_.erase(at);
    }
    for (auto at = returned_.begin(); at != returned_.end();) {
        if (later.contains(at->first)) {
            ++at;
            continue;
        }
        first.returned.push_back(std::move(at->second));
        at = returned_.erase(at);
    }
}

/** Hands over one batch at a time. Where the store refuses one, the next takes along what the
 * refused one had to keep. So a job's memory and what was missed before it are in one commit. */
void journal::claim_next(std::shared_ptr<claim_queue> queue)
{
    store_changes& next = queue->front().batch;
    if (next.empty() && std::exchange(is_turn_asked_, false))
        take_waiting(*queue);
    else
        take_along(next);
    const auto batch = std::make_shared<const store_changes>(std::move(next));
    shared_->store.async_commit(
        batch, shared_->time.now(),
        [self = shared_from_this(), batch,
         queue = std::move(queue)](const error_code& ec, std::vector<carillon::claim> claims) {
            // All but the claims waits; where it may yet be kept, only what may be kept twice.
            if (ec == errc::store_stalled)
                self->add_waiting(what_may_be_kept_twice(*batch));
            else if (ec)
                self->add_waiting(*batch);
            // The handler runs before the batch stops counting as under way. So the runner does
            // not end before the handler has done its work.
            asked ended = std::move(queue->front());
            ended.handler(ec, std::move(claims));
            queue->pop_front();
            queue->empty() ? self->claims_.reset() : self->claim_next(queue);
            ended.handler = nullptr;
            std::move(ended.underway).answered(ec);
        });
}

void journal::give_back(std::vector<returned_claim> claims)
{
    if (claims.empty()) return;
    for (returned_claim& c : claims) {
        // Without its claim, nothing but its memory knows of the instant.
        if (c.what == returned_claim::kind::withdrawn) jobs_.insert(c.chain);
        add_waiting(std::move(c));
    }
    ask_for_turn();
}

void journal::amend(const std::function<void(job_memory&)>& change)
{
    const auto queue = claims_.lock();
    if (!queue) return;
    // The first has been asked for.
    for (auto at = std::next(queue->begin()); at != queue->end(); ++at)
        std::for_each(at->batch.memories.begin(), at->batch.memories.end(), change);
}

void journal::begin()
{
    stage_ = stage::writing;
    failure_.reset();
    if (!returned_.empty()) ask_for_turn();
}

void journal::store_was_read()
{
    if (failure_ && !has_waiting() && underway_ == 0) note_recovery();
}

void journal::write(store_changes notes)
{
    if (notes.empty()) return;
    claim(std::move(notes), [](const error_code&, const auto&) {});
}

void journal::finish(std::shared_ptr<const run_record> run, std::function<void()> then)
{
    shared_->store.async_finish(
        run, [underway = work(*this), run, then = std::move(then)](const error_code& ec) mutable {
            if (ec) underway->add_waiting(run, ec);
            if (then) then();
            std::move(underway).answered(ec);
        });
}

void journal::write_later(const store_changes& notes)
{
    add_waiting(notes);
    wait();
}

/** Whether something waits that is not under way to the store. */
bool journal::has_waiting() const
{
    if (stage_ == stage::closed) return false;
    const bool has_notes = !missed_.empty() || !jobs_.empty() || !returned_.empty();
    const bool is_asked = is_turn_asked_ && !claims_.expired();
    return (has_notes && !is_asked) || !runs_.empty();
}

/** When a job's memory is saved, its missed instants and returned claims that wait are saved in the
 * same commit. A crash between two commits would lose them. */
void journal::take_along(store_changes& newer)
{
    const auto take = [&](const std::string& job) {
        auto at = missed_.lower_bound({job, reason{}});
        while (at != missed_.end() && at->first.first == job) {
            newer.missed.push_back(std::move(at->second));
            at = missed_.erase(at);
        }
        const auto [begin, end] = returned_.equal_range(job);
        for (auto c = begin; c != end; ++c) newer.returned.push_back(std::move(c->second));
        returned_.erase(begin, end);
    };
    for (const job_memory& m : newer.memories) take(m.job);
    for (const std::string& job : newer.forgotten) take(job);
}

void journal::add_waiting(returned_claim claim)
{
    std::string chain = claim.chain;
    returned_.emplace(std::move(chain), std::move(claim));
}

void journal::add_waiting(const store_changes& notes)
{
    for (const returned_claim& c : notes.returned) add_waiting(c);
    for (const missed_record& m : notes.missed) {
        const auto [at, is_new] = missed_.try_emplace({m.chain, m.reason}, m);
        if (is_new) continue;
        missed_record& known = at->second;
        known.from = std::min(known.from, m.from);
        known.to = std::max(known.to, m.to);
        known.count += m.count;
    }
    // Their names alone: what is newer may have been taken meanwhile.
    for (const job_memory& m : notes.memories) jobs_.insert(m.job);
    jobs_.insert(notes.forgotten.begin(), notes.forgotten.end());
}

void journal::add_waiting(std::shared_ptr<const run_record> run, const error_code& ec)
{
    if (runs_.size() >= max_waiting_runs) {
        const auto lost = std::move(runs_.front());
        runs_.pop_front();
        shared_->emit(record_failed{*lost, ec});
    }
    runs_.push_back(std::move(run));
}

void journal::answered(const error_code& ec)
{
    if (ec)
        note_failure(ec);
    else if (failure_ && has_waiting())
        try_again(); // it takes something again: all that waits may follow
    else if (failure_ && underway_ == 0)
        note_recovery();
    if (underway_ > 0) return;
    if (const auto owner = owner_.lock()) calls_.on_idle();
}

void journal::note_failure(const error_code& ec)
{
    last_error_ = ec;
    // What is refused at once, for what hangs, hangs.
    const bool hangs = ec == errc::store_stalled || ec == errc::queue_full;
    const bool is_told = failure_ && failure_->hangs == hangs;
    failure_ = {.since = failure_ ? failure_->since : shared_->time.since_boot(), .hangs = hangs};
    if (!is_told) shared_->emit(store_failed{hangs ? make_error_code(errc::store_stalled) : ec});
    if (stage_ != stage::last_try) wait();
}

void journal::note_recovery()
{
    const failure was = *std::exchange(failure_, std::nullopt);
    shared_->emit(store_recovered{shared_->time.since_boot() - was.since});
    if (const auto owner = owner_.lock()) calls_.on_recovered();
}

void journal::answered_late(
    const store_changes& batch, const error_code& ec, const std::vector<carillon::claim>& claims)
{
    if (stage_ == stage::closed) return;
    if (ec) return write_later({.missed = batch.missed});
    using kind = returned_claim::kind;
    std::vector<returned_claim> returned;
    for (std::size_t i = 0; i < claims.size(); ++i) {
        const claim_request& r = batch.claims[i];
        // A run that was there before its claim must not go with it.
        const bool is_new = r.what == claim_request::kind::fresh;
        if (claims[i].won)
            returned.push_back(
                {.chain = r.chain,
                 .scheduled_at = r.scheduled_at,
                 .run = r.run,
                 .what = is_new ? kind::withdrawn : kind::begun});
    }
    give_back(std::move(returned));
}

void journal::try_again()
{
    const auto runs = std::exchange(runs_, {});
    if (!missed_.empty() || !jobs_.empty() || !returned_.empty()) ask_for_turn();
    for (const auto& run : runs) finish(run);
}

void journal::wait()
{
    if (wait_.is_waiting()) return;
    wait_.wait_for(pause_before_next_try, [this, weak = weak_from_this()](const error_code&) {
        const auto self = weak.lock();
        const auto owner = owner_.lock();
        if (owner && failure_) calls_.on_still_failing();
        if (has_waiting())
            try_again();
        else if (owner && failure_ && underway_ == 0 && calls_.is_needed())
            ask_for_turn(); // or the store would count as failing for ever
    });
}

bool journal::close()
{
    wait_.cancel();
    if (underway_ > 0) return false;
    if (has_waiting() && std::exchange(stage_, stage::last_try) == stage::writing) {
        try_again();
        return false;
    }
    if (has_waiting()) {
        give_up();
        return true;
    }
    // Also of an answer that is still to come: the store may be gone by then.
    stage_ = stage::closed;
    failure_.reset();
    return true;
}

void journal::give_up()
{
    // What was missed is lost here, so no job's memory may be saved any more. Claims that were to
    // be withdrawn are left open for the next start.
    for (auto& [chain, claim] : returned_)
        if (claim.what == returned_claim::kind::withdrawn)
            claim.what = returned_claim::kind::unbegun;
    missed_.clear();
    jobs_.clear();
    stage_ = stage::closed; // before anyone is told, who may begin anew
    failure_.reset();
    for (const auto& run : std::exchange(runs_, {}))
        shared_->emit(record_failed{*run, last_error_});
}

} // namespace carillon::detail

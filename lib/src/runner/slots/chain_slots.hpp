#pragma once

#include "runner/slots/admission.hpp"
#include <carillon/job/job.hpp>

#include <list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace carillon::detail {

/**
 * The slots of one chain's runs: which are running, and which wait for them to end. Pure; `claims`,
 * `crashed_runs`, `on_demand` and `chains` call it. `Run` is what is kept of a run that waits.
 *
 * A run is offered when it is due, which keeps a slot for it while its claim is under way. Then it
 * is settled, and starts or waits, or it is withdrawn. When a running one ends, the next has its
 * slot.
 */
template <class Run>
class chain_slots {
public:
    /** What settling a run brings about. */
    struct decision {
        /// It starts now; else it waits.
        bool starts = false;
        /// Another waited, and has lost its slot.
        std::optional<Run> displaced{};
        /// How many were skipped one after another, that one included; 0 where it was not skipped,
        /// but made up for by the newer one.
        int skipped_in_a_row = 0;
        /// All that are running are to be cancelled.
        bool cancels = false;
    };

    /** A run is due, of a chain with this policy. */
    admission offer(overlap_policy policy) noexcept
    {
        if (running_ == 0 || policy == overlap_policy::allow) return begin();
        if (policy == overlap_policy::skip) {
            ++skipped_in_a_row_;
            return admission::skip;
        }
        ++waiting_;
        return policy == overlap_policy::replace ? admission::replace : admission::queue;
    }

    /** The same of a run that makes up for a missed instant: it is never skipped, and has a turn
     * until it ends. */
    admission offer_catch_up() noexcept
    {
        ++turns_;
        if (running_ == 0) return begin();
        ++waiting_;
        return admission::catch_up;
    }

    /** Someone asks for a run: it starts beside any other. */
    void offer_by_hand() noexcept { ++running_; }

    /** A run of an earlier process resumes now. */
    void offer_crashed() noexcept { ++running_; }

    /** The same of one whose instant has come only now: whether it resumes, else it waits. */
    bool offer_crashed(overlap_policy policy) noexcept
    {
        const bool starts = running_ == 0 || policy == overlap_policy::allow;
        ++(starts ? running_ : waiting_);
        return starts;
    }

    /** The same of one that waits for another that resumes. */
    void offer_crashed_waiting() noexcept { ++waiting_; }

    /** A run that was offered to wait starts, or waits. `side_by_side` says whether runs of its
     * chain may run at the same time. */
    decision settle(Run run, admission how, bool side_by_side)
    {
        decision out;
        if (running_ == 0) {
            go();
            out.starts = true;
        } else if (how == admission::catch_up) {
            out.displaced = put(backlog_, std::move(run), side_by_side);
            if (out.displaced) --turns_; // the newer one has another
        } else {
            out.displaced = put(queued_, std::move(run), how == admission::replace);
            if (out.displaced) out.skipped_in_a_row = ++skipped_in_a_row_;
            out.cancels = how == admission::replace;
        }
        return out;
    }

    /** The same of a run of an earlier process that waits: whether it resumes now. */
    bool settle_crashed(Run run)
    {
        if (running_ > 0) {
            crashed_.push_back(std::move(run));
            return false;
        }
        go();
        return true;
    }

    /** One that was offered to wait will not run. */
    void withdraw() noexcept { --waiting_; }

    /** One that was running, or was to start, has ended. */
    void end() noexcept { --running_; }

    /**
     * After an end: the one that waited and starts now. What crashed comes first, in its order;
     * what was missed comes before what is newer, unless that replaces whatever is running.
     */
    std::optional<Run> next()
    {
        const bool is_free = running_ == 0;
        if (is_free && !crashed_.empty()) {
            std::list<Run> first;
            first.splice(first.begin(), crashed_, crashed_.begin());
            go();
            return std::move(first.front());
        }
        if (is_free && queued_ && queued_->is_special) return take(queued_);
        if (backlog_ && (is_free || backlog_->is_special)) return take(backlog_);
        if (is_free && queued_) return take(queued_);
        return std::nullopt;
    }

    /** One that was claimed and waits starts now, beside whatever is running: the first of which
     * `is_it` says so. */
    template <class Predicate>
    std::optional<Run> take_out(const Predicate& is_it)
    {
        for (auto* line : {&backlog_, &queued_})
            if (*line && is_it((*line)->run)) return take(*line);
        return std::nullopt;
    }

    /** A run that made up for a missed instant has ended. Whether the next may follow. */
    bool end_turn() noexcept { return --turns_ == 0; }

    /** Whether a run that makes up for a missed instant has not ended. */
    bool has_turn() const noexcept { return turns_ > 0; }

    /** Nothing waits any more: what did, what crashed first. Turns last until @ref end_turn. */
    std::vector<Run> stop()
    {
        std::vector<Run> out;
        for (Run& r : std::exchange(crashed_, {})) out.push_back(std::move(r));
        for (auto* line : {&backlog_, &queued_})
            if (const auto w = std::exchange(*line, nullptr)) out.push_back(std::move(w->run));
        waiting_ -= static_cast<int>(out.size());
        return out;
    }

    bool is_busy() const noexcept { return running_ > 0; }
    /** Whether one waits whose claim is settled. */
    bool has_line() const noexcept { return queued_ || backlog_ || !crashed_.empty(); }
    bool has_queued() const noexcept { return queued_ != nullptr; }
    /** Whether no run is running, waits, or is about to. */
    bool is_idle() const noexcept { return running_ == 0 && waiting_ == 0; }
    int skipped_in_a_row() const noexcept { return skipped_in_a_row_; }

private:
    struct in_line {
        Run run;
        bool is_special = false; // in the queue: replaces; in the backlog: runs beside others
    };

    // On the heap, since of most chains none waits.
    using line_slot = std::unique_ptr<in_line>;

    admission begin() noexcept
    {
        skipped_in_a_row_ = 0;
        ++running_;
        return admission::start;
    }

    void go() noexcept
    {
        --waiting_;
        ++running_;
        skipped_in_a_row_ = 0;
    }

    /** Of those that wait the newest stays. */
    std::optional<Run> put(line_slot& line, Run run, bool is_special)
    {
        const auto older =
            std::exchange(line, std::make_unique<in_line>(in_line{std::move(run), is_special}));
        if (!older) return std::nullopt;
        --waiting_;
        return std::move(older->run);
    }

    std::optional<Run> take(line_slot& line)
    {
        go();
        return std::move(std::exchange(line, nullptr)->run);
    }

    int running_ = 0; // or about to start
    int waiting_ = 0; // for the end of those, or about to
    int turns_ = 0;   // that make up for missed instants: claimed, waiting, or running
    int skipped_in_a_row_ = 0;
    std::list<Run> crashed_; // a deque allocates while it is empty, too
    line_slot backlog_;      // makes up for a missed instant
    line_slot queued_;
};

} // namespace carillon::detail

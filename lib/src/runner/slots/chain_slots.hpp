#pragma once

#include "runner/slots/admission.hpp"
#include <carillon/job/job.hpp>

#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace carillon::detail {

/**
 * The places of one chain's runs: which go, and which wait for their end. Pure; whatever brings a
 * run calls it, `Run` being what it keeps of one that waits.
 *
 * A run is offered when it is due, which keeps a place for it while its claim is under way. Then it
 * is settled, and starts or stands in line, or it is withdrawn. A run that goes ends; the next one
 * has its place.
 */
template <class Run>
class chain_slots {
public:
    /** What settling a run brings about. */
    struct decision {
        /// It goes now; else it waits.
        bool starts = false;
        /// Another waited, and has lost its place.
        std::optional<Run> displaced{};
        /// How many were skipped one after another, that one included; 0 where it was not skipped,
        /// but made up for by the newer one.
        int skipped_in_a_row = 0;
        /// All that go are to be cancelled.
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

    /** Someone asks for a run: it goes beside any other. */
    void offer_by_hand() noexcept { ++running_; }

    /** A run of an earlier process resumes, or waits for another of these that does. */
    void offer_crashed(bool waits) noexcept { ++(waits ? waiting_ : running_); }

    /** One that was offered to wait may go, or waits. `side_by_side` says whether runs of its chain
     * go beside one another. */
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

    /** One that was offered to wait does not go. */
    void withdraw() noexcept { --waiting_; }

    /** One that goes, or was to, has ended. */
    void end() noexcept { --running_; }

    /**
     * After an end: the one that waits and goes now. What crashed comes first, in its order; what
     * was missed comes before what is newer, unless that replaces whatever goes.
     */
    std::optional<Run> next()
    {
        const bool is_free = running_ == 0;
        if (is_free && !crashed_.empty()) {
            std::optional<Run> first(std::move(crashed_.front()));
            crashed_.pop_front();
            go();
            return first;
        }
        if (is_free && queued_ && queued_->is_special) return take(queued_);
        if (backlog_ && (is_free || backlog_->is_special)) return take(backlog_);
        if (is_free && queued_) return take(queued_);
        return std::nullopt;
    }

    /** One that was claimed and waits does so no more, and goes beside whatever goes: the first of
     * which `is_it` says so. */
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
            if (auto w = std::exchange(*line, std::nullopt)) out.push_back(std::move(w->run));
        waiting_ -= static_cast<int>(out.size());
        return out;
    }

    bool is_busy() const noexcept { return running_ > 0; }
    /** Whether one stands in line. */
    bool has_line() const noexcept { return queued_ || backlog_ || !crashed_.empty(); }
    bool has_queued() const noexcept { return queued_.has_value(); }
    /** Whether no run goes, waits, or is about to. */
    bool is_idle() const noexcept { return running_ == 0 && waiting_ == 0; }
    int skipped_in_a_row() const noexcept { return skipped_in_a_row_; }

private:
    struct in_line {
        Run run;
        bool is_special = false; // in the queue: replaces; in the backlog: goes beside others
    };

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
    std::optional<Run> put(std::optional<in_line>& line, Run run, bool is_special)
    {
        auto older = std::exchange(line, in_line{std::move(run), is_special});
        if (!older) return std::nullopt;
        --waiting_;
        return std::move(older->run);
    }

    std::optional<Run> take(std::optional<in_line>& line)
    {
        go();
        return std::move(std::exchange(line, std::nullopt)->run);
    }

    int running_ = 0; // that go, or are about to
    int waiting_ = 0; // for the end of those, or are about to
    int turns_ = 0;   // that make up for missed instants: claimed, waiting, or going
    int skipped_in_a_row_ = 0;
    std::deque<Run> crashed_;
    std::optional<in_line> backlog_; // makes up for a missed instant
    std::optional<in_line> queued_;
};

} // namespace carillon::detail

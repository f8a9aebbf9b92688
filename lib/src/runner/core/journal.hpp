#pragma once

#include "runner/services/services.hpp"
#include "time/timer_slot.hpp"
#include <carillon/store/store.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace carillon::detail {

/// How long a store that has failed is left alone before it is asked again.
inline constexpr microseconds pause_before_next_try = std::chrono::seconds{1};

/**
 * Writes to the store. What the store refuses is kept in memory until the store takes it. All parts
 * of the runner write through it, but for the progress of a run's jobs, which that run saves
 * itself.
 *
 * What waits is bounded: of missed instants a span for each job and reason, of jobs their names, of
 * ended runs ten thousand.
 */
class journal : public std::enable_shared_from_this<journal> {
public:
    using claim_handler = std::function<void(error_code, std::vector<claim>)>;

    explicit journal(std::shared_ptr<services> shared)
        : shared_(std::move(shared)), wait_(shared_->time)
    {}

    /** The current memories of the jobs of these names, and the names that are gone. */
    using recall_function = std::function<store_changes(const std::set<std::string>&)>;

    /** What the owner is called for. */
    struct calls {
        recall_function recall{};
        /// @ref is_idle may have become true.
        std::function<void()> on_idle{};
        /// The store still fails; once in @ref pause_before_next_try.
        std::function<void()> on_still_failing{};
        /// Whether runs wait for the store: then it is asked again, though nothing is to be
        /// written.
        std::function<bool()> is_needed{};
        /// It takes again what it is given.
        std::function<void()> on_recovered{};
    };

    /** The owner is kept alive while something is under way. */
    void serve(std::weak_ptr<void> owner, calls to)
    {
        owner_ = std::move(owner);
        calls_ = std::move(to);
    }

    /** Commits the batch. If the store refuses it, all but the claims is kept and committed later.
     * The handler is called when the store has answered. */
    void claim(store_changes batch, claim_handler handler);

    /** Starts again after @ref close. */
    void begin();

    /** The store has been read, which counts where it had refused something and nothing waits. */
    void store_was_read();

    /** Changes the job memories in batches that are queued and not yet sent to the store: other
     * claims of these jobs have failed. */
    void amend(const std::function<void(job_memory&)>& change);

    /** Gives claims back, before any other is asked for. */
    void give_back(std::vector<returned_claim> claims);

    /** Records instants that come to no run. */
    void write(store_changes notes);

    /** The same, once the store works again. */
    void write_later(const store_changes& notes);

    /** Writes down how a run has ended. `then` is called when the store has answered, whatever it
     * says. */
    void finish(std::shared_ptr<const run_record> run, std::function<void()> then = {});

    /** Takes the late answer to claims that counted as failed. */
    void answered_late(
        const store_changes& batch,
        const error_code& ec,
        const std::vector<carillon::claim>& claims);

    /** Whether the store has refused something, or not answered, and has not taken all since. */
    bool is_failing() const noexcept { return failure_.has_value(); }

    /** The store's latest error. */
    const error_code& last_error() const noexcept { return last_error_; }

    /** Whether all that was handed over has been taken or refused. */
    bool is_idle() const noexcept { return underway_ == 0; }

    /** At the end: writes what waits once more, then drops it. False while a write is under way. */
    bool close();

private:
    using span_key = std::pair<std::string, reason>;

    /** Counts one thing as under way as long as it lives, and keeps the journal and its owner. */
    class work {
    public:
        explicit work(journal& of) : of_(of.shared_from_this()), owner_(of.owner_.lock())
        {
            ++of.underway_;
        }
        work(work&&) noexcept = default;
        work& operator=(work&&) = delete;
        ~work()
        {
            if (of_) --of_->underway_;
        }

        journal* operator->() const noexcept { return of_.get(); }

        /** The store has said so: nothing of it is under way any more. */
        void answered(const error_code& ec) &&
        {
            const auto owner = std::move(owner_);
            const auto of = std::move(of_);
            --of->underway_;
            of->answered(ec);
        }

    private:
        std::shared_ptr<journal> of_;
        std::shared_ptr<void> owner_;
    };

    struct asked {
        work underway; // ends after the handler, which may refer to the owner's parts
        store_changes batch;
        claim_handler handler;
    };

    /** What becomes of what waits. */
    enum class stage {
        /// It is tried again until the store takes it.
        writing,
        /// The end: it has been tried for the last time.
        last_try,
        /// The end: what is left, or answered late, is for the next start.
        closed,
    };

    /** The store has refused something, or does not answer. */
    struct failure {
        microseconds since; // in time since boot
        bool hangs;         // it does not answer
    };

    using claim_queue = std::deque<asked>;

    void claim_next(std::shared_ptr<claim_queue> queue);
    void ask_for_turn();
    void take_waiting(claim_queue& queue);
    bool has_waiting() const;
    void take_along(store_changes& newer);
    void add_waiting(returned_claim claim);
    void add_waiting(const store_changes& notes);
    void add_waiting(std::shared_ptr<const run_record> run, const error_code& ec);
    void answered(const error_code& ec);
    void note_failure(const error_code& ec);
    void note_recovery();
    void try_again();
    void wait();
    void give_up();

    std::shared_ptr<services> shared_;
    std::weak_ptr<void> owner_;
    calls calls_;
    // The first of them is under way, and its handler owns the queue. If the store destroys that
    // handler uncalled, the whole queue goes with it.
    std::weak_ptr<claim_queue> claims_;
    std::size_t underway_ = 0; // counted by `work` alone
    stage stage_ = stage::writing;
    std::optional<failure> failure_; // until the store has taken all
    error_code last_error_;
    timer_slot wait_;            // until the store is tried again
    bool is_turn_asked_ = false; // an empty batch is queued, for what follows

    std::multimap<std::string, returned_claim> returned_; // by chain
    std::map<span_key, missed_record> missed_;
    std::set<std::string> jobs_; // of which something is to be remembered or forgotten
    std::deque<std::shared_ptr<const run_record>> runs_;
};

} // namespace carillon::detail

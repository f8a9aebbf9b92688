#pragma once

#include <carillon/error.hpp>
#include <carillon/job/run.hpp>
#include <carillon/store/claim.hpp>
#include <carillon/store/history.hpp>
#include <carillon/store/history_limits.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace carillon {

/**
 * The memory of what was claimed, done and missed: the seam between the runner and where it is
 * kept.
 *
 * The memory may be shared by several processes, and machines, each with a store object of its own,
 * which owns the claims that it wins until their runs are recorded, or its process is gone.
 *
 * An object is for one executor at a time. Operations take effect in the order of their launches,
 * each of them whole. Their answers may come in another order, and at any time later. The object
 * must exist when an operation is launched; with `boost::asio::deferred` that is after the call.
 *
 * Claims that complete with an error have not taken effect. A store that has lost its connection
 * answers when it knows whether they have. If the caller has stopped waiting by then, it gives the
 * won claims back. Another operation may have taken effect in spite of an error: it can be asked
 * for again.
 *
 * Cancellation: no operation can be cancelled, so that no claim is lost; each completes with its
 * result.
 */
class store {
public:
    store() = default;
    store(const store&) = delete;
    store& operator=(const store&) = delete;
    virtual ~store() = default;

    /**
     * How long before the instant to ask for `claims` claims so that the answer arrives in time:
     * about the duration of a commit. Zero if answers are immediate.
     */
    virtual microseconds claim_lead(std::size_t claims) const noexcept
    {
        static_cast<void>(claims);
        return microseconds{0};
    }

    /** Whether what is kept outlives the process, so that the next start finds it. */
    virtual bool is_durable() const noexcept { return true; }

    /** Bounds the history from now on. A `memory_store` ignores it: it has its own bounds. From any
     * thread. */
    virtual void set_limits(const history_limits& limits) { static_cast<void>(limits); }

    /** What is remembered of all scheduled jobs, and the runs that crashed:
     * `void(error_code, recollection)`. Changes nothing. Cancellation: none. */
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_load(CompletionToken&& token = {})
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code, recollection)>(
            [](auto handler, store* self) { self->load(std::move(handler)); }, token, this);
    }

    /**
     * Commits one wake-up: claims of all due runs, and the instants that are not run:
     * `void(error_code, std::vector<claim>)`, an answer for each claim, in order.
     *
     * A claim is as durable as the store when the operation completes. `now` is the wall clock: a
     * fence is the greater of the last + 1 and `now` in microseconds, so that it grows across
     * restarts without a store. The batch is shared with the caller, which may need it again where
     * the store fails; it must not change meanwhile. Cancellation: none.
     */
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_commit(
        std::shared_ptr<const store_changes> batch, instant now, CompletionToken&& token = {})
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code, std::vector<claim>)>(
            [](auto handler, store* self, std::shared_ptr<const store_changes> asked, instant at) {
                self->commit_changes(std::move(asked), at, std::move(handler));
            },
            token, this, std::move(batch), now);
    }

    /** Replaces the saved progress of one job of an open run: `void(error_code)`, when it is
     * durable. Cancellation: none. */
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_save_progress(run_id run, job_record job, CompletionToken&& token = {})
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [](auto handler, store* self, run_id id, job_record record) {
                self->save_progress(id, std::move(record), std::move(handler));
            },
            token, this, run, std::move(job));
    }

    /** Records a run that has ended, whatever its outcome, claimed or not, in place of an earlier
     * end of the same run: `void(error_code)`. It is shared as a batch of claims is. Cancellation:
     * none. */
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_finish(std::shared_ptr<const run_record> run, CompletionToken&& token = {})
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [](auto handler, store* self, std::shared_ptr<const run_record> ended) {
                self->finish(std::move(ended), std::move(handler));
            },
            token, this, std::move(run));
    }

    /** A part of the history: `void(error_code, history_page)`. Cancellation: none. */
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_find(history_query query, CompletionToken&& token = {})
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code, history_page)>(
            [](auto handler, store* self, history_query asked) {
                self->find(std::move(asked), std::move(handler));
            },
            token, this, std::move(query));
    }

    /** One run, open or ended: `void(error_code, std::optional<run_record>)`, nothing if it is
     * not known. One that is open and whose process is gone has the reason @ref reason::crash.
     * Cancellation: none. */
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_find_run(run_id run, CompletionToken&& token = {})
    {
        return boost::asio::async_initiate<
            CompletionToken, void(error_code, std::optional<run_record>)>(
            [](auto handler, store* self, run_id id) { self->find_run(id, std::move(handler)); },
            token, this, run);
    }

protected:
    template <class... Ts>
    using handler_of = boost::asio::any_completion_handler<void(error_code, Ts...)>;
    using load_handler = handler_of<recollection>;
    using claim_handler = handler_of<std::vector<claim>>;
    using plain_handler = handler_of<>;
    using find_handler = handler_of<history_page>;
    using find_run_handler = handler_of<std::optional<run_record>>;

private:
    virtual void load(load_handler handler) = 0;
    virtual void commit_changes(
        std::shared_ptr<const store_changes> batch, instant now, claim_handler handler) = 0;
    virtual void save_progress(run_id run, job_record job, plain_handler handler) = 0;
    virtual void finish(std::shared_ptr<const run_record> run, plain_handler handler) = 0;
    virtual void find(history_query query, find_handler handler) = 0;
    virtual void find_run(run_id run, find_run_handler handler) = 0;
};

} // namespace carillon

#pragma once

#include <carillon/error.hpp>
#include <carillon/job/run.hpp>
#include <carillon/store/job_memory.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace carillon {

/** An occurrence that someone wants to run: its identity is (chain, instant). */
struct claim_request {
    std::string chain;
    instant scheduled_at;
};

/** The answer to one request of a batch. */
struct claim {
    /// False where the occurrence had been claimed before: it is not to be run again.
    bool won = false;
    /// Greater than every fence given for the chain before.
    std::int64_t fence = 0;
};

/** What comes of one wake-up, to be kept in one commit. */
struct claim_batch {
    std::vector<claim_request> claims{};
    std::vector<missed_record> missed{};
    /// In place of what was remembered of these jobs.
    std::vector<job_memory> memories{};
    /// Jobs that are no more.
    std::vector<std::string> forgotten{};

    bool empty() const noexcept
    {
        return claims.empty() && missed.empty() && memories.empty() && forgotten.empty();
    }
};

/**
 * The memory of what was claimed and done: the seam between the runner and where it is kept.
 *
 * An object is for one executor at a time.
 */
class store {
public:
    store() = default;
    store(const store&) = delete;
    store& operator=(const store&) = delete;
    virtual ~store() = default;

    /** What is remembered of all scheduled jobs: `void(error_code, std::vector<job_memory>)`, in
     * any order. Not cancellable. */
    template <class CompletionToken>
    auto async_load(CompletionToken&& token)
    {
        return boost::asio::async_initiate<
            CompletionToken, void(error_code, std::vector<job_memory>)>(
            [](auto handler, store* self) { self->load(std::move(handler)); }, token, this);
    }

    /**
     * Claims all that is due at one wake-up, and keeps what else came of it:
     * `void(error_code, std::vector<claim>)`, an answer for each claim, in order.
     *
     * A claim is won by the first to ask for it, and is as durable as the store when the operation
     * completes. With an error none was won and nothing was kept. Operations take effect in the
     * order of their calls. `now` is the wall clock: a fence is the greater of the
     * last + 1 and `now` in microseconds, so that it grows across restarts without a store. Not
     * cancellable: a claim must not be lost between two owners.
     */
    template <class CompletionToken>
    auto async_claim(claim_batch batch, instant now, CompletionToken&& token)
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code, std::vector<claim>)>(
            [](auto handler, store* self, claim_batch asked, instant at) {
                self->claim_all(std::move(asked), at, std::move(handler));
            },
            token, this, std::move(batch), now);
    }

    /** Records a run that has ended, whatever its outcome: `void(error_code)`. Not cancellable. */
    template <class CompletionToken>
    auto async_record(run_record run, CompletionToken&& token)
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [](auto handler, store* self, run_record ended) {
                self->record(std::move(ended), std::move(handler));
            },
            token, this, std::move(run));
    }

protected:
    using load_handler =
        boost::asio::any_completion_handler<void(error_code, std::vector<job_memory>)>;
    using claim_handler = boost::asio::any_completion_handler<void(error_code, std::vector<claim>)>;
    using record_handler = boost::asio::any_completion_handler<void(error_code)>;

private:
    virtual void load(load_handler handler) = 0;
    virtual void claim_all(claim_batch batch, instant now, claim_handler handler) = 0;
    virtual void record(run_record run, record_handler handler) = 0;
};

} // namespace carillon

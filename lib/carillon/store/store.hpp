#pragma once

#include <carillon/error.hpp>
#include <carillon/job/run.hpp>

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

    /**
     * Claims all that is due at one wake-up: `void(error_code, std::vector<claim>)`, an answer for
     * each request, in order.
     *
     * A claim is won by the first to ask for it, and is as durable as the store when the operation
     * completes. With an error none was won. `now` is the wall clock: a fence is the greater of the
     * last + 1 and `now` in microseconds, so that it grows across restarts without a store. Not
     * cancellable: a claim must not be lost between two owners.
     */
    template <class CompletionToken>
    auto async_claim(std::vector<claim_request> batch, instant now, CompletionToken&& token)
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code, std::vector<claim>)>(
            [](auto handler, store* self, std::vector<claim_request> requests, instant at) {
                self->claim_batch(std::move(requests), at, std::move(handler));
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
    using claim_handler = boost::asio::any_completion_handler<void(error_code, std::vector<claim>)>;
    using record_handler = boost::asio::any_completion_handler<void(error_code)>;

private:
    virtual void
    claim_batch(std::vector<claim_request> batch, instant now, claim_handler handler) = 0;
    virtual void record(run_record run, record_handler handler) = 0;
};

} // namespace carillon

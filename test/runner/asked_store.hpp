#pragma once

#include <carillon/store/store.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace carillon::test {

/** A store that answers when the test says so. What it is asked for waits in its order. */
class asked_store final : public store {
public:
    struct batch {
        std::shared_ptr<const store_changes> changes;
        claim_handler handler;
    };
    struct end {
        std::shared_ptr<const run_record> run;
        plain_handler handler;
    };
    struct question {
        run_id run;
        find_run_handler handler;
    };

    std::deque<batch> batches;
    std::deque<end> ends;
    std::deque<question> questions;

    /// Which claims are won.
    std::function<bool(const claim_request&)> wins = [](const claim_request&) { return true; };
    /// Are told of what it is asked for, as it is asked.
    std::function<void(const store_changes&)> on_batch = [](const store_changes&) {};
    std::function<void(const run_record&)> on_end = [](const run_record&) {};
    bool outlives_the_process = true;
    microseconds lead{0};
    /// Of the last claim that was won.
    std::int64_t fence = 0;

    microseconds claim_lead(std::size_t) const noexcept override { return lead; }
    bool is_durable() const noexcept override { return outlives_the_process; }

    void answer_batch(const error_code& ec = {})
    {
        batch b = take(batches);
        std::vector<claim> claims;
        if (!ec)
            for (const claim_request& r : b.changes->claims) {
                const bool won = wins(r);
                claims.push_back({.won = won, .fence = won ? ++fence : 0});
            }
        std::move(b.handler)(ec, std::move(claims));
    }

    void answer_end(const error_code& ec = {}) { std::move(take(ends).handler)(ec); }

    void answer_question(std::optional<run_record> found, const error_code& ec = {})
    {
        std::move(take(questions).handler)(ec, std::move(found));
    }

private:
    template <class T>
    static T take(std::deque<T>& from)
    {
        T first = std::move(from.front());
        from.pop_front();
        return first;
    }

    void load(load_handler) override {}
    void find(history_query, find_handler) override {}

    void find_run(run_id run, find_run_handler handler) override
    {
        questions.push_back({run, std::move(handler)});
    }

    /** At once: how far a run is matters to no part but the run. */
    void save_progress(run_id, job_record, plain_handler handler) override
    {
        std::move(handler)(error_code{});
    }

    void commit_changes(
        std::shared_ptr<const store_changes> changes, instant, claim_handler handler) override
    {
        on_batch(*changes);
        batches.push_back({std::move(changes), std::move(handler)});
    }

    void finish(std::shared_ptr<const run_record> run, plain_handler handler) override
    {
        on_end(*run);
        ends.push_back({std::move(run), std::move(handler)});
    }
};

} // namespace carillon::test

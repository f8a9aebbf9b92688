#include "simulate/simulated_store.hpp"

#include <utility>

namespace carillon::app {

/** What is asked takes effect at once, in the order of the calls; its answer waits. */
template <class Handler>
auto simulated_store::in_time(Handler handler)
{
    return [time = &time_, span = commit_, handler = std::move(handler)](auto... answer) mutable {
        if (span == microseconds{0}) return std::move(handler)(std::move(answer)...);
        time->async_wait_for(
            span, [handler = std::move(handler), ... answer = std::move(answer)](
                      const error_code&) mutable { std::move(handler)(std::move(answer)...); });
    };
}

void simulated_store::load(load_handler handler) { real_.async_load(in_time(std::move(handler))); }

void simulated_store::commit_changes(
    std::shared_ptr<const store_changes> batch, instant now, claim_handler handler)
{
    real_.async_commit(std::move(batch), now, in_time(std::move(handler)));
}

void simulated_store::save_progress(run_id run, job_record job, plain_handler handler)
{
    real_.async_save_progress(run, std::move(job), in_time(std::move(handler)));
}

void simulated_store::finish(std::shared_ptr<const run_record> run, plain_handler handler)
{
    real_.async_finish(std::move(run), in_time(std::move(handler)));
}

void simulated_store::find(history_query query, find_handler handler)
{
    real_.async_find(std::move(query), in_time(std::move(handler)));
}

void simulated_store::find_run(run_id run, find_run_handler handler)
{
    real_.async_find_run(run, in_time(std::move(handler)));
}

} // namespace carillon::app

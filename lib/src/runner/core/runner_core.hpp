#pragma once

#include "runner/core/alarm_clock.hpp"
#include "runner/core/chains.hpp"
#include "runner/core/claims.hpp"
#include "runner/core/crashed_runs.hpp"
#include "runner/core/journal.hpp"
#include "runner/core/lifecycle.hpp"
#include "runner/core/live_plan.hpp"
#include "runner/core/on_demand.hpp"
#include "runner/core/work_count.hpp"
#include "runner/services/services.hpp"
#include <carillon/runner/runner.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::detail {

/**
 * A runner without its interface, shared with handlers of operations that may complete after the
 * runner's end. It makes the parts, and orders what takes more than one of them: the start, each
 * wake-up, a change of jobs, a step of the clock, the end.
 */
class runner_core : public std::enable_shared_from_this<runner_core> {
public:
    static std::shared_ptr<runner_core> make(services s, const runner_options& options);

    runner_core(services s, const runner_options& options);

    subscription on_event(event_handler listener)
    {
        return shared_->listeners->add(std::move(listener));
    }
    runner::executor_type get_executor() const noexcept { return shared_->executor; }
    std::shared_ptr<const job_set> jobs() const { return plan_.jobs(); }
    std::size_t running() const { return chains_.running(); }
    bool is_abandoned() const noexcept { return life_.is_abandoned(); }

    /** Comes before @ref replace_jobs: what is due goes its way with the jobs of before. Listeners
     * are told, and may change the jobs. */
    void settle_due();
    void replace_jobs(job_set jobs);
    std::optional<instant> next_due(std::string_view name) const;
    std::optional<instant> next_wake();
    void set_max_concurrent(std::size_t max);
    void set_max_per_origin(std::size_t max);
    void set_on_store_error(on_store_error what) { claims_.set_on_store_error(what); }
    result<void> pause(std::string_view name);
    result<void> resume(std::string_view name);
    bool is_paused(std::string_view name) const;
    result<void> cancel(run_id id);

    void run(lifecycle::handler_type handler);
    void drain(lifecycle::handler_type handler);
    void trigger(const std::string& name, on_demand::handler_type handler);
    void retry(run_id id, on_demand::handler_type handler);

    /** The runner is gone: nobody listens any more, and what is under way ends. */
    void abandon();

private:
    void connect_parts();
    result<job_index> find_scheduled(std::string_view name) const;
    void load();
    void loaded(const error_code& ec, recollection found);
    void arm();
    void wake();
    void look_for_step();
    void turn_over(const std::string& chain);
    void stop_firing();
    void end_waiting();
    void cancel_runs();
    void finish_if_idle();

    std::shared_ptr<services> shared_;
    std::shared_ptr<journal> journal_;
    work_count work_;
    lifecycle life_;
    alarm_clock alarm_;
    live_plan plan_;
    chains chains_;
    claims claims_;
    crashed_runs crashed_;
    on_demand on_demand_;
};

} // namespace carillon::detail

#pragma once

#include "runner/core/chains.hpp"
#include "runner/core/claims.hpp"
#include "runner/core/journal.hpp"
#include "runner/core/lifecycle.hpp"
#include "runner/core/live_plan.hpp"
#include "runner/core/work_count.hpp"
#include "runner/services/services.hpp"
#include <carillon/detail/pending.hpp>

#include <memory>
#include <optional>
#include <string>

namespace carillon::detail {

/** Starts the runs that someone asks for, whatever the schedule. Called for `runner::async_trigger`
 * and `runner::async_retry`. */
class on_demand {
public:
    using operation_type = pending<void(error_code, run_record)>;
    using handler_type = operation_type::handler_type;

    on_demand(
        std::shared_ptr<services> shared,
        std::shared_ptr<journal> journal,
        const lifecycle& life,
        const live_plan& plan,
        chains& runs,
        claims& due,
        work_count& work,
        bool recovers)
        : shared_(std::move(shared)), journal_(std::move(journal)), life_(life), plan_(plan),
          chains_(runs), claims_(due), work_(work), recovers_(recovers)
    {}

    void trigger(const std::string& name, handler_type handler);
    void retry(run_id id, handler_type handler);

private:
    /** A run that someone asked for, from the asking to its end. */
    struct asked_run;
    using asked_ptr = std::shared_ptr<asked_run>;

    asked_ptr make_asked(handler_type handler) const;
    void found(const asked_ptr& asked, const error_code& ec, std::optional<run_record> record);
    error_code why_not_retried(const std::optional<run_record>& found, const job_set& jobs) const;
    void offer(const asked_ptr& asked, int tries);
    void claim(const asked_ptr& asked, int tries);
    void start(const asked_ptr& asked);

    std::shared_ptr<services> shared_;
    std::shared_ptr<journal> journal_;
    const lifecycle& life_;
    const live_plan& plan_;
    chains& chains_;
    claims& claims_;
    work_count& work_;
    bool recovers_; // the next start resumes what was triggered, should this process crash
};

} // namespace carillon::detail

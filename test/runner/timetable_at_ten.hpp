#pragma once

#include "print.hpp"
#include "runner/plan/timetable.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::test {

/** A timetable on a machine that has been booted at ten o'clock, with the readings of its clock. */
struct timetable_at_ten {
    static constexpr instant ten =
        std::chrono::sys_days{std::chrono::year{2026} / 1 / 1} + std::chrono::hours{10};

    inline static const schedule pin_112{
        .every = std::chrono::minutes{15},
        .on_boot = std::chrono::minutes{5},
        .accuracy = std::chrono::minutes{1}};

    static job scheduled(std::string name, schedule s, bool enabled = true)
    {
        return {
            .name = std::move(name), .enabled = enabled, .trigger = s, .url = "http://localhost/"};
    }

    static std::shared_ptr<const job_set> jobs_of(std::vector<job> jobs)
    {
        return std::make_shared<const job_set>(job_set::create(std::move(jobs)).value());
    }

    static std::optional<instant> wake_of(detail::timetable& t)
    {
        const auto next = t.next_wake();
        return next ? std::optional(next->at) : std::nullopt;
    }

    static detail::time_reading at(instant now, instant boot = ten)
    {
        return {.now = now, .origins = {.boot = boot, .start = ten}, .boot_id = {{1}}};
    }

    /** Booted a second time, at 13:00. */
    static detail::time_reading second_boot(instant now)
    {
        detail::time_reading r = at(now, ten + std::chrono::hours{3});
        r.boot_id = {{2}};
        return r;
    }

    detail::timetable table;
    detail::plan_change change;
    job_index known = 0;
    bool busy = false;

    void assign(std::vector<job> jobs, instant now)
    {
        known = static_cast<job_index>(jobs.size());
        table.assign(jobs_of(std::move(jobs)), at(now));
    }

    /** As after a crash: all that is left is what a store remembers. */
    void restart(std::vector<job> jobs, const detail::time_reading& time)
    {
        std::vector<job_memory> memories;
        for (job_index i = 0; i < known; ++i) memories.push_back(table.memory_of(i));
        known = static_cast<job_index>(jobs.size());
        table = {};
        change = table.assign(jobs_of(std::move(jobs)), time, std::move(memories));
    }

    detail::due_work take_due(instant now)
    {
        return table.take_due(now, [this](job_index) { return busy; });
    }

    std::vector<instant> names(instant now)
    {
        std::vector<instant> out;
        for (const detail::due_run& r : take_due(now).runs) out.push_back(r.scheduled_at);
        return out;
    }

    std::vector<detail::due_run> runs_due(instant now) { return take_due(now).runs; }
};

} // namespace carillon::test

#pragma once

#include "print.hpp"
#include "runner/machine.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::test {

/** A simulation that keeps in words what its runner tells. */
struct narrated_runner : simulation {
    using strings = std::vector<std::string>;

    strings told;
    std::string last_message;
    std::optional<error_code> run_result;

    narrated_runner()
    {
        runner.on_event([this](const event& e) {
            std::visit(
                overloaded{
                    [&](const run_started& s) { tell("start " + s.run.chain); },
                    [&](const job_ended& j) {
                        tell(std::string(to_string(*j.record.outcome)) + " " + j.job.name);
                        last_message = j.record.message;
                    },
                    [&](const run_ended& r) {
                        tell("end " + r.run.chain + " " + std::string(to_string(*r.run.outcome)));
                    },
                    [&](const run_skipped& s) {
                        tell("skip " + s.first.name + " " + std::to_string(s.in_a_row));
                    },
                    [&](const runs_missed& m) { tell("missed " + std::to_string(m.count)); },
                    [&](const clock_changed& c) {
                        tell("clock " + std::to_string(c.by / std::chrono::seconds{1}));
                    },
                    [&](const auto&) {},
                },
                e);
        });
    }

    void tell(std::string what) { told.push_back(std::move(what)); }

    void start(std::vector<job> jobs)
    {
        runner.set_jobs(job_set::create(std::move(jobs)).value());
        runner.async_run([this](error_code ec) { run_result = ec; });
    }

    void expect_no_work_left()
    {
        BOOST_TEST(!time.next_wait());
        ctx.restart();
        ctx.poll();
        BOOST_TEST(ctx.stopped());
    }

    void slow(microseconds delay)
    {
        answer = [delay](const http::request&) { return http::reply_with(200, "{}", delay); };
    }
};

} // namespace carillon::test

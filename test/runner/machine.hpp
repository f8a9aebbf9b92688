#pragma once

#include "runner/faulty_store.hpp"
#include "runner/make.hpp"
#include "runner/simulation.hpp"

#include <boost/asio/detached.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace carillon::test {

/** A machine on which carillon comes and goes; the store stays. */
struct machine : simulated_world {
    std::unique_ptr<test::connection> connection;
    std::unique_ptr<faulty_store> disk;
    /// What befalls the store's operations, from the next start on.
    std::function<faulty_store::fault(faulty_store::operation)> choose =
        [](faulty_store::operation) { return faulty_store::fault{}; };
    microseconds lead{0}; // that its claims want, likewise
    std::vector<std::pair<std::unique_ptr<test::connection>, std::unique_ptr<faulty_store>>> graves;
    /// How a start connects to the store.
    std::function<std::unique_ptr<test::connection>()> connect = [this] { return store.connect(); };
    std::unique_ptr<carillon::runner> daemon;
    std::vector<missed_record> missed;

    void start(std::vector<job> jobs, runner_options options = {})
    {
        connection = connect();
        disk = std::make_unique<faulty_store>(ctx.get_executor(), time, *connection);
        disk->choose = choose;
        disk->lead = lead;
        daemon =
            std::make_unique<carillon::runner>(ctx.get_executor(), time, transport, *disk, options);
        daemon->on_event([this](const event& e) {
            if (const auto* m = std::get_if<runs_missed>(&e))
                missed.push_back({m->first.name, m->from, m->to, m->count, m->reason});
        });
        daemon->set_jobs(job_set::create(std::move(jobs)).value());
        daemon->async_run(boost::asio::detached);
        run_for(microseconds{0});
    }

    /** As by kill -9: nothing is told any more. */
    void kill()
    {
        connection->disconnect();
        daemon.reset();
        run_for(microseconds{0});
        // What it was asked for may still be on its way.
        graves.emplace_back(std::move(connection), std::move(disk));
    }

    std::vector<std::string> instants(const std::string& job) const
    {
        std::vector<std::string> out;
        for (const auto& s : requests)
            if (s.job == job)
                out.push_back(field(s.request, "Carillon-Scheduled-At").substr(11, 8));
        return out;
    }
};

} // namespace carillon::test

#pragma once

#include "runner/machine.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace carillon::test {

using namespace std::chrono_literals;

/** Random jobs on a machine whose store fails, stalls and dies in the midst of a commit, and whose
 * process is killed. */
struct random_machine : machine {
    using operation = faulty_store::operation;

    explicit random_machine(std::uint64_t seed) : random(seed)
    {
        answer = [this](const http::request& r) {
            http::scripted_reply out =
                http::reply_with(one_in(5) ? 500 : 200, "{}", one_in(3) ? below(40) * 1s : 0s);
            if (!one_in(8)) return out;
            out.error = boost::asio::error::connection_refused;
            out.reply.phase = phase::connect;
            refused.insert({field(r, "Idempotency-Key"), field(r, "Carillon-Attempt")});
            return out;
        };
        choose = [this](operation what) {
            faulty_store::fault f;
            // Before a job is seen for the first time nothing is owed.
            if (time.now() == monday) return f;
            // Whether it can be kept how far a job is, is another question: attempts may then
            // repeat.
            const bool is_asked = what == operation::claim || what == operation::record ||
                                  (what == operation::save && refuses_saves);
            if (is_ill && is_asked && one_in(2)) f.ec = boost::asio::error::no_buffer_space;
            // Beyond ten seconds the store counts as stalled, and saves are given up, too.
            if (one_in(20)) f.delay = delay();
            if (one_in(40)) f.torn = [this] { is_to_die = true; };
            return f;
        };
    }

    int below(int n) { return static_cast<int>(random() % static_cast<std::uint64_t>(n)); }
    bool one_in(int n) { return below(n) == 0; }

    /** What is asked for later waits for what is late. */
    microseconds delay()
    {
        if (refuses_saves) return below(60) * 1s;
        const microseconds now = time.since_boot();
        const microseconds end = std::max(late_until, now) + below(9) * 1s;
        if (end - now > 9s) return 0s;
        const microseconds out = end - std::max(late_until, now);
        late_until = end;
        return out;
    }

    void add_jobs()
    {
        static constexpr microseconds leads[] = {0ms, 5ms, 700ms};
        lead = leads[below(3)];
        for (int i = 0; i < 3; ++i) {
            const std::string name = "job-" + std::to_string(i);
            schedule s{.every = (1 + below(5)) * 20s};
            s.catch_up = static_cast<catch_up_policy>(below(3));
            job first = with_policies(make(name, s));
            first.overlap = static_cast<overlap_policy>(below(4));
            jobs.push_back(first);
            if (one_in(2))
                jobs.push_back(with_policies(make(
                    name + "-next",
                    after{{name, one_in(2) ? condition::finished : condition::succeeded}})));
        }
    }

    job with_policies(job j)
    {
        if (one_in(3)) j.delivery = delivery_policy::at_most_once;
        j.retry = retry_policy{.attempts = 1 + below(3), .backoff = 1s, .max_backoff = 5s};
        return j;
    }

    void play()
    {
        add_jobs();
        start(jobs, {.seed = random()});
        const instant end = time.now() + 30min;
        while (time.now() < end) {
            is_ill = one_in(3);
            for (int i = below(60); i > 0 && !is_to_die; --i) run_for(1s);
            // In the midst of what is claimed ahead, or has just begun.
            if (one_in(2)) run_for(below(1000) * 1ms);
            if (one_in(4))
                run_for(std::chrono::ceil<std::chrono::seconds>(time.now()) - time.now() - 1ms);
            if (!is_to_die && !one_in(4)) {
                disturb();
                continue;
            }
            if (!is_to_die && one_in(2)) stop();
            kill();
            is_to_die = false;
            if (one_in(3)) run_for(below(200) * 1s);
            start(jobs, {.seed = random()});
        }
        // The end is quiet, so that all comes to something.
        kill();
        is_quiet = true;
        choose = [](operation) { return faulty_store::fault{}; };
        start(jobs, {.seed = random()});
        answer = [](const http::request&) { return http::reply_with(200, "{}"); };
        run_for(10min);
        // Between two instants.
        run_for(20s - time.now().time_since_epoch() % 20s + 10s);
        until = time.now();
        daemon->async_drain(boost::asio::detached);
        run_for(10min);
    }

    /** What people do, and machines: nothing of it may cost an instant. */
    void disturb()
    {
        const std::string name = "job-" + std::to_string(below(3));
        switch (below(4)) {
        case 0:
            return daemon->set_jobs(job_set::create(jobs).value());
        case 1:
            return daemon->async_trigger(name, boost::asio::detached);
        case 2: // it sleeps
            return time.advance_to(time.now() + below(100) * 1s);
        default:
            return;
        }
    }

    /** As by SIGTERM; whoever waits for the end may lose patience. */
    void stop()
    {
        struct drain {
            boost::asio::cancellation_signal grace_is_over;
            bool is_over = false;
        };
        const auto d = std::make_shared<drain>();
        daemon->async_drain(boost::asio::bind_cancellation_slot(
            d->grace_is_over.slot(), [d](const error_code&) { d->is_over = true; }));
        for (int i = below(60); i > 0 && !is_to_die && !d->is_over; --i) run_for(1s);
        if (!d->is_over) d->grace_is_over.emit(boost::asio::cancellation_type::terminal);
        for (int i = below(60); i > 0 && !is_to_die && !d->is_over; --i) run_for(1s);
    }

    recollection load_once_more()
    {
        recollection out;
        const auto other = store.connect();
        other->async_load([&](error_code, recollection r) { out = std::move(r); });
        run_for(0s);
        return out;
    }

    std::mt19937_64 random;
    std::vector<job> jobs;
    std::set<std::pair<std::string, std::string>> refused;
    /// Instants of a chain that others have run. One of them may count as missed here, too, where
    /// the claim was not answered in time.
    std::function<std::int64_t(const std::string&)> wins_of_others = [](const std::string&) {
        return 0;
    };
    bool refuses_saves = one_in(2);
    microseconds late_until{0}; // in time since boot
    bool is_ill = false;
    bool is_to_die = false;
    bool is_quiet = false;
    instant until{};
};

/** The same where other machines share the store, to which the connection comes and goes. */
struct shared_machine : random_machine {
    explicit shared_machine(std::uint64_t seed) : random_machine(seed)
    {
        refuses_saves = true;
        choose = [this](operation) {
            faulty_store::fault f;
            if (time.now() != monday && one_in(60)) f.torn = [this] { is_to_die = true; };
            return f;
        };
        wins_of_others = [this](const std::string& chain) { return other.wins(chain); };
        connect = [this] {
            // Before a job is seen for the first time nothing is owed.
            if (is_quiet || time.now() == monday) return store.connect();
            static constexpr microseconds delays[] = {0s, 300ms, 3s, 12s};
            return store.connect(
                {.seed = random(),
                 .longest_delay = delays[below(4)],
                 .loses_one_in = 30,
                 .meanwhile = [this](const store_changes& asked) { other.before(asked); }});
        };
    }

    std::unique_ptr<test::connection> others = store.connect();
    rival other{time, *others, random()};
};

} // namespace carillon::test

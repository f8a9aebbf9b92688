#include "simulation.hpp"

#include "simulated_api.hpp"
#include <carillon/http/scripted_transport.hpp>
#include <carillon/runner/runner.hpp>
#include <carillon/store/memory_store.hpp>
#include <carillon/time/span.hpp>
#include <carillon/time/virtual_time.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

namespace asio = boost::asio;

namespace carillon::app {
namespace {

/** A machine, its clock, and the daemon that comes and goes on it. */
class world {
public:
    world(const job_set& jobs, const scenario& what, const simulated_event_handler& tell)
        : jobs_(jobs), what_(what), tell_(tell), left_(what.span)
    {
        for (const incident& i : what_.incidents)
            ahead_.push_back({.at = i.at, .what = incident_action(i.what), .span = i.span});
        std::stable_sort(ahead_.begin(), ahead_.end(), [](const action& a, const action& b) {
            return a.at < b.at;
        });
    }

    void play()
    {
        if (what_.boot > what_.from) {
            off_ = 1;
            after(what_.boot - what_.from, &world::switch_on);
        }
        start_if_up();
        do pass(next_action());
        while (act());
        runner_.reset();
        settle();
    }

private:
    using step = void (world::*)(microseconds);

    struct action {
        instant at{};
        step what = nullptr;
        microseconds span{0};
    };

    static step incident_action(incident::kind k)
    {
        switch (k) {
        case incident::kind::down:
            return &world::stop;
        case incident::kind::off:
            return &world::switch_off;
        case incident::kind::step:
            break;
        }
        return &world::set_clock;
    }

    /** Elapsed time from the beginning on. */
    microseconds elapsed() const { return what_.span - left_; }

    void after(microseconds span, step what) { later_.emplace(elapsed() + span, what); }

    /** How long until something befalls the machine. */
    microseconds next_action() const
    {
        microseconds wait = left_;
        if (!later_.empty()) wait = std::min(wait, later_.begin()->first - elapsed());
        if (done_ < ahead_.size()) wait = std::min(wait, ahead_[done_].at - time_.now());
        return std::max(wait, microseconds{0});
    }

    /** Does what is to be done now; false where there is nothing. */
    bool act()
    {
        if (!later_.empty() && later_.begin()->first <= elapsed()) {
            const step what = later_.begin()->second;
            later_.erase(later_.begin());
            (this->*what)(microseconds{0});
        } else if (done_ < ahead_.size() && ahead_[done_].at <= time_.now()) {
            const action& a = ahead_[done_++];
            (this->*a.what)(a.span);
        } else {
            return false;
        }
        return true;
    }

    void pass(microseconds span)
    {
        time_.run_until(ctx_, time_.now() + span);
        left_ -= span;
    }

    /** Runs what is ready now. */
    void settle()
    {
        ctx_.restart();
        ctx_.poll();
    }

    void tell_incident(const std::string& words)
    {
        tell_({.at = time_.now(), .what = simulated_event::kind::incident, .job = words});
    }

    void start_if_up()
    {
        if (down_ > 0 || off_ > 0 || runner_) return;
        tell_incident("carillon starts");
        runner_ = std::make_unique<runner>(
            ctx_.get_executor(), time_, transport_, store_, runner_options{what_.seed + starts_++});
        runner_->on_event([this](const event& e) { on_event(e); });
        runner_->set_jobs(jobs_);
        runner_->async_run(asio::detached);
    }

    void stop(microseconds span)
    {
        ++down_;
        after(span, &world::end_stop);
        if (!runner_) return;
        tell_incident("carillon is stopped");
        bool drained = false;
        asio::cancellation_signal cancel;
        runner_->async_drain(
            asio::bind_cancellation_slot(cancel.slot(), [&](error_code) { drained = true; }));
        settle();
        const instant last = time_.now() + what_.shutdown_grace;
        while (!drained && left_ > microseconds{0}) {
            const instant next = std::min(time_.next_wait().value_or(last), last);
            pass(std::clamp<microseconds>(next - time_.now(), microseconds{0}, left_));
            if (time_.now() < last) continue;
            cancel.emit(asio::cancellation_type::terminal);
            settle();
        }
        runner_.reset();
        settle();
    }

    void end_stop(microseconds)
    {
        --down_;
        start_if_up();
    }

    void switch_off(microseconds span)
    {
        ++off_;
        after(span, &world::switch_on);
        tell_incident("the machine is switched off");
        runner_.reset(); // nobody is told of anything any more
        settle();
        for (const auto& [job, scheduled_at] : std::exchange(going_, {}))
            tell_(
                {.at = time_.now(),
                 .what = simulated_event::kind::ended,
                 .job = job,
                 .scheduled_at = scheduled_at,
                 .outcome = outcome::interrupted,
                 .is_first = begins_chain(job)});
    }

    bool begins_chain(const std::string& job) const
    {
        const job_index j = jobs_.find(job).value();
        return jobs_.chain_of(j) == j;
    }

    void switch_on(microseconds)
    {
        if (--off_ > 0) return;
        tell_incident("the machine boots");
        time_.reboot();
        start_if_up();
    }

    void set_clock(microseconds by)
    {
        const bool back = by < microseconds{0};
        tell_incident(fmt::format(
            "the clock is set {} by {}", back ? "back" : "forward", format_span(back ? -by : by)));
        time_.step(by);
    }

    void on_event(const event& e)
    {
        using kind = simulated_event::kind;
        std::visit(
            overloaded{
                [&](const job_started& s) {
                    going_.emplace(s.job.name, s.run.scheduled_at);
                    tell_job(kind::started, s.run, s.job);
                },
                [&](const job_ended& j) {
                    going_.erase({j.job.name, j.run.scheduled_at});
                    if (j.record.outcome == outcome::skipped)
                        tell_job(kind::skipped, j.run, j.job, {}, j.record.reason);
                    else
                        tell_job(kind::ended, j.run, j.job, j.record.outcome);
                },
                [&](const run_skipped& s) {
                    tell_(
                        {.at = time_.now(),
                         .what = kind::skipped,
                         .job = s.first.name,
                         .scheduled_at = s.scheduled_at,
                         .reason = s.reason,
                         .is_first = true});
                },
                [&](const runs_missed& m) {
                    tell_(
                        {.at = time_.now(),
                         .what = kind::missed,
                         .job = m.first.name,
                         .reason = m.reason,
                         .first = m.from,
                         .last = m.to,
                         .count = m.count,
                         .is_first = true});
                },
                [](const auto&) {},
            },
            e);
    }

    void tell_job(
        simulated_event::kind what,
        const run_record& run,
        const job& j,
        std::optional<outcome> o = {},
        std::optional<reason> why = {})
    {
        tell_(
            {.at = time_.now(),
             .what = what,
             .job = j.name,
             .scheduled_at = run.scheduled_at,
             .outcome = o,
             .reason = why,
             .is_first = run.chain == j.name});
    }

    const job_set& jobs_;
    const scenario& what_;
    const simulated_event_handler& tell_;
    microseconds left_;
    std::vector<action> ahead_;               // by the wall clock
    std::size_t done_ = 0;                    // of those ahead
    std::multimap<microseconds, step> later_; // by elapsed time
    int down_ = 0;
    int off_ = 0;
    std::uint64_t starts_ = 0;
    std::set<std::pair<std::string, instant>> going_;

    asio::io_context ctx_;
    virtual_time time_{
        ctx_.get_executor(), what_.from, std::max(what_.from - what_.boot, microseconds{0})};
    simulated_api api_{jobs_, what_.replies};
    http::scripted_transport transport_{
        ctx_.get_executor(), time_, [this](const http::request& r) { return api_.answer(r); }};
    memory_store store_{
        ctx_.get_executor(), {.keep_runs = 1, .keep_runs_in_all = 1'000, .keep_claims = 1'000}};
    std::unique_ptr<runner> runner_;
};

} // namespace

void simulate(const job_set& jobs, const scenario& what, const simulated_event_handler& tell)
{
    world(jobs, what, tell).play();
}

} // namespace carillon::app

#include "simulate/simulation.hpp"

#include "simulate/event_teller.hpp"
#include "simulate/simulated_api.hpp"
#include "simulate/simulated_store.hpp"
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
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace asio = boost::asio;

namespace carillon::app {
namespace {

/** A machine, its clock, and the daemon that is started and stopped on it. */
class world {
public:
    world(const job_set& jobs, const scenario& what, const simulated_event_handler& tell)
        : jobs_(jobs), what_(what), left_(what.span), teller_(jobs, time_, tell)
    {
        for (const incident& i : what_.incidents)
            ahead_.push_back({.what = i, .is_due = i.at == what_.from});
        std::stable_sort(ahead_.begin(), ahead_.end(), [](const planned& a, const planned& b) {
            return a.what.at < b.what.at;
        });
    }

    void play()
    {
        if (what_.boot > what_.from) {
            off_ = 1;
            after(what_.boot - what_.from, [this] { switch_on(); });
        }
        start_if_up();
        do pass(next_action());
        while (act());
        runner_.reset();
        settle();
    }

private:
    using action = std::function<void()>;

    struct planned {
        incident what;
        bool is_due = false; // to happen now
        bool is_over = false;
    };

    /** Elapsed time from the beginning on. */
    microseconds elapsed() const { return what_.span - left_; }

    void after(microseconds span, action what)
    {
        later_.emplace(elapsed() + span, std::move(what));
    }

    /** How long until the next incident. */
    microseconds next_action() const
    {
        microseconds wait = left_;
        if (!later_.empty()) wait = std::min(wait, later_.begin()->first - elapsed());
        for (const planned& p : ahead_) {
            if (p.is_over) continue;
            if (p.is_due) return microseconds{0};
            // A time that has passed comes again when the clock is set back.
            if (p.what.at > time_.now()) wait = std::min(wait, p.what.at - time_.now());
        }
        return std::max(wait, microseconds{0});
    }

    /** Does what is to be done now; false where there is nothing. */
    bool act()
    {
        if (std::exchange(drained_, false)) {
            end_runner();
            start_if_up();
            return true;
        }
        if (!later_.empty() && later_.begin()->first <= elapsed()) {
            const action what = std::move(later_.begin()->second);
            later_.erase(later_.begin());
            what();
            return true;
        }
        for (planned& p : ahead_) {
            if (p.is_over || !p.is_due) continue;
            p.is_over = true;
            happen(p.what);
            return true;
        }
        return false;
    }

    void happen(const incident& i)
    {
        switch (i.what) {
        case incident::kind::down:
            return stop(i.span);
        case incident::kind::off:
            return switch_off(i.span);
        case incident::kind::step:
            return set_clock(i.span);
        case incident::kind::suspend:
            return suspend(std::min(i.span, left_));
        }
    }

    /** Lets time pass, at most to the end of a daemon that is being stopped. */
    void pass(microseconds span)
    {
        const instant begin = time_.now();
        const instant end = begin + span;
        settle(); // running it may end the simulation, or change the next wait
        while (time_.now() < end && !drained_) {
            const instant next = stopping_ ? time_.next_wait().value_or(end) : end;
            const microseconds step = std::clamp(next, time_.now(), end) - time_.now();
            time_.run_until(ctx_, time_.now() + step);
            left_ -= step;
        }
        mark_due(begin, time_.now());
    }

    /** The clock has moved from one time to a later one. */
    void mark_due(instant from, instant to)
    {
        for (planned& p : ahead_)
            if (p.what.at > from && p.what.at <= to) p.is_due = true;
    }

    /** Runs what is ready now. */
    void settle() { time_.run_until(ctx_, time_.now()); }

    void start_if_up()
    {
        if (down_ > 0 || off_ > 0 || runner_) return;
        teller_.tell_incident("carillon starts");
        auto made =
            std::make_unique<simulated_store>(ctx_.get_executor(), time_, memory_, what_.commit);
        store_ = made.get();
        stores_.push_back(std::move(made));
        if (what_.wrap_store)
            stores_.back() =
                what_.wrap_store(ctx_.get_executor(), time_, std::move(stores_.back()));
        runner_ = std::make_unique<runner>(
            ctx_.get_executor(), time_, transport_, *stores_.back(),
            runner_options{.seed = what_.seed + starts_++});
        runner_->on_event([this](const event& e) { teller_.on_event(e); });
        runner_->set_jobs(jobs_);
        runner_->async_run(asio::detached);
    }

    void stop(microseconds span)
    {
        ++down_;
        after(span, [this] {
            --down_;
            start_if_up();
        });
        if (!runner_ || stopping_) return;
        teller_.tell_incident("carillon is stopped");
        stopping_ = std::make_shared<asio::cancellation_signal>();
        runner_->async_drain(asio::bind_cancellation_slot(
            stopping_->slot(), [this, is_mine = std::weak_ptr(stopping_)](error_code) {
                if (is_mine.lock()) drained_ = true;
            }));
        after(what_.shutdown_grace, [is_mine = std::weak_ptr(stopping_)] {
            if (const auto cancel = is_mine.lock()) cancel->emit(asio::cancellation_type::terminal);
        });
    }

    void end_runner()
    {
        stopping_.reset();
        drained_ = false;
        runner_.reset();
        settle();
        if (store_ != nullptr) std::exchange(store_, nullptr)->disconnect();
    }

    void switch_off(microseconds span)
    {
        ++off_;
        after(span, [this] { switch_on(); });
        teller_.tell_incident("the machine is switched off");
        if (store_ != nullptr) store_->disconnect(); // runs under way stay open in it
        end_runner();                                // nobody is told of anything any more
        teller_.interrupt_all();
    }

    void switch_on()
    {
        if (--off_ > 0) return;
        teller_.tell_incident("the machine boots");
        time_.reboot();
        start_if_up();
    }

    void set_clock(microseconds by)
    {
        const bool back = by < microseconds{0};
        teller_.tell_incident(
            fmt::format(
                "the clock is set {} by {}", back ? "back" : "forward",
                format_span(back ? -by : by)),
            by);
        const instant before = time_.now();
        time_.step(by);
        mark_due(before, time_.now());
    }

    void suspend(microseconds span)
    {
        teller_.tell_incident("the machine is suspended");
        const instant before = time_.now();
        time_.advance_to(before + span); // and nobody does anything meanwhile
        left_ -= span;
        mark_due(before, time_.now());
        teller_.tell_incident("the machine wakes");
    }

    const job_set& jobs_;
    const scenario& what_;
    microseconds left_;
    std::vector<planned> ahead_;                // by the wall clock
    std::multimap<microseconds, action> later_; // by elapsed time
    int down_ = 0;
    int off_ = 0;
    bool drained_ = false;
    std::uint64_t starts_ = 0;

    asio::io_context ctx_;
    virtual_time time_{
        ctx_.get_executor(), what_.from, std::max(what_.from - what_.boot, microseconds{0})};
    // A run that ends at the instant of the next one has ended.
    std::unique_ptr<time_source> time_of_replies_ = time_.beforehand();
    event_teller teller_;
    simulated_api api_{jobs_, what_.replies};
    http::scripted_transport transport_{
        ctx_.get_executor(), *time_of_replies_,
        [this](const http::request& r) { return api_.answer(r); }};
    memory_store memory_{
        ctx_.get_executor(), {.keep_runs = 1, .keep_runs_in_all = 1'000, .keep_claims = 1'000}};
    // Also of daemons that are gone: some answer late.
    std::vector<std::unique_ptr<store>> stores_;
    simulated_store* store_ = nullptr;                    // the daemon's
    std::shared_ptr<asio::cancellation_signal> stopping_; // while a daemon ends: cancels its runs
    std::unique_ptr<runner> runner_;
};

} // namespace

void simulate(const job_set& jobs, const scenario& what, const simulated_event_handler& tell)
{
    world(jobs, what, tell).play();
}

} // namespace carillon::app

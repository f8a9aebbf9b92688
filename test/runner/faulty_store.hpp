#pragma once

#include <carillon/store/store.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

namespace carillon::test {

/** A store that does to another's operations what disks do: it answers late, or refuses, or is gone
 * before it can say what it has done. In the order of the calls, as stores have to. */
class faulty_store final : public store {
public:
    enum class operation { load, claim, save, record, find };

    /** What befalls an operation. */
    struct fault {
        microseconds delay{0};
        /// It is refused, and nothing kept.
        error_code ec{};
        /// Called when all is kept; nobody is told of it, and nothing is done any more.
        std::function<void()> torn{};
    };

    std::function<fault(operation)> choose = [](operation) { return fault{}; };
    /// How long before their instant it wants to be asked for claims.
    microseconds lead{0};

    faulty_store(boost::asio::any_io_executor ex, time_source& time, carillon::store& real)
        : state_(std::make_shared<state>(state{std::move(ex), time, real}))
    {}

    /// What it was asked for and never answered goes with it.
    ~faulty_store() override { std::exchange(state_->steps, {}).clear(); }

    microseconds claim_lead(std::size_t) const noexcept override { return lead; }

private:
    using step = std::function<void(std::function<void()> next)>;

    /** Shared with waits, which may outlive the store. */
    struct state : std::enable_shared_from_this<state> {
        state(boost::asio::any_io_executor ex, time_source& t, carillon::store& r)
            : executor(std::move(ex)), time(t), real(r)
        {}

        void add(step s)
        {
            steps.push_back(std::move(s));
            if (steps.size() == 1) begin();
        }

        void begin()
        {
            steps.front()([self = shared_from_this()] {
                self->steps.pop_front();
                if (!self->steps.empty()) self->begin();
            });
        }

        boost::asio::any_io_executor executor;
        time_source& time;
        carillon::store& real;
        std::deque<step> steps;
    };

    /** `act` asks the real store and hands its answer to a function. */
    template <class T>
    void pass(
        operation what,
        handler_of<T> handler,
        std::function<void(std::function<void(error_code, T)>)> act)
    {
        auto answer = std::make_shared<handler_of<T>>(std::move(handler));
        state_->add([self = state_, answer, act = std::move(act), f = choose(what)](auto next) {
            self->time.async_wait_for(f.delay, [=](const error_code&) {
                if (f.ec) {
                    std::move (*answer)(f.ec, T{});
                    return next();
                }
                act([=](const error_code& ec, T result) {
                    if (f.torn) return f.torn();
                    std::move (*answer)(ec, std::move(result));
                });
                if (!f.torn) next(); // else nothing follows
            });
        });
    }

    void pass_plain(
        operation what,
        plain_handler handler,
        std::function<void(std::function<void(error_code)>)> act)
    {
        auto answer = std::make_shared<plain_handler>(std::move(handler));
        state_->add([self = state_, answer, act = std::move(act), f = choose(what)](auto next) {
            self->time.async_wait_for(f.delay, [=](const error_code&) {
                if (f.ec) {
                    std::move (*answer)(f.ec);
                    return next();
                }
                act([=](const error_code& ec) {
                    if (f.torn) return f.torn();
                    std::move (*answer)(ec);
                });
                if (!f.torn) next(); // else nothing follows
            });
        });
    }

    void load(load_handler handler) override
    {
        pass<recollection>(operation::load, std::move(handler), [s = state_](auto answer) {
            s->real.async_load(std::move(answer));
        });
    }

    void commit_changes(
        std::shared_ptr<const store_changes> batch, instant now, claim_handler handler) override
    {
        pass<std::vector<claim>>(
            operation::claim, std::move(handler), [s = state_, batch, now](auto answer) {
                s->real.async_commit(batch, now, std::move(answer));
            });
    }

    void save_progress(run_id run, job_record job, plain_handler handler) override
    {
        pass_plain(operation::save, std::move(handler), [s = state_, run, job](auto answer) {
            s->real.async_save_progress(run, job, std::move(answer));
        });
    }

    void finish(std::shared_ptr<const run_record> run, plain_handler handler) override
    {
        pass_plain(operation::record, std::move(handler), [s = state_, run](auto answer) {
            s->real.async_finish(run, std::move(answer));
        });
    }

    void find(history_query query, find_handler handler) override
    {
        pass<history_page>(operation::find, std::move(handler), [s = state_, query](auto answer) {
            s->real.async_find(query, std::move(answer));
        });
    }

    void find_run(run_id run, find_run_handler handler) override
    {
        pass<std::optional<run_record>>(
            operation::find, std::move(handler),
            [s = state_, run](auto answer) { s->real.async_find_run(run, std::move(answer)); });
    }

    std::shared_ptr<state> state_;
};

} // namespace carillon::test

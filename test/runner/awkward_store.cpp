#include "runner/awkward_store.hpp"

#include <carillon/detail/pending.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace carillon::test {
namespace {

/// So long a lost connection is gone at the most.
constexpr microseconds longest_loss = 12s;

/// A rival wins one claim of so many, and runs one job by hand for so many batches of claims.
constexpr int rival_wins_one_in = 25;
constexpr int rival_runs_one_in = 20;

constexpr microseconds longest_run_of_rival = 20s;

run_id random_id(std::mt19937_64& random)
{
    run_id out{};
    std::generate(std::begin(out.data), std::end(out.data), [&] {
        return static_cast<std::uint8_t>(random());
    });
    return out;
}

} // namespace

/** Shared with waits, which may outlive the store. */
class awkward_store::state : public std::enable_shared_from_this<state> {
public:
    /** Answers of one kind are in order. */
    enum class kind { load, claim, save, record, find };

    state(asio::any_io_executor ex, time_source& t, std::unique_ptr<store> r, awkwardness how)
        : real(std::move(r)), how_(std::move(how)), executor_(std::move(ex)), time_(t),
          random_(how_.seed)
    {}

    /** `act` asks the real store, which hands its answer to the function that it is given. */
    template <class... Ts, class Act>
    void ask(kind what, handler_of<Ts...> handler, Act act)
    {
        auto e = std::make_shared<entry<Ts...>>(executor_, std::move(handler));
        lanes_[what].push_back(e);
        microseconds delay = below(how_.longest_delay);
        const bool was_lost = is_lost();
        const bool loses = !was_lost && lose();
        if (was_lost || (loses && random_() % 2 == 0)) {
            e->fail();
        } else {
            const bool is_told = !loses || what == kind::claim;
            if (loses && is_told) delay = lost_until_ - time_.since_boot();
            act([self = shared_from_this(), e, what, is_told](const error_code& ec, Ts... answer) {
                is_told ? e->answer(ec, std::move(answer)...) : e->fail();
                self->deliver(what);
            });
        }
        later(delay, 1 + random_() % 4, [self = shared_from_this(), e, what] {
            e->is_due = true;
            self->deliver(what);
        });
    }

    /** Before claims take effect. */
    void be_beaten(const store_changes& asked) { how_.meanwhile(asked); }

    /** Who waits is not told any more. */
    void stop()
    {
        std::exchange(lanes_, {}).clear();
        real.reset();
    }

    std::unique_ptr<store> real;

private:
    struct any_entry {
        virtual ~any_entry() = default;
        virtual void tell() = 0;
        bool is_due = false;
        bool is_known = false;
    };

    template <class... Ts>
    struct entry final : any_entry {
        entry(const asio::any_io_executor& ex, handler_of<Ts...> handler)
            : to_(ex, std::move(handler))
        {}

        void answer(const error_code& ec, Ts... values)
        {
            answer_.emplace(ec, std::move(values)...);
            is_known = true;
        }

        void fail() { answer(asio::error::connection_reset, Ts{}...); }

        void tell() override
        {
            std::apply(
                [this](auto&&... values) { std::move(to_).complete(std::move(values)...); },
                std::move(*answer_));
        }

    private:
        detail::pending<void(error_code, Ts...)> to_;
        std::optional<std::tuple<error_code, Ts...>> answer_;
    };

    microseconds below(microseconds end)
    {
        if (end <= 0us) return 0us;
        return microseconds{
            static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(end.count()))};
    }

    bool is_lost() const { return time_.since_boot() < lost_until_; }

    bool lose()
    {
        if (how_.loses_one_in == 0 || random_() % static_cast<unsigned>(how_.loses_one_in) != 0)
            return false;
        lost_until_ = time_.since_boot() + below(longest_loss);
        return true;
    }

    void later(microseconds delay, std::uint64_t turns, std::function<void()> f)
    {
        if (delay > 0us)
            return time_.async_wait_for(delay, [f = std::move(f)](const error_code&) { f(); });
        asio::post(executor_, [self = shared_from_this(), turns, f = std::move(f)]() mutable {
            turns <= 1 ? f() : self->later(0us, turns - 1, std::move(f));
        });
    }

    void deliver(kind what)
    {
        auto& lane = lanes_[what];
        while (!lane.empty() && lane.front()->is_due && lane.front()->is_known) {
            const auto first = std::move(lane.front());
            lane.pop_front();
            first->tell();
        }
    }

    awkwardness how_;
    asio::any_io_executor executor_;
    time_source& time_;
    std::mt19937_64 random_;
    std::map<kind, std::deque<std::shared_ptr<any_entry>>> lanes_;
    microseconds lost_until_{0}; // in time since boot
};

awkward_store::awkward_store(
    asio::any_io_executor ex, time_source& time, std::unique_ptr<store> real, awkwardness how)
    : state_(std::make_shared<state>(std::move(ex), time, std::move(real), std::move(how)))
{}

awkward_store::~awkward_store() { state_->stop(); }

microseconds awkward_store::claim_lead(std::size_t claims) const noexcept
{
    return state_->real->claim_lead(claims);
}

bool awkward_store::is_durable() const noexcept { return state_->real->is_durable(); }

void awkward_store::load(load_handler handler)
{
    state_->ask<recollection>(state::kind::load, std::move(handler), [&](auto answer) {
        state_->real->async_load(std::move(answer));
    });
}

void awkward_store::commit_changes(
    std::shared_ptr<const store_changes> batch, instant now, claim_handler handler)
{
    state_->be_beaten(*batch);
    state_->ask<std::vector<claim>>(state::kind::claim, std::move(handler), [&](auto answer) {
        state_->real->async_commit(batch, now, std::move(answer));
    });
}

void awkward_store::save_progress(run_id run, job_record job, plain_handler handler)
{
    state_->ask<>(state::kind::save, std::move(handler), [&](auto answer) {
        state_->real->async_save_progress(run, std::move(job), std::move(answer));
    });
}

void awkward_store::finish(std::shared_ptr<const run_record> run, plain_handler handler)
{
    state_->ask<>(state::kind::record, std::move(handler), [&](auto answer) {
        state_->real->async_finish(std::move(run), std::move(answer));
    });
}

void awkward_store::find(history_query query, find_handler handler)
{
    state_->ask<history_page>(state::kind::find, std::move(handler), [&](auto answer) {
        state_->real->async_find(std::move(query), std::move(answer));
    });
}

void awkward_store::find_run(run_id run, find_run_handler handler)
{
    state_->ask<std::optional<run_record>>(state::kind::find, std::move(handler), [&](auto answer) {
        state_->real->async_find_run(run, std::move(answer));
    });
}

rival::rival(time_source& time, carillon::store& connection, std::uint64_t seed)
    : time_(time), connection_(connection), random_(seed)
{}

void rival::before(const store_changes& other)
{
    for (const claim_request& c : other.claims) {
        const bool is_scheduled = c.trigger == run_trigger::schedule;
        if (is_scheduled && c.what == claim_request::kind::fresh &&
            random_() % rival_wins_one_in == 0)
            win(c.chain, c.scheduled_at, c.trigger);
    }
    if (!other.claims.empty() && random_() % rival_runs_one_in == 0)
        win(other.claims.front().chain, time_.now() + 1us, run_trigger::manual);
}

void rival::win(const std::string& chain, instant at, run_trigger trigger)
{
    run_record r;
    r.chain = chain;
    r.scheduled_at = at;
    r.id = random_id(random_);
    r.trigger = trigger;
    auto batch = std::make_shared<store_changes>();
    batch->claims = {
        {.chain = chain, .scheduled_at = at, .run = r.id, .trigger = trigger, .due = at}};
    const microseconds length{
        static_cast<std::int64_t>(random_() % std::uint64_t{longest_run_of_rival.count()})};
    connection_.async_commit(
        batch, time_.now(),
        [this, r, length](const error_code& ec, const std::vector<claim>& claims) mutable {
            if (ec || !claims.at(0).won) return;
            if (r.trigger == run_trigger::schedule) ++wins_[r.chain];
            r.fence = claims[0].fence;
            r.started_at = std::max(time_.now(), r.scheduled_at);
            time_.async_wait_for(length, [this, r](const error_code&) mutable {
                r.outcome = outcome::completed;
                r.ended_at = std::max(time_.now(), r.started_at);
                connection_.async_finish(
                    std::make_shared<const run_record>(std::move(r)), [](const error_code&) {});
            });
        });
}

} // namespace carillon::test

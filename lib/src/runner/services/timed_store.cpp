#include "runner/services/timed_store.hpp"

#include "time/timer_slot.hpp"

#include <boost/asio/append.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <list>
#include <utility>
#include <vector>

namespace asio = boost::asio;

namespace carillon::detail {
namespace {

/// A timer that is so late was not alone in that.
constexpr microseconds longest_delay = std::chrono::seconds{1};

} // namespace

/** What is asked of the store and not answered. Shared with the answers, which may outlive the
 * object. */
class timed_store::state : public std::enable_shared_from_this<state> {
public:
    state(asio::any_io_executor ex, std::shared_ptr<bound_time> time)
        : executor_(std::move(ex)), time_(std::move(time)), timer_(*time_)
    {}

    /** Asks: `act` hands its argument to the real store as the handler. `tell_late` is called
     * instead of the handler where the deadline has passed. */
    template <class... Ts, class Act, class Late>
    void ask(microseconds patience, handler_of<Ts...> handler, const Act& act, Late tell_late)
    {
        if (unanswered_ > 0)
            return asio::post(
                executor_,
                asio::append(std::move(handler), make_error_code(errc::queue_full), Ts{}...));
        const auto asker = std::make_shared<handler_of<Ts...>>(std::move(handler));
        const auto q = std::make_shared<question>();
        q->patience = patience;
        q->deadline = time_->since_boot() + patience;
        q->give_up = [self = this, asker] {
            asio::dispatch(
                self->executor_,
                asio::append(std::move(*asker), make_error_code(errc::store_stalled), Ts{}...));
        };
        open_.push_back(q);
        watch();
        act(asio::bind_executor(
            executor_, [self = shared_from_this(), q, asker,
                        tell_late = std::move(tell_late)](const error_code& ec, Ts... answer) {
                if (!self->is_in_time(q)) return tell_late(ec, answer...);
                asio::dispatch(
                    self->executor_, asio::append(std::move(*asker), ec, std::move(answer)...));
            }));
    }

    void stop()
    {
        late_claims = {};
        timer_.cancel();
    }

    late_handler late_claims;

private:
    struct question {
        microseconds patience{0};
        microseconds deadline{0}; // in time since boot
        std::function<void()> give_up{};
        bool is_late = false;
    };

    bool is_in_time(const std::shared_ptr<question>& q)
    {
        if (q->is_late) {
            --unanswered_;
            return false;
        }
        q->give_up = {};
        const auto is_it = [&](const auto& o) { return o.lock() == q; };
        open_.erase(std::find_if(open_.begin(), open_.end(), is_it)); // the first, nearly always
        if (open_.empty()) timer_.cancel();
        return true;
    }

    void watch()
    {
        if (timer_.is_waiting()) return;
        auto first = microseconds::max();
        for (const auto& weak : open_)
            if (const auto q = weak.lock()) first = std::min(first, q->deadline);
        if (first == microseconds::max()) return;
        watched_ = first;
        timer_.wait_for(
            std::max(first - time_->since_boot(), microseconds{0}),
            [weak = weak_from_this()](const error_code&) {
                if (const auto self = weak.lock()) self->lose_patience();
            });
    }

    void lose_patience()
    {
        const microseconds now = time_->since_boot();
        if (now - watched_ > longest_delay) grant_anew(now);
        std::vector<std::shared_ptr<question>> late;
        std::erase_if(open_, [&](const auto& weak) {
            auto q = weak.lock();
            if (q && q->deadline > now) return false;
            if (q) late.push_back(std::move(q));
            return true;
        });
        unanswered_ += late.size();
        for (const auto& q : late) q->is_late = true;
        for (const auto& q : late) std::exchange(q->give_up, {})();
        watch();
    }

    /** The machine has slept, or this process was held up: the store had no more time either. */
    void grant_anew(microseconds now)
    {
        for (const auto& weak : open_)
            if (const auto q = weak.lock()) q->deadline = now + q->patience;
    }

    asio::any_io_executor executor_;
    std::shared_ptr<bound_time> time_;
    // In the order of the asking. Owned by the answers: a store that destroys them uncalled
    // destroys what waits for them.
    std::list<std::weak_ptr<question>> open_;
    std::size_t unanswered_ = 0; // whose deadline has passed
    timer_slot timer_;
    microseconds watched_{0}; // the deadline that it waits for
};

namespace {

/// Of reads, and of writes that may be repeated, no late answer is needed.
constexpr auto nothing_to_tell = [](const error_code&, const auto&...) {};

} // namespace

timed_store::timed_store(
    asio::any_io_executor ex, std::shared_ptr<bound_time> time, carillon::store& real)
    : real_(real), state_(std::make_shared<state>(std::move(ex), std::move(time)))
{}

timed_store::~timed_store() { state_->stop(); }

void timed_store::on_late_claims(late_handler handler) { state_->late_claims = std::move(handler); }

microseconds timed_store::claim_lead(std::size_t claims) const noexcept
{
    return real_.claim_lead(claims);
}

bool timed_store::is_durable() const noexcept { return real_.is_durable(); }

void timed_store::load(load_handler handler)
{
    state_->ask<recollection>(
        store_patience_of_readers, std::move(handler),
        [this](auto answer) { real_.async_load(std::move(answer)); }, nothing_to_tell);
}

void timed_store::commit_changes(
    std::shared_ptr<const store_changes> batch, instant now, claim_handler handler)
{
    state_->ask<std::vector<claim>>(
        store_patience, std::move(handler),
        [&](auto answer) { real_.async_commit(batch, now, std::move(answer)); },
        [self = state_.get(), batch](const error_code& ec, const std::vector<claim>& claims) {
            if (self->late_claims) self->late_claims(*batch, ec, claims);
        });
}

void timed_store::save_progress(run_id run, job_record job, plain_handler handler)
{
    state_->ask<>(
        store_patience, std::move(handler),
        [&](auto answer) { real_.async_save_progress(run, std::move(job), std::move(answer)); },
        nothing_to_tell);
}

void timed_store::finish(std::shared_ptr<const run_record> run, plain_handler handler)
{
    state_->ask<>(
        store_patience, std::move(handler),
        [&](auto answer) { real_.async_finish(std::move(run), std::move(answer)); },
        nothing_to_tell);
}

void timed_store::find(history_query query, find_handler handler)
{
    state_->ask<history_page>(
        store_patience_of_readers, std::move(handler),
        [&](auto answer) { real_.async_find(std::move(query), std::move(answer)); },
        nothing_to_tell);
}

void timed_store::find_run(run_id run, find_run_handler handler)
{
    state_->ask<std::optional<run_record>>(
        store_patience_of_readers, std::move(handler),
        [&](auto answer) { real_.async_find_run(run, std::move(answer)); }, nothing_to_tell);
}

} // namespace carillon::detail

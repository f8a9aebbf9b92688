#include "runner/core/lifecycle.hpp"

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>
#include <boost/assert.hpp>

#include <utility>

namespace asio = boost::asio;

namespace carillon::detail {

void lifecycle::serve(std::weak_ptr<void> owner, cancel_handler on_cancelled)
{
    owner_ = std::move(owner);
    on_cancelled_ = std::move(on_cancelled);
}

std::shared_ptr<lifecycle::ending> lifecycle::make_ending(handler_type handler, on_cancel mild)
{
    auto e =
        std::make_shared<ending>(ending{pending<void(error_code)>(executor_, std::move(handler))});
    auto slot = e->operation.slot();
    if (!slot.is_connected()) return e;
    slot.assign(
        [this, owner = owner_, cancelled = std::weak_ptr(e), mild](asio::cancellation_type type) {
            const auto alive = owner.lock();
            const auto mine = cancelled.lock();
            if (!alive || !mine) return;
            mine->is_cancelled = true;
            const bool is_terminal =
                (type & asio::cancellation_type::terminal) != asio::cancellation_type::none;
            on_cancelled_(is_terminal || mild == on_cancel::cancel_runs);
        });
    return e;
}

bool lifecycle::run(handler_type handler)
{
    if (run_ || !drains_.empty()) {
        pending<void(error_code)>(executor_, std::move(handler)).complete(errc::already_running);
        return false;
    }
    run_ = make_ending(std::move(handler), on_cancel::stop_firing);
    state_ = state::loading;
    return true;
}

void lifecycle::add_drain(handler_type handler)
{
    drains_.push_back(make_ending(std::move(handler), on_cancel::cancel_runs));
}

void lifecycle::loaded()
{
    BOOST_ASSERT(state_ == state::loading);
    state_ = state::firing;
}

void lifecycle::fail(const error_code& why) { run_->error = why; }

void lifecycle::begin_stop()
{
    if (state_ == state::firing) state_ = state::stopping;
}

void lifecycle::stopped()
{
    // A listener may have stopped it again meanwhile, and have cancelled the runs.
    if (state_ < state::draining) state_ = state::draining;
}

void lifecycle::cancel()
{
    BOOST_ASSERT(is_draining());
    if (state_ == state::draining) state_ = state::cancelling;
}

void lifecycle::finish()
{
    BOOST_ASSERT(is_draining());
    state_ = state::ended;
    std::vector<std::shared_ptr<ending>> endings = std::exchange(drains_, {});
    if (run_) endings.push_back(std::exchange(run_, nullptr));
    for (const auto& e : endings)
        std::move(e->operation)
            .complete(e->is_cancelled ? asio::error::operation_aborted : e->error);
}

void lifecycle::abandon()
{
    is_abandoned_ = true;
    if (run_) run_->is_cancelled = true;
    for (const auto& e : drains_) e->is_cancelled = true;
}

} // namespace carillon::detail

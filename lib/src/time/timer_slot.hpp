#pragma once

#include <carillon/error.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>

#include <memory>
#include <utility>

namespace carillon::detail {

/**
 * One wait at a time, which can be called off. Used on the executor that the time source's waits
 * complete on.
 *
 * `then`, a `void(error_code)`, is not called for a wait that was called off, or whose place
 * another wait has taken, also where its time had come by then; nor where the time source ends. The
 * destructor forgets a wait likewise, but leaves it to the time source, which may have ended
 * before.
 */
class timer_slot {
public:
    explicit timer_slot(time_source& time) : time_(time) {}
    timer_slot(const timer_slot&) = delete;
    timer_slot& operator=(const timer_slot&) = delete;
    ~timer_slot()
    {
        if (wait_) wait_->slot = nullptr;
    }

    /** Waits for an instant of the wall clock; see @ref time_source::async_wait_until. */
    template <class F>
    void wait_until(instant at, F then)
    {
        time_.async_wait_until(at, begin(std::move(then)));
    }

    /** Waits for a span of elapsed time; see @ref time_source::async_wait_for. */
    template <class F>
    void wait_for(microseconds span, F then)
    {
        time_.async_wait_for(span, begin(std::move(then)));
    }

    /** Calls the wait off, if there is one. */
    void cancel()
    {
        const auto ended = std::exchange(wait_, nullptr);
        if (!ended) return;
        ended->slot = nullptr;
        ended->signal.emit(boost::asio::cancellation_type::terminal);
    }

    bool is_waiting() const noexcept { return wait_ != nullptr; }

private:
    /** Shared with the handler, which may be called after all. */
    struct wait {
        explicit wait(timer_slot* s) : slot(s) {}

        timer_slot* slot; // null where nobody waits any more
        boost::asio::cancellation_signal signal{};
    };

    template <class F>
    auto begin(F then)
    {
        cancel();
        wait_ = std::make_shared<wait>(this);
        return boost::asio::bind_cancellation_slot(
            wait_->signal.slot(),
            [mine = wait_, then = std::move(then)](const error_code& ec) mutable {
                if (mine->slot == nullptr) return;
                mine->slot->wait_.reset();
                if (ec != boost::asio::error::operation_aborted) then(ec);
            });
    }

    time_source& time_;
    std::shared_ptr<wait> wait_;
};

} // namespace carillon::detail

#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>

#include <utility>

namespace carillon::detail {

/**
 * The handler of an operation that waits for an event of ours.
 *
 * It counts as outstanding work on the operation's executor and on the handler's, as Asio asks
 * of every operation. It is completed at most once, and never within the call that completes it.
 */
template <class Signature>
class pending;

template <class... Args>
class pending<void(Args...)> {
public:
    using handler_type = boost::asio::any_completion_handler<void(Args...)>;

    pending(const boost::asio::any_io_executor& ex, handler_type handler)
        : work_(boost::asio::prefer(ex, boost::asio::execution::outstanding_work.tracked)),
          handler_work_(boost::asio::prefer(
              boost::asio::get_associated_executor(
                  handler, boost::asio::any_completion_executor(ex)),
              boost::asio::execution::outstanding_work.tracked)),
          handler_(std::move(handler))
    {}

    auto slot() { return boost::asio::get_associated_cancellation_slot(handler_); }

    /** Posts the handler. The function in its cancellation slot stays there, so it may be called
     * later. */
    void complete(Args... args) &&
    {
        boost::asio::post(work_, boost::asio::append(std::move(handler_), std::move(args)...));
    }

private:
    boost::asio::any_io_executor work_;
    boost::asio::any_completion_executor handler_work_;
    handler_type handler_;
};

} // namespace carillon::detail

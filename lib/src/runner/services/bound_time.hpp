#pragma once

#include <carillon/time/time_source.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/bind_executor.hpp>

#include <utility>

namespace carillon::detail {

/** A time source whose waits complete on one executor, whatever the real one's is. */
class bound_time final : public time_source {
public:
    bound_time(boost::asio::any_io_executor ex, time_source& real)
        : executor_(std::move(ex)), real_(real), is_bound_(real.get_executor() == executor_)
    {}

    executor_type get_executor() const noexcept override { return executor_; }

    instant now() const noexcept override { return real_.now(); }
    microseconds since_boot() const noexcept override { return real_.since_boot(); }
    boost::uuids::uuid boot_id() const noexcept override { return real_.boot_id(); }

private:
    void wait_until(instant t, handler_type handler) override
    {
        if (is_bound_) return real_.async_wait_until(t, std::move(handler));
        real_.async_wait_until(t, boost::asio::bind_executor(executor_, std::move(handler)));
    }

    void wait_for(microseconds span, handler_type handler) override
    {
        if (is_bound_) return real_.async_wait_for(span, std::move(handler));
        real_.async_wait_for(span, boost::asio::bind_executor(executor_, std::move(handler)));
    }

    boost::asio::any_io_executor executor_;
    time_source& real_;
    // A handler that is bound is allocated once more, and ten thousand may wait.
    bool is_bound_;
};

} // namespace carillon::detail

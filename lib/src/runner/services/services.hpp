#pragma once

#include "runner/limit/limiter.hpp"
#include "runner/services/bound_time.hpp"
#include "runner/services/listeners.hpp"
#include "runner/services/timed_store.hpp"
#include <carillon/http/transport.hpp>
#include <carillon/runner/event.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <random>

namespace carillon::detail {

/** What the parts of one runner share. */
struct services {
    boost::asio::any_io_executor executor;
    std::shared_ptr<bound_time> clock;
    http::transport& transport;
    std::shared_ptr<timed_store> timed;
    time_source& time = *clock;
    carillon::store& store = *timed;
    std::mt19937_64 random;
    std::shared_ptr<detail::limiter> limiter{};
    std::shared_ptr<detail::listeners> listeners = std::make_shared<detail::listeners>();

    void emit(const event& e) const { listeners->tell(e); }
};

} // namespace carillon::detail

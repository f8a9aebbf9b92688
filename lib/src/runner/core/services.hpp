#pragma once

#include "runner/core/bound_time.hpp"
#include "runner/core/timed_store.hpp"
#include "runner/limit/origins.hpp"
#include <carillon/http/transport.hpp>
#include <carillon/runner/event.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace carillon {

/** What the parts of one runner share. Not a public interface. */
struct services {
    boost::asio::any_io_executor executor;
    std::shared_ptr<bound_time> clock;
    http::transport& transport;
    std::shared_ptr<timed_store> timed;
    time_source& time = *clock;
    carillon::store& store = *timed;
    std::mt19937_64 random;
    std::shared_ptr<carillon::origins> origins{};
    // Replaced whole: a listener may add others, or end the runner, while it is called.
    std::shared_ptr<const std::vector<event_handler>> listeners =
        std::make_shared<std::vector<event_handler>>();

    void add_listener(event_handler listener)
    {
        auto all = std::make_shared<std::vector<event_handler>>(*listeners);
        all->push_back(std::move(listener));
        listeners = std::move(all);
    }

    void emit(const event& e) const
    {
        const auto called = listeners;
        for (const event_handler& listener : *called) listener(e);
    }
};

} // namespace carillon

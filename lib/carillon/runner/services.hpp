#pragma once

#include <carillon/http/transport.hpp>
#include <carillon/runner/event.hpp>
#include <carillon/store/store.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <random>
#include <vector>

namespace carillon {

/** What the parts of one runner share. Not a public interface. */
struct services {
    boost::asio::any_io_executor executor;
    time_source& time;
    http::transport& transport;
    carillon::store& store;
    std::mt19937_64 random;
    std::vector<event_handler> listeners;

    void emit(const event& e) const
    {
        for (const event_handler& listener : listeners) listener(e);
    }
};

} // namespace carillon

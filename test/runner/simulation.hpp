#pragma once

#include "runner/chosen_store.hpp"
#include <carillon/http/scripted_transport.hpp>
#include <carillon/runner/runner.hpp>
#include <carillon/time/virtual_time.hpp>

#include <boost/asio/io_context.hpp>

#include <functional>
#include <string>
#include <vector>

namespace carillon::test {

inline constexpr instant monday = std::chrono::sys_days{std::chrono::year{2026} / 1 / 5};

/** What runners of a test share: a virtual clock, a scripted network with a log of what was sent,
 * and a store. */
struct simulated_world {
    struct sent {
        instant at;
        std::string job;
        http::request request;
    };

    boost::asio::io_context ctx;
    virtual_time time{ctx.get_executor(), monday};
    std::function<http::scripted_reply(const http::request&)> answer = [](const http::request&) {
        return http::reply_with(200, R"({"status":"completed","message":"done"})");
    };
    std::vector<sent> requests;
    http::scripted_transport transport{ctx.get_executor(), time, [this](const http::request& r) {
                                           requests.push_back(
                                               {time.now(), field(r, "Carillon-Job"), r});
                                           return answer(r);
                                       }};
    chosen_store store{ctx, time};

    static std::string field(const http::request& r, std::string_view name)
    {
        for (const auto& f : r.fields)
            if (f.name == name) return f.value;
        return {};
    }

    void run_for(microseconds span) { time.run_until(ctx, time.now() + span); }

    /** The times of a job's requests, from the beginning on. */
    std::vector<microseconds> times(const std::string& job) const
    {
        std::vector<microseconds> out;
        for (const auto& s : requests)
            if (s.job == job) out.push_back(s.at - monday);
        return out;
    }
};

/** One runner in it. */
struct simulation : simulated_world {
    carillon::runner runner{ctx.get_executor(), time, transport, store, {.seed = 1}};
};

} // namespace carillon::test

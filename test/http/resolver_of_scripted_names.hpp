#pragma once

#include "http/network.hpp"
#include "http/resolver.hpp"
#include "print.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <utility>

namespace carillon::test {

/** A name that is looked up, and what came of it. */
struct asked_name {
    boost::asio::cancellation_signal signal;
    int completions = 0;
    error_code ec;
    http::detail::resolver::endpoints found;
};

/** A resolver, what it was asked, and names that hang as long as a test wants. */
struct resolver_of_scripted_names : network {
    inline static const error_code aborted = boost::asio::error::operation_aborted;

    const http::detail::resolver_bounds max{};
    std::optional<http::detail::resolver> resolver{ctx.get_executor()};
    std::list<asked_name> all;

    asked_name&
    start(const std::string& host, std::chrono::nanoseconds time = std::chrono::hours{1})
    {
        asked_name& l = all.emplace_back();
        auto handler = [&l](error_code ec, http::detail::resolver::endpoints found) {
            ++l.completions;
            l.ec = ec;
            l.found = std::move(found);
        };
        resolver->async_resolve(
            host, 8080, std::chrono::steady_clock::now() + time,
            boost::asio::bind_cancellation_slot(l.signal.slot(), std::move(handler)));
        BOOST_TEST(l.completions == 0);
        return l;
    }

    asked_name& run(const std::string& host, std::chrono::nanoseconds time = std::chrono::hours{1})
    {
        asked_name& l = start(host, time);
        run_until([&] { return l.completions != 0; });
        return l;
    }

    std::string found(const std::string& host)
    {
        const asked_name& l = run(host);
        BOOST_TEST(l.ec == error_code{});
        std::string out;
        for (const auto& e : l.found) {
            BOOST_TEST(e.port() == 8080);
            out += (out.empty() ? "" : " ") + e.address().to_string();
        }
        return out;
    }

    /** One of many names that are held as `held.test` is. */
    static std::string held(std::size_t n) { return "n" + std::to_string(n) + ".held.test"; }

    void settle()
    {
        ctx.restart();
        ctx.poll();
    }

    void teardown()
    {
        network::teardown();
        for (const asked_name& l : all) BOOST_TEST(l.completions == 1);
    }
};

} // namespace carillon::test

#pragma once

#include <carillon/error.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace carillon::http::detail {

/** What came of trying a host's addresses. */
struct race_result {
    error_code error{};
    /// The connection to the first that answered; null after an error.
    std::shared_ptr<boost::asio::ip::tcp::socket> winner{};
    /// Whose error it is: the address that was tried last.
    std::string address{};
};

/** Addresses in the order of Happy Eyeballs: the families in turn, beginning with that of the first
 * (RFC 8305 section 4). */
std::vector<boost::asio::ip::tcp::endpoint>
interleave_families(std::vector<boost::asio::ip::tcp::endpoint> addresses);

using race_handler = boost::asio::any_completion_handler<void(race_result)>;

/** The body of @ref async_connect_race, compiled once. */
void start_connect_race(
    const boost::asio::any_io_executor& ex,
    std::vector<boost::asio::ip::tcp::endpoint> addresses,
    std::chrono::steady_clock::time_point until,
    race_handler handler);

/**
 * Connects to the first of some addresses that answers: `void(race_result)`.
 *
 * An address that has not answered within 250 ms, or its share of the time, is joined by the next
 * (RFC 8305 section 5); one that failed, at once. Errors: @ref errc::timed_out at `until`, else
 * that of the last address; where the process may open no more descriptors, that. Cancellation:
 * every type, at once, with `operation_aborted`. In each case no socket but the winner's is left.
 */
template <class CompletionToken>
auto async_connect_race(
    const boost::asio::any_io_executor& ex,
    std::vector<boost::asio::ip::tcp::endpoint> addresses,
    std::chrono::steady_clock::time_point until,
    CompletionToken&& token)
{
    return boost::asio::async_initiate<CompletionToken, void(race_result)>(
        [](auto handler, const boost::asio::any_io_executor& e, auto list, auto limit) {
            start_connect_race(e, std::move(list), limit, std::move(handler));
        },
        token, ex, std::move(addresses), until);
}

} // namespace carillon::http::detail

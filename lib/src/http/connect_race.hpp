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

/** The result of trying a host's addresses. */
struct race_result {
    error_code error{};
    /// The connection to the first address that answered; null after an error.
    std::shared_ptr<boost::asio::ip::tcp::socket> winner{};
    /// After an error: the address that was tried last.
    std::string address{};
};

/** Sorts addresses as Happy Eyeballs asks for: the families take turns, and that of the first
 * address begins (RFC 8305 section 4). */
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
 * The next address is tried, too, when one has not answered within 250 ms or its share of the time
 * (RFC 8305 section 5), and at once when one has failed. Errors: @ref errc::timed_out at `until`,
 * the system's if the process may open no more descriptors, else that of the last address.
 * Cancellation: every type, at once, with `operation_aborted`. In each case all sockets but the
 * winner's are closed.
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

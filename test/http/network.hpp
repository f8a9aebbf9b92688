#pragma once

#include "http/misbehaving_server.hpp"
#include "http/scripted_names.hpp"
#include "print.hpp"
#include <carillon/http/transport.hpp>
#include <carillon/job/run.hpp>

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

namespace carillon::test {

/** An exchange under way, and what came of it. */
class exchange {
public:
    exchange(http::transport& via, http::request req, const http::limits& lim = {});

    void cancel(boost::asio::cancellation_type type = boost::asio::cancellation_type::terminal);

    bool done() const;
    error_code ec() const;
    const http::response& reply() const;

private:
    struct state;
    std::shared_ptr<state> state_; // shared with the handler, which a failed test may outlive
};

/** A fixture: an `io_context` that must have run out of work when the test ends. */
struct network {
    boost::asio::io_context ctx;
    scripted_names names;

    /** Runs the context until this holds, which must be before long. */
    void run_until(const std::function<bool()>& holds);

    /** Runs an exchange to its end. */
    exchange run(http::transport& via, http::request req, const http::limits& lim = {});

    /** Stops the server and checks that nothing is left to do: no connection, no timer, no thread's
     * answer. */
    void finish(misbehaving_server& server);
    void finish();
    void teardown() { finish(); }
};

/** A request to a port of 127.0.0.1 or of another host. */
http::request request_to(
    std::uint16_t port,
    std::string method = "POST",
    std::string body = {},
    std::string host = "127.0.0.1");

/** A whole reply of status 200. */
std::string reply_of(const std::string& body);

/** The descriptors that this process has open. */
std::size_t open_descriptors();

} // namespace carillon::test

#pragma once

#include <carillon/runner/runner.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <string>

namespace carillon::app {

/**
 * Tells systemd in a line how the service is, for `systemctl status`: again a second after
 * something has changed, so that ten thousand runs are one line.
 */
class service_status {
public:
    /** The runner must outlive it. */
    service_status(const boost::asio::any_io_executor& ex, const carillon::runner& runner);

    /** Listens to the runner. */
    void on_event(const event& e);

    /** Tells at once; `also` stands before it, as `READY=1`. */
    void tell(const std::string& also = {});

    /** Tells nothing from then on. */
    void close();

    /** `Ready with 3 jobs, 1 run under way, next at 2026-01-01T14:35:00Z; last: a completed`. */
    std::string text() const;

private:
    void changed();

    const carillon::runner& runner_;
    boost::asio::steady_timer timer_;
    bool waits_ = false;
    bool is_ready_ = false;
    std::string last_;
    std::string trouble_;
};

} // namespace carillon::app

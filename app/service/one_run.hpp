#pragma once

#include "service/engine.hpp"
#include "service/shutdown_sequence.hpp"

#include <boost/asio/cancellation_signal.hpp>

#include <functional>
#include <string>

namespace carillon::app {

/**
 * One run that someone has asked for on the command line, in a process of its own, beside a daemon
 * or without one.
 *
 * SIGTERM, SIGINT and SIGHUP cancel the run; SIGHUP does not where nohup(1) has it ignored.
 */
class one_run {
public:
    /** Throws @ref store_unusable. */
    explicit one_run(configuration config);

    /** Runs the chain of a job of the configuration: 0 when it completed, 1 when not. */
    int once(const std::string& job);

    /** Runs again the jobs that did not complete in a run that has ended: likewise, or another
     * code of base/exit_code.hpp. */
    int retry(run_id run);

private:
    using run_handler = std::function<void(error_code, const run_record&)>;
    int wait_for(const std::function<void(run_handler)>& start);
    void stop();
    void ended(error_code ec, const run_record& run);
    int code() const;

    engine engine_;
    shutdown_sequence shutdown_{engine_};
    boost::asio::cancellation_signal cancel_run_;
    int code_;
    bool is_recorded_ = true; // the run's end
};

} // namespace carillon::app

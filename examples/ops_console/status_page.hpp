#pragma once

#include "server.hpp"
#include <carillon/runner/event.hpp>

#include <boost/json/object.hpp>

#include <optional>

namespace ops_console {

/**
 * `GET /status`: `{"status": "completed", "message": ..., "runs_ended": 3, "last_run": {...}}`, in
 * which `status` is the last run's outcome, and the last run is as `carillon show --json` has it.
 * Before the first one has ended the status is `waiting` and the last run null.
 */
class status_page {
public:
    /** Is told of every event. */
    void on_event(const carillon::event& e);

    /** Nothing where another page is asked for. */
    std::optional<response> answer(const request& req) const;

private:
    std::optional<boost::json::object> last_run_;
    int runs_ended_ = 0;
};

} // namespace ops_console

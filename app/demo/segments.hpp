#pragma once

#include <carillon/detail/sqlite.hpp>
#include <carillon/time/instant.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace carillon::app {

/** A row of `ops_customer_segments`. A day is 24 hours counted back from the computation. */
struct segment_row {
    std::int64_t customer_id = 0;
    std::string customer;
    /// Days with an event among the last 7 and the last 30.
    int active_days_7d = 0;
    int active_days_30d = 0;
    int events_7d = 0;
    int events_30d = 0;
    /// The part of the last 7 days on which the customer was active, 0 to 1: DAU/WAU as it is for
    /// one customer.
    double stickiness = 0;
    /// `rising` or `falling` where that part is a quarter more or less than it is for 30 days, else
    /// `steady`.
    std::string trend;
    /// Had events before the last 7 days and has none since; see @ref
    /// segments::detect_silent_churn.
    bool silent_churn = false;
    /// The last event of one who churned silently, in whole seconds.
    std::optional<instant> silent_since;
    instant computed_at;
};

/** What @ref segments::compute_stickiness found. */
struct stickiness_summary {
    int segments = 0;
    int rising = 0;
    int steady = 0;
    int falling = 0;
};

/**
 * Customers, what they did, and the segments computed from it, in SQLite: the work behind the
 * demo's ops API.
 *
 * Every member blocks, and throws `boost::system::system_error` with SQLite's code and text on
 * failure, having changed nothing. An object is for one thread at a time. Times are kept in whole
 * seconds; events after `now` do not count.
 */
class segments {
public:
    /** Opens a file, making it where there is none, or `":memory:"`, and creates what tables it
     * lacks. */
    explicit segments(const std::string& path);

    /**
     * Replaces all there is by 40 customers and their events of the last 60 days.
     *
     * Equal seeds give equal events, see @ref make_customers.
     */
    void generate(std::uint64_t seed, instant now);

    /** Adds a few events at `now` for customers who are not silent, as time would. */
    void add_recent_events(instant now);

    /** Refreshes every customer's row in one transaction. What is known of silent churn stays. */
    stickiness_summary compute_stickiness(instant now);

    /**
     * Marks customers with 3 events or more in days 8 to 37 before `now` and none in days 1 to 7,
     * and unmarks the others.
     *
     * Looks at the customers of the last @ref compute_stickiness.
     *
     * @return How many are marked.
     */
    int detect_silent_churn(instant now);

    /** The segments: silent churn first, then by stickiness, at most `limit`. */
    std::vector<segment_row> rows(std::size_t limit);

private:
    detail::sqlite::database db_;
    std::mt19937_64 random_;
};

} // namespace carillon::app

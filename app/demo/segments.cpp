#include "demo/segments.hpp"

#include "demo/customers.hpp"

#include <algorithm>
#include <limits>
#include <string_view>

namespace carillon::app {
namespace {

using std::chrono::seconds;

constexpr int max_recent_events = 4;

constexpr const char* schema_sql = R"sql(
CREATE TABLE IF NOT EXISTS customers (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS customer_events (
    customer_id INTEGER NOT NULL REFERENCES customers (id),
    occurred_at INTEGER NOT NULL, -- Unix seconds, as every time here
    kind        TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS customer_events_by_customer ON customer_events (customer_id, occurred_at);
CREATE TABLE IF NOT EXISTS ops_customer_segments (
    customer_id     INTEGER PRIMARY KEY REFERENCES customers (id),
    customer        TEXT NOT NULL,
    active_days_7d  INTEGER NOT NULL,
    active_days_30d INTEGER NOT NULL,
    events_7d       INTEGER NOT NULL,
    events_30d      INTEGER NOT NULL,
    stickiness      REAL NOT NULL,
    trend           TEXT NOT NULL CHECK (trend IN ('rising', 'steady', 'falling')),
    silent_churn    INTEGER NOT NULL DEFAULT 0,
    silent_since    INTEGER,
    computed_at     INTEGER NOT NULL);
)sql";

constexpr const char* clear_sql =
    "DELETE FROM ops_customer_segments; DELETE FROM customer_events; DELETE FROM customers";

// `days_ago` 0 is the last 24 hours. A left join, so that one who did nothing has a row that says
// so.
constexpr std::string_view compute_sql = R"sql(
WITH recent AS (
    SELECT customer_id, (?1 - occurred_at) / 86400 AS days_ago
    FROM customer_events
    WHERE occurred_at <= ?1 AND occurred_at > ?1 - 30 * 86400),
activity AS (
    SELECT c.id, c.name,
           COUNT(DISTINCT CASE WHEN r.days_ago < 7 THEN r.days_ago END) AS active_7,
           COUNT(DISTINCT r.days_ago) AS active_30,
           COUNT(CASE WHEN r.days_ago < 7 THEN 1 END) AS events_7,
           COUNT(r.days_ago) AS events_30
    FROM customers c LEFT JOIN recent r ON r.customer_id = c.id
    GROUP BY c.id)
INSERT INTO ops_customer_segments (customer_id, customer, active_days_7d, active_days_30d, events_7d, events_30d,
                                   stickiness, trend, computed_at)
SELECT id, name, active_7, active_30, events_7, events_30,
       active_7 / 7.0,
       CASE WHEN active_7 / 7.0 > 1.25 * active_30 / 30.0 THEN 'rising'
            WHEN active_7 / 7.0 < 0.75 * active_30 / 30.0 THEN 'falling'
            ELSE 'steady' END,
       ?1
FROM activity WHERE true
ON CONFLICT (customer_id) DO UPDATE SET
    customer = excluded.customer,
    active_days_7d = excluded.active_days_7d, active_days_30d = excluded.active_days_30d,
    events_7d = excluded.events_7d, events_30d = excluded.events_30d,
    stickiness = excluded.stickiness, trend = excluded.trend, computed_at = excluded.computed_at
)sql";

constexpr std::string_view summary_sql = R"sql(
SELECT COUNT(*), COUNT(*) FILTER (WHERE trend = 'rising'), COUNT(*) FILTER (WHERE trend = 'steady'),
       COUNT(*) FILTER (WHERE trend = 'falling')
FROM ops_customer_segments
)sql";

// Unmarks everyone, then marks: a row is never half of one and half of the other.
constexpr std::string_view unmark_sql =
    "UPDATE ops_customer_segments SET silent_churn = 0, silent_since = NULL";
constexpr std::string_view mark_sql = R"sql(
UPDATE ops_customer_segments SET silent_churn = 1, silent_since = silent.last_event
FROM (SELECT customer_id, MAX(occurred_at) AS last_event
      FROM customer_events
      WHERE occurred_at <= ?1
      GROUP BY customer_id
      HAVING last_event <= ?1 - 7 * 86400
         AND COUNT(CASE WHEN occurred_at > ?1 - 37 * 86400 THEN 1 END) >= 3) AS silent
WHERE ops_customer_segments.customer_id = silent.customer_id
)sql";

constexpr std::string_view rows_sql = R"sql(
SELECT customer_id, customer, active_days_7d, active_days_30d, events_7d, events_30d, stickiness, trend,
       silent_churn, silent_since, computed_at
FROM ops_customer_segments
ORDER BY silent_churn DESC, stickiness DESC, events_30d DESC, customer_id
LIMIT ?1
)sql";

std::int64_t to_unix(instant t)
{
    return std::chrono::floor<seconds>(t).time_since_epoch().count();
}
instant from_unix(std::int64_t s) { return instant(seconds(s)); }

/** Puts events in, one after another. */
class event_writer {
public:
    event_writer(detail::sqlite::database& db, const char* purpose)
        : insert_(
              db,
              "INSERT INTO customer_events (customer_id, occurred_at, kind) VALUES (?1, ?2, ?3)",
              purpose)
    {}

    void add(std::int64_t customer, const customer_event& e)
    {
        insert_.bind(1, customer);
        insert_.bind(2, to_unix(e.occurred_at));
        insert_.bind(3, std::string_view(e.kind));
        insert_.run();
    }

private:
    detail::sqlite::statement insert_;
};

/** Customers with an event in the last 7 days. */
std::vector<std::int64_t>
active_customers(detail::sqlite::database& db, instant now, const char* purpose)
{
    detail::sqlite::statement query(
        db,
        "SELECT DISTINCT customer_id FROM customer_events WHERE occurred_at > ?1 ORDER BY "
        "customer_id",
        purpose);
    query.bind(1, to_unix(now - std::chrono::days(7)));
    std::vector<std::int64_t> ids;
    while (query.step()) ids.push_back(query.number(0));
    return ids;
}

segment_row read_row(const detail::sqlite::statement& s)
{
    segment_row row{
        .customer_id = s.number(0),
        .customer = s.text(1),
        .active_days_7d = s.small_number(2),
        .active_days_30d = s.small_number(3),
        .events_7d = s.small_number(4),
        .events_30d = s.small_number(5),
        .stickiness = s.real(6),
        .trend = s.text(7),
        .silent_churn = s.small_number(8) != 0,
        .silent_since = std::nullopt,
        .computed_at = from_unix(s.number(10))};
    if (!s.is_null(9)) row.silent_since = from_unix(s.number(9));
    return row;
}

} // namespace

segments::segments(const std::string& path) : db_(path)
{
    db_.execute(schema_sql, "cannot create the tables");
}

void segments::generate(std::uint64_t seed, instant now)
{
    constexpr const char* purpose = "cannot generate customers";
    random_.seed(seed);
    detail::sqlite::transaction change(db_, purpose);
    db_.execute(clear_sql, purpose);
    detail::sqlite::statement insert(
        db_, "INSERT INTO customers (id, name) VALUES (?1, ?2)", purpose);
    event_writer events(db_, purpose);
    std::int64_t id = 0;
    for (const customer_history& customer : make_customers(random_, now)) {
        insert.bind(1, ++id);
        insert.bind(2, customer.name);
        insert.run();
        for (const customer_event& e : customer.events) events.add(id, e);
    }
    change.commit();
}

void segments::add_recent_events(instant now)
{
    constexpr const char* purpose = "cannot add events";
    detail::sqlite::transaction change(db_, purpose);
    const auto active = active_customers(db_, now, purpose);
    event_writer events(db_, purpose);
    const int count = active.empty() ? 0 : 1 + draw(random_, max_recent_events);
    for (int i = 0; i < count; ++i) {
        const auto who = static_cast<std::size_t>(draw(random_, static_cast<int>(active.size())));
        events.add(active[who], make_event(random_, now));
    }
    change.commit();
}

stickiness_summary segments::compute_stickiness(instant now)
{
    constexpr const char* purpose = "cannot refresh ops_customer_segments";
    detail::sqlite::transaction change(db_, purpose);
    detail::sqlite::statement refresh(db_, compute_sql, purpose);
    refresh.bind(1, to_unix(now));
    refresh.run();

    detail::sqlite::statement counts(db_, summary_sql, purpose);
    counts.step();
    const stickiness_summary found{
        .segments = counts.small_number(0),
        .rising = counts.small_number(1),
        .steady = counts.small_number(2),
        .falling = counts.small_number(3)};
    counts.run();
    change.commit();
    return found;
}

int segments::detect_silent_churn(instant now)
{
    constexpr const char* purpose = "cannot mark silent churn";
    detail::sqlite::transaction change(db_, purpose);
    detail::sqlite::statement(db_, unmark_sql, purpose).run();
    detail::sqlite::statement mark(db_, mark_sql, purpose);
    mark.bind(1, to_unix(now));
    mark.run();
    const int marked = db_.changes();
    change.commit();
    return marked;
}

std::vector<segment_row> segments::rows(std::size_t limit)
{
    detail::sqlite::statement query(db_, rows_sql, "cannot read ops_customer_segments");
    constexpr std::size_t most = std::numeric_limits<std::int64_t>::max();
    query.bind(1, static_cast<std::int64_t>(std::min(limit, most)));
    std::vector<segment_row> found;
    while (query.step()) found.push_back(read_row(query));
    return found;
}

} // namespace carillon::app

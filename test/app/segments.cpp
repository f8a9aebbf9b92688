#include "demo/segments.hpp"

#include "print.hpp"
#include <carillon/detail/sqlite.hpp>

#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

namespace segments_suite {

constexpr instant now = std::chrono::sys_days{std::chrono::year{2025} / 12 / 20} + 18h;

/** A database file that a test may also change behind the segments' back. */
struct file_fixture {
    file_fixture()
    {
        std::string name = (std::filesystem::temp_directory_path() / "segments-XXXXXX").string();
        const int fd = ::mkstemp(name.data());
        BOOST_REQUIRE_GE(fd, 0);
        ::close(fd);
        path = name;
    }
    ~file_fixture() { std::remove(path.c_str()); }

    void add_customer(int id, const std::string& name)
    {
        detail::sqlite::statement insert(other(), "INSERT INTO customers VALUES (?1, ?2)", "test");
        insert.bind(1, id);
        insert.bind(2, name);
        insert.run();
    }

    void add_event(int customer, instant at)
    {
        detail::sqlite::statement insert(
            other(), "INSERT INTO customer_events VALUES (?1, ?2, 'login')", "test");
        insert.bind(1, customer);
        insert.bind(2, std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
        insert.run();
    }

    detail::sqlite::database& other()
    {
        if (!other_) other_.emplace(path);
        return *other_;
    }

    std::string path;

private:
    std::optional<detail::sqlite::database> other_;
};

segment_row row_of(segments& s, std::int64_t customer)
{
    const auto rows = s.rows(100);
    const auto at = std::ranges::find(rows, customer, &segment_row::customer_id);
    BOOST_REQUIRE(at != rows.end());
    return *at;
}

std::string shown(const segment_row& r)
{
    return r.customer + " " + std::to_string(r.active_days_7d) + " " +
           std::to_string(r.active_days_30d) + " " + std::to_string(r.events_7d) + " " +
           std::to_string(r.events_30d) + " " + r.trend;
}

std::string shown(segments& s)
{
    std::string all;
    for (const segment_row& r : s.rows(100)) all += shown(r) + "\n";
    return all;
}

auto fails_with(std::string text)
{
    return [text = std::move(text)](const boost::system::system_error& e) {
        BOOST_TEST_MESSAGE(e.what());
        return e.code().failed() && std::string(e.what()).find(text) != std::string::npos;
    };
}

} // namespace segments_suite

BOOST_AUTO_TEST_SUITE(segments_suite)

BOOST_AUTO_TEST_CASE(generated_customers_show_every_behaviour)
{
    segments s(":memory:");
    s.generate(112, now);
    const stickiness_summary found = s.compute_stickiness(now);
    BOOST_TEST(found.segments == 40);
    BOOST_TEST(found.rising + found.steady + found.falling == 40);
    BOOST_TEST(found.rising >= 8);
    BOOST_TEST(found.steady >= 10);
    BOOST_TEST(found.falling >= 12);
    BOOST_TEST(s.detect_silent_churn(now) == 5);
    BOOST_TEST(s.rows(100).size() == 40U);
}

BOOST_AUTO_TEST_CASE(silent_customers_are_as_many_whatever_the_seed)
{
    segments s(":memory:");
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        s.generate(seed, now);
        BOOST_TEST(s.compute_stickiness(now).segments == 40);
        BOOST_TEST(s.detect_silent_churn(now) == 5);
    }
}

BOOST_AUTO_TEST_CASE(a_seed_repeats_itself)
{
    segments a(":memory:");
    segments b(":memory:");
    segments other(":memory:");
    b.generate(7, now); // what was there before makes no difference
    for (segments* s : {&a, &b}) s->generate(112, now);
    other.generate(113, now);
    for (segments* s : {&a, &b, &other}) {
        s->add_recent_events(now);
        s->compute_stickiness(now);
    }
    BOOST_TEST(shown(a) == shown(b));
    BOOST_TEST(shown(a) != shown(other));
}

BOOST_AUTO_TEST_CASE(recent_events_change_the_segments)
{
    segments s(":memory:");
    s.generate(112, now);
    s.compute_stickiness(now);
    const std::string before = shown(s);
    s.add_recent_events(now);
    s.compute_stickiness(now);
    BOOST_TEST(shown(s) != before);
    BOOST_TEST(s.detect_silent_churn(now) == 5);
}

BOOST_AUTO_TEST_CASE(recent_events_need_customers)
{
    segments s(":memory:");
    s.add_recent_events(now);
    BOOST_TEST(s.compute_stickiness(now).segments == 0);
    BOOST_TEST(s.detect_silent_churn(now) == 0);
    BOOST_TEST(s.rows(100).empty());
}

BOOST_FIXTURE_TEST_CASE(days_are_counted_back_from_now, file_fixture)
{
    segments s(path);
    add_customer(1, "a");
    add_event(1, now);                 // day 1
    add_event(1, now - 24h + 1s);      // day 1
    add_event(1, now - 24h);           // day 2
    add_event(1, now - 7 * 24h + 1s);  // day 7
    add_event(1, now - 7 * 24h);       // day 8
    add_event(1, now - 30 * 24h + 1s); // day 30
    add_event(1, now - 30 * 24h);      // too old
    add_event(1, now + 1s);            // yet to come
    s.compute_stickiness(now);
    const segment_row r = row_of(s, 1);
    BOOST_TEST(r.active_days_7d == 3);
    BOOST_TEST(r.events_7d == 4);
    BOOST_TEST(r.active_days_30d == 5);
    BOOST_TEST(r.events_30d == 6);
    BOOST_TEST(r.stickiness == 3 / 7.0, boost::test_tools::tolerance(1e-9));
    BOOST_TEST(r.computed_at == now);
}

BOOST_FIXTURE_TEST_CASE(trends, file_fixture)
{
    segments s(path);
    add_customer(1, "every day");
    for (int d = 0; d < 30; ++d) add_event(1, now - d * 24h);
    add_customer(2, "this week");
    for (int d = 0; d < 5; ++d) add_event(2, now - d * 24h);
    add_customer(3, "not this week");
    for (int d = 7; d < 20; ++d) add_event(3, now - d * 24h);
    add_customer(4, "never");
    s.compute_stickiness(now);
    BOOST_TEST(row_of(s, 1).trend == "steady");
    BOOST_TEST(row_of(s, 1).stickiness == 1.0);
    BOOST_TEST(row_of(s, 2).trend == "rising");
    BOOST_TEST(row_of(s, 3).trend == "falling");
    BOOST_TEST(row_of(s, 4).trend == "steady");
    BOOST_TEST(row_of(s, 4).events_30d == 0);
}

BOOST_FIXTURE_TEST_CASE(silent_churn_wants_enough_before_and_nothing_since, file_fixture)
{
    segments s(path);
    const auto add = [&](int id, const std::string& name, std::initializer_list<instant> events) {
        add_customer(id, name);
        for (const instant at : events) add_event(id, at);
    };
    const instant week_ago = now - 7 * 24h;
    const instant oldest = now - 37 * 24h + 1s;
    add(1, "silent", {oldest, oldest, week_ago});
    add(2, "too few", {oldest, week_ago});
    add(3, "too old", {oldest - 1s, oldest, week_ago});
    add(4, "still here", {oldest, oldest, week_ago, week_ago + 1s});
    add(5, "never here", {});
    s.compute_stickiness(now);
    BOOST_TEST(s.detect_silent_churn(now) == 1);
    BOOST_TEST(row_of(s, 1).silent_churn);
    BOOST_TEST(row_of(s, 1).silent_since == week_ago);
    for (int id = 2; id <= 5; ++id) BOOST_TEST(!row_of(s, id).silent_churn);
    BOOST_TEST(s.rows(1).at(0).customer == "silent");

    // A new computation forgets no one; a new detection does, once they are back.
    add_event(1, now);
    s.compute_stickiness(now);
    BOOST_TEST(row_of(s, 1).silent_churn);
    BOOST_TEST(s.detect_silent_churn(now) == 0);
    BOOST_TEST(!row_of(s, 1).silent_churn);
    BOOST_TEST(!row_of(s, 1).silent_since.has_value());
}

BOOST_AUTO_TEST_CASE(rows_are_limited)
{
    segments s(":memory:");
    s.generate(112, now);
    s.compute_stickiness(now);
    BOOST_TEST(s.rows(0).empty());
    BOOST_TEST(s.rows(7).size() == 7U);
    BOOST_TEST(s.rows(static_cast<std::size_t>(-1)).size() == 40U);
}

BOOST_FIXTURE_TEST_CASE(a_file_keeps_what_was_computed, file_fixture)
{
    {
        segments s(path);
        s.generate(112, now);
        s.compute_stickiness(now);
    }
    segments again(path);
    BOOST_TEST(again.rows(100).size() == 40U);
}

BOOST_FIXTURE_TEST_CASE(a_failure_says_why_and_changes_nothing, file_fixture)
{
    segments s(path);
    s.generate(112, now);
    s.compute_stickiness(now);
    other().execute("ALTER TABLE customers RENAME TO lost", "test");
    BOOST_CHECK_EXCEPTION(
        s.compute_stickiness(now), boost::system::system_error,
        fails_with("cannot refresh ops_customer_segments: no such table: "));
    BOOST_CHECK_EXCEPTION(
        s.generate(1, now), boost::system::system_error, fails_with("cannot generate customers: "));
    BOOST_TEST(s.rows(100).size() == 40U);
    other().execute("ALTER TABLE lost RENAME TO customers", "test");
    BOOST_TEST(s.compute_stickiness(now).segments == 40); // no transaction was left open
}

BOOST_AUTO_TEST_CASE(a_path_that_cannot_be_opened)
{
    BOOST_CHECK_EXCEPTION(
        segments("/nowhere/at/all.db"), boost::system::system_error,
        fails_with("cannot open /nowhere/at/all.db: unable to open database file"));
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_no_database, file_fixture)
{
    std::FILE* f = std::fopen(path.c_str(), "w");
    for (int i = 0; i < 200; ++i) std::fputs("this is no database\n", f);
    std::fclose(f);
    BOOST_CHECK_EXCEPTION(
        segments(std::string(path)), boost::system::system_error, fails_with("not a database"));
}

BOOST_AUTO_TEST_SUITE_END()

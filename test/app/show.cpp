#include "commands/show.hpp"

#include "print.hpp"
#include "store_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <string>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(shown_runs, run_fixture)

BOOST_AUTO_TEST_CASE(everything_of_a_run_is_shown)
{
    run_record r = make("a", 0s, 2003ms, {completed("a"), unreachable("b")});
    r.lateness = 12ms;
    r.jobs.push_back({});
    r.jobs.back().job = "c";
    r.jobs.back().outcome = outcome::skipped;
    r.jobs.back().reason = reason::condition;
    const auto at = [&](microseconds after) { return format_local_ms(t0 + after); };
    BOOST_TEST(
        describe_run(r, t0 + 1h, {}) ==
        "run        019ca8b1-0000-7000-8000-100000000001\n"
        "chain      a\n"
        "trigger    schedule, for " +
            at(0s) +
            "\n"
            "outcome    unreachable\n"
            "started    " +
            at(0s) +
            " (12ms late)\n"
            "ended      " +
            at(2003ms) +
            " (took 2s)\n"
            "fence      1\n"
            "\n"
            "a: completed\n"
            "status     completed\n"
            "message    a done\n"
            "attempt  started                        took  outcome    http  what went wrong\n"
            "      1  " +
            at(0s) +
            "    1s  completed  200\n"
            "\n"
            "b: unreachable\n"
            "status     error\n"
            "message    connection refused\n"
            "attempt  started                        took  outcome      http  what went wrong\n"
            "      1  " +
            at(0s) +
            "   3ms  unreachable  -     connection refused (127.0.0.1:80); in phase connect after "
            "3ms\n"
            "      2  " +
            at(2s) +
            "   3ms  unreachable  -     connection refused (127.0.0.1:80); in phase connect after "
            "3ms\n"
            "\n"
            "c: skipped (condition)\n");
}

BOOST_AUTO_TEST_CASE(a_run_may_not_have_ended)
{
    run_record r = make("a", 0s, 0s, {});
    r.outcome.reset();
    r.ended_at.reset();
    const auto shown = [&] { return describe_run(r, t0 + 5s, {}); };
    BOOST_TEST(shown().find("ended      not yet, after 5s\n") != std::string::npos, shown());
    r.outcome = outcome::interrupted;
    BOOST_TEST(shown().find("ended      not recorded\n") != std::string::npos, shown());
    BOOST_TEST(shown().ends_with(
        "\nnote       its process is gone; the daemon sends it again when it starts\n"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(found_runs, store_fixture)

BOOST_AUTO_TEST_CASE(a_run_is_found_by_as_much_of_its_id_as_no_other_has)
{
    std::vector<std::string> ids{
        "019ca8b1-0001-7aaa-8000-000000000001", "019ca8b1-0001-7bbb-8000-000000000001",
        "019ca8b2-0001-7aaa-8000-000000000001"};
    for (const std::string& text : ids) {
        run_record r = make("a", 0s, 1s, {completed("a")});
        r.id = id(text);
        r.scheduled_at += r.fence * 1s;
        record(r);
    }
    sqlite_store_reader reader(path);
    BOOST_TEST(to_string(find_run(reader, ids[1]).value().id) == ids[1]);
    BOOST_TEST(to_string(find_run(reader, "019ca8b2").value().id) == ids[2]);
    BOOST_TEST(to_string(find_run(reader, "019CA8B10001-7b").value().id) == ids[1]);
    BOOST_TEST(
        find_run(reader, "019ca8b1").error().why ==
        "'019ca8b1' may be any of " + ids[0] + ", " + ids[1]);
    BOOST_TEST(find_run(reader, "019ca8b10002").error().why == "there is no run '019ca8b10002'");
    BOOST_TEST(!find_run(reader, "019ca8b10002").error().is_no_id);
    BOOST_TEST(find_run(reader, "019ca8").error().is_no_id);
    BOOST_TEST(find_run(reader, "compute").error().is_no_id);

    BOOST_TEST(short_id_length(reader, ids) == 18U);
    ids.erase(ids.begin());
    BOOST_TEST(short_id_length(reader, ids) == 18U); // also where the other is not shown
    BOOST_TEST(short_id_length(reader, {ids.back()}) == 13U);
    BOOST_TEST(short_id_length(reader, {}) == 13U);
}

BOOST_AUTO_TEST_CASE(a_run_that_was_cut_off_counts_as_interrupted)
{
    const run_record r = make("a", 0s, 0s, {});
    claim(r);
    const std::string text = to_string(r.id);
    BOOST_TEST(
        !find_run(*std::make_unique<sqlite_store_reader>(path), text).value().outcome.has_value());
    store.reset();
    sqlite_store_reader reader(path);
    BOOST_TEST(!reader.has_daemon());
    BOOST_TEST(find_run(reader, text).value().outcome == outcome::interrupted);
}

BOOST_AUTO_TEST_SUITE_END()

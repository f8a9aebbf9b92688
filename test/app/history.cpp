#include "commands/history.hpp"

#include "commands/history_table.hpp"
#include "commands/show.hpp"
#include "commands/status.hpp"
#include "print.hpp"
#include "store_fixture.hpp"
#include <carillon/store/memory_store.hpp>

#include <boost/test/unit_test.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <string>
#include <vector>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

namespace {

job_set two_chains()
{
    return job_set::create({{.name = "a", .url = "http://h/"},
                            {.name = "b", .trigger = after{{"a"}}, .url = "http://h/"},
                            {.name = "c", .trigger = after{{"b"}}, .url = "http://h/"},
                            {.name = "d", .trigger = after{{"a"}}, .url = "http://h/"},
                            {.name = "e", .url = "http://h/"}})
        .value();
}

std::string error_of(const history_options& o)
{
    const auto q = read_history_query(o, two_chains(), instant{}, {});
    return q ? "" : to_string(q.error());
}

missed_record missed(instant from, std::int64_t count)
{
    return {"a", from, from + (count - 1) * 15min, count, reason::coalesced};
}

} // namespace

BOOST_AUTO_TEST_SUITE(history_queries)

BOOST_AUTO_TEST_CASE(a_job_takes_part_in_the_chains_of_what_it_comes_after)
{
    const job_set jobs = two_chains();
    using names = std::vector<std::string>;
    BOOST_TEST(chains_with(jobs, "a") == names({"a"}), boost::test_tools::per_element());
    BOOST_TEST(chains_with(jobs, "c") == names({"a", "b", "c"}), boost::test_tools::per_element());
    BOOST_TEST(chains_with(jobs, "d") == names({"a", "d"}), boost::test_tools::per_element());
    BOOST_TEST(chains_with(jobs, "e") == names({"e"}), boost::test_tools::per_element());
    BOOST_TEST(chains_with(jobs, "gone").empty());
    const auto q = read_history_query({.job = "gone"}, jobs, instant{}, {}).value();
    BOOST_TEST(q.chains == names({"gone"}), boost::test_tools::per_element());
    BOOST_TEST(read_history_query({}, jobs, instant{}, {}).value().chains.empty());
}

BOOST_AUTO_TEST_CASE(since_is_a_time_or_a_span)
{
    const instant now = parse_instant("2026-03-29T12:00:00Z").value();
    const auto since = [&](const std::string& text) {
        const auto q =
            read_history_query({.since = text}, {}, now, time_zone::load("Europe/Berlin").value());
        return format_utc_short(q.value().since.value());
    };
    BOOST_TEST(since("2h") == "2026-03-29T10:00:00Z");
    BOOST_TEST(since("1d") == "2026-03-28T12:00:00Z");
    BOOST_TEST(since("100000d") == "1970-01-01T00:00:00Z");
    BOOST_TEST(since("2026-03-01T09:00:00Z") == "2026-03-01T09:00:00Z");
    BOOST_TEST(since("2026-03-01 09:00") == "2026-03-01T08:00:00Z");
    BOOST_TEST(since("2026-03-29") == "2026-03-28T23:00:00Z");
}

BOOST_AUTO_TEST_CASE(mistakes_are_explained)
{
    BOOST_TEST(
        error_of({.outcome = "faild"}) ==
        "--outcome: column 1: there is no such outcome (did you mean 'failed'?)\n  faild\n  ^");
    BOOST_TEST(
        error_of({.outcome = "xyzzy"}).find("; there are completed, failed, ") !=
        std::string::npos);
    BOOST_TEST(error_of({.since = "2026-13-01"}).starts_with("--since: column 6: "));
    BOOST_TEST(error_of({.since = "5mins"}).starts_with("--since: column 2: unknown unit 'mins'"));
    BOOST_TEST(error_of({.since = "yesterday"}).starts_with("--since: column 1: "));
    for (const char* good : {"running", "missed", "skipped", "timed_out"})
        BOOST_TEST(error_of({.outcome = good}).empty(), good);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(history_tables, run_fixture)

BOOST_AUTO_TEST_CASE(runs_and_what_was_missed_are_rows)
{
    run_record going = make("a", 2h, 0s, {completed("a")});
    going.outcome.reset();
    going.ended_at.reset();
    going.trigger = run_trigger::manual;
    history_page page;
    page.entries.push_back({.at = t0 + 2h, .what = going});
    page.entries.push_back(
        {.cursor = 9, .at = t0, .what = make("a", 1h, 2s, {completed("a"), unreachable("b")})});
    page.entries.push_back({.cursor = 8, .at = t0, .what = missed(t0, 4)});
    page.entries.push_back({.cursor = 7, .at = t0, .what = make("a", 0s, 950ms, {completed("a")})});
    page.next = 7;
    const auto at = [&](microseconds after) { return format_local(t0 + after); };
    BOOST_TEST(
        as_table(page, {.now = t0 + 2h + 5s}) ==
        "time                       run            chain  trigger   outcome       took  attempts  "
        "result\n" +
            at(2h) + "  019ca8b1-0000  a      manual    running         5s         1  a done\n" +
            at(1h) +
            "  019ca8b1-0000  a      schedule  unreachable     2s         3  b: connection refused "
            "(127.0.0.1:80); in phase connect after 3ms\n" +
            at(0s) +
            "  -              a      -         missed           -         -  coalesced: 4 "
            "instants, until " +
            at(45min) + "\n" + at(0s) +
            "  019ca8b1-0000  a      schedule  completed    950ms         1  a done\n"
            "\nolder ones: --before 7\n");
    BOOST_TEST(as_table({}, {.job = "a"}) == "no runs\n");
}

BOOST_AUTO_TEST_CASE(rows_fit_the_terminal)
{
    history_page page;
    page.entries.push_back(
        {.what = make("compute-stickiness", 1h, 2s, {completed("a"), unreachable("b")})});
    page.entries.push_back({.what = missed(t0, 4)});
    const auto at = [&](microseconds after) { return format_local(t0 + after); };
    BOOST_TEST(
        as_table(page, {.to = {.columns = 80}}) ==
        "time                       run            chain               outcome\n" + at(1h) +
            "  019ca8b1-0000  compute-stickiness  unreachable\n"
            "  trigger schedule  took 2s  attempts 3\n"
            "  b: connection refused (127.0.0.1:80); in phase connect after 3ms\n" +
            at(0s) +
            "  -              a                   missed\n"
            "  coalesced: 4 instants, until " +
            at(45min) + "\n");
    BOOST_TEST(
        as_table(page, {.to = {.columns = 40}}) ==
        "time                       outcome\n" + at(1h) +
            "  unreachable\n"
            "  run 019ca8b1-0000\n"
            "  chain compute-stickiness\n"
            "  trigger schedule  took 2s  attempts 3\n"
            "  b: connection refused (127.0.0.1:80);…\n" +
            at(0s) +
            "  missed\n"
            "  chain a\n"
            "  coalesced: 4 instants, until " +
            at(45min).substr(0, 8) + "…\n");
}

BOOST_AUTO_TEST_CASE(missed_instants_are_as_exact_as_their_schedule)
{
    history_page page;
    page.entries.push_back({.what = missed(t0 + 500ms, 4)});
    const std::string text = as_table(page, {});
    BOOST_TEST(text.find('\n' + format_local_ms(t0 + 500ms) + ' ') != std::string::npos, text);
    BOOST_TEST(text.ends_with("until " + format_local_ms(t0 + 500ms + 45min) + "\n"), text);
}

BOOST_AUTO_TEST_CASE(one_job_has_a_summary)
{
    history_page page;
    page.entries.push_back({.what = make("a", 0s, 8s, {completed("a"), completed("b", 8s)})});
    page.entries.push_back({.what = missed(t0, 4)});
    page.entries.push_back({.what = make("a", 0s, 8s, {completed("a"), unreachable("b")})});
    page.entries.push_back({.what = make("a", 0s, 8s, {completed("a"), completed("b", 1s)})});
    BOOST_TEST(as_table(page, {.job = "b"})
                   .ends_with("\n\nb  ▂✗█  2 completed, 4 missed, 1 unreachable\n"));
}

BOOST_AUTO_TEST_CASE(a_reply_breaks_no_line)
{
    job_record j = completed("a");
    j.message = "x\ny\x1b[2J";
    history_page page;
    page.entries.push_back({.what = make("a", 0s, 1s, {j})});
    BOOST_TEST(as_table(page, {}).ends_with("  x\\ny\\x1b[2J\n"));
    BOOST_TEST(as_table(page, {.to = {.columns = 40}}).ends_with("  result\n") == false);
}

BOOST_AUTO_TEST_CASE(programs_get_json)
{
    history_page page;
    BOOST_TEST(as_json(page) == R"({"runs":[],"next":null})");
    page.entries.push_back({.cursor = 3, .what = missed(t0, 4)});
    page.next = 3;
    BOOST_TEST(
        as_json(page) ==
        R"({"runs":[{"chain":"a","outcome":"missed","from":"2026-03-01T09:00:00.000000Z",)"
        R"("to":"2026-03-01T09:45:00.000000Z","count":4,"reason":"coalesced"}],"next":3})");
    page.entries = {{.what = make("a", 0s, 1s, {completed("a")})}};
    BOOST_TEST(as_json(page).starts_with(
        R"({"runs":[{"run":"019ca8b1-0000-7000-8000-100000000001","chain":"a","scheduled_at":)"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(stored_history, store_fixture)

BOOST_AUTO_TEST_CASE(what_has_not_ended_stands_on_top_of_the_first_page)
{
    record(make("a", 0s, 1s, {completed("a")}));
    keep({.missed = {missed(t0 + 1min, 4)}}, t0 + 1h);
    record(make("e", 1h, 1s, {unreachable("e")}));
    const run_record cut = make("a", 2h, 0s, {});
    claim(cut, false);
    store.reset();
    store = open();
    const run_record going = make("e", 3h, 0s, {});
    claim(going);
    sqlite_store_reader reader(path);
    BOOST_TEST(reader.has_daemon());

    const auto words = [&](const history_query& q) {
        std::string out;
        for (const history_entry& e : read_history(reader, q).entries) {
            const auto* run = std::get_if<run_record>(&e.what);
            if (run == nullptr)
                out += "missed ";
            else
                out += run->chain + ":" +
                       std::string(run->outcome ? to_string(*run->outcome) : "running") + " ";
        }
        return out;
    };
    BOOST_TEST(words({}) == "e:running a:interrupted e:unreachable missed a:completed ");
    BOOST_TEST(words({.chains = {"a"}}) == "a:interrupted missed a:completed ");
    BOOST_TEST(words({.outcome = "running"}) == "e:running ");
    BOOST_TEST(words({.outcome = "interrupted"}) == "a:interrupted ");
    BOOST_TEST(words({.outcome = "missed"}) == "missed ");
    BOOST_TEST(words({.since = t0 + 150min}) == "e:running ");
    BOOST_TEST(words({.limit = 1}) == "e:running a:interrupted e:unreachable ");
    const auto next = read_history(reader, {.limit = 1}).next;
    BOOST_REQUIRE(next.has_value());
    BOOST_TEST(words({.before = next}) == "missed a:completed ");
    BOOST_TEST(knows_chain(reader, "a"));
    BOOST_TEST(!knows_chain(reader, "b"));

    const auto page = read_history(reader, {.outcome = "interrupted"});
    BOOST_TEST(std::get<run_record>(page.entries.at(0).what).reason == reason::crash);
}

BOOST_AUTO_TEST_CASE(any_kind_of_store_is_read)
{
    memory_store other(ctx.get_executor());
    const auto claim_it = [&](const run_record& r) {
        auto batch = std::make_shared<store_changes>();
        batch->claims = {{.chain = r.chain, .scheduled_at = r.scheduled_at, .run = r.id}};
        finish([&](auto handler) { other.async_commit(batch, r.started_at, handler); });
    };
    const run_record cut = make("a", 0s, 0s, {});
    claim_it(cut);
    other.disconnect();
    const auto reader = other.open_reader();
    const auto page = read_history(*reader, {});
    BOOST_REQUIRE_EQUAL(page.entries.size(), 1U);
    BOOST_TEST(std::get<run_record>(page.entries[0].what).outcome == outcome::interrupted);
    BOOST_TEST(find_run(*reader, to_string(cut.id)).value().outcome == outcome::interrupted);
    BOOST_TEST(short_id_length(*reader, {to_string(cut.id)}) == 13U);
    const status_report report =
        read_status(*reader, two_chains(), system_time_source(ctx.get_executor()));
    BOOST_TEST(report.jobs.at(0).running == 0);
    BOOST_TEST(report.jobs.at(0).recent.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_run_that_is_sent_again_is_told_once)
{
    run_record r = make("a", 0s, 1s, {unreachable("a")});
    record(r);
    keep(
        {.claims =
             {{.chain = "a",
               .scheduled_at = r.scheduled_at,
               .run = r.id,
               .trigger = run_trigger::retry,
               .due = t0 + 1h,
               .what = claim_request::kind::retried}}},
        t0 + 1h);
    sqlite_store_reader reader(path);
    const auto page = read_history(reader, {});
    BOOST_REQUIRE_EQUAL(page.entries.size(), 1U);
    BOOST_TEST(!std::get<run_record>(page.entries[0].what).outcome.has_value());
}

BOOST_AUTO_TEST_SUITE_END()

#include "describe.hpp"

#include <carillon/time/virtual_time.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

namespace descriptions {

constexpr instant t0 = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};

/** A machine that booted at `t0`, seen an hour later. */
struct fixture {
    boost::asio::io_context ctx;
    virtual_time time{ctx.get_executor(), t0 + 1h, 1h};

    std::string shown(std::vector<job> jobs) const
    {
        return describe_jobs(job_set::create(std::move(jobs)).value(), time);
    }
};

job make(std::string name, trigger t = {})
{
    return {.name = std::move(name), .trigger = std::move(t), .url = "http://h/"};
}

job dense_too(job j)
{
    j.name = "dense-too";
    return j;
}

std::string at(microseconds after_t0) { return format_local(t0 + after_t0); }

} // namespace descriptions

BOOST_FIXTURE_TEST_SUITE(descriptions, fixture)

BOOST_AUTO_TEST_CASE(what_has_passed_since_boot_is_due_at_once)
{
    BOOST_TEST(
        shown({make("a", schedule{.every = 15min, .on_boot = 5min})}) ==
        "a\n  request   POST http://h/\n  runs      5min after boot, then every 15min\n  next      "
        "at once, then " +
            at(65min) + ", " + at(80min) + "\n");
    BOOST_TEST(shown({make("a", schedule{.on_boot = 5min})}).ends_with("\n  next      at once\n"));
}

BOOST_AUTO_TEST_CASE(the_busiest_second_is_shown)
{
    const auto last_line = [](const std::string& text) {
        const std::size_t begin = text.rfind('\n', text.size() - 2) + 1;
        return text.substr(begin);
    };
    const job nightly = make("nightly", schedule_from_cron("0 3 * * *").value());
    const job hourly = make("hourly", schedule{.every = 1h});
    BOOST_TEST(
        last_line(shown({hourly, nightly})) ==
        "busiest second of the coming day: " + at(3h) + ": 2 runs are due, of hourly, nightly\n");
    BOOST_TEST(
        last_line(shown(
            {hourly, nightly, make("c", schedule{.every = 3h}),
             make("d", schedule{.every = 90min})})) ==
        "busiest second of the coming day: " + at(3h) +
            ": 4 runs are due, of hourly, nightly, c and others\n");
    // Alone in each second, and one that jitter takes elsewhere.
    BOOST_TEST(shown({nightly}).find("busiest") == std::string::npos);
    job away = make("away", schedule{.every = 1h, .jitter = 50min});
    BOOST_TEST(shown({nightly, away}).find("busiest") == std::string::npos);
    // A long jitter is not walked through: each second has its own instant.
    const job dense = make("dense", schedule{.every = 1s, .jitter = 24h * 36500});
    BOOST_TEST(last_line(shown({dense, dense_too(dense)})).starts_with("busiest second"));
    job off = nightly;
    off.name = "off";
    off.enabled = false;
    BOOST_TEST(shown({nightly, off}).find("busiest") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_next_three_instants_are_shown)
{
    BOOST_TEST(shown({make("a", schedule{.every = 15min})})
                   .ends_with(
                       "\n  next      " + at(75min) + " (in 15min), " + at(90min) + ", " +
                       at(105min) + "\n"));
    BOOST_TEST(shown({make("a", schedule{.on_start = 90s})})
                   .ends_with("\n  next      " + at(61min + 30s) + " (in 1min 30s)\n"));
    job off = make("a", schedule{.every = 15min});
    off.enabled = false;
    BOOST_TEST(shown({off}).find("next") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_chain_is_shown_at_its_first_job)
{
    const std::string text =
        shown({make("a"), make("c", after{{"b"}}), make("b", after{{"a", condition::finished}})});
    BOOST_TEST(text.starts_with("a\n  request   POST http://h/\n  runs      only when asked\n"
                                "  chain     a, then b, then c\nc\n"));
    BOOST_TEST(text.find("chain") == text.rfind("chain"));
}

BOOST_AUTO_TEST_CASE(nothing_hidden_reaches_the_terminal)
{
    job j = make("a");
    j.title = "x\x1b[2Jy\nz";
    BOOST_TEST(shown({j}).starts_with("a\n  title     x\\x1b[2Jy\\nz\n"));
}

BOOST_AUTO_TEST_CASE(json_has_the_instant_that_is_due_at_once)
{
    const auto jobs =
        job_set::create({make("a", schedule{.every = 15min, .on_boot = 5min}), make("b")}).value();
    const std::string text = jobs_as_json(jobs, time);
    BOOST_TEST(text.find(R"("next":"2026-01-01T00:50:00.000000Z")") != std::string::npos, text);
    BOOST_TEST(text.find(R"("next":null)") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(one_is_singular)
{
    BOOST_TEST(count_of_jobs(0) == "0 jobs");
    BOOST_TEST(count_of_jobs(1) == "1 job");
    BOOST_TEST(count_of_jobs(2) == "2 jobs");
}

BOOST_AUTO_TEST_SUITE_END()

#include "commands/store_commands.hpp"

#include "base/exit_code.hpp"
#include "store_fixture.hpp"

#include <boost/test/unit_test.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <string>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(commands_on_a_store, store_fixture)

BOOST_AUTO_TEST_CASE(exit_codes_tell_what_is_wrong)
{
    const configuration config = load("[jobs.a]\nurl = \"http://h/\"\n").value();
    const run_record r = make("old", 0s, 1s, {completed("old")});
    record(r);
    write("no.db", "no database");
    const std::string nothing = (folder / "none.db").string();
    const std::string other = (folder / "no.db").string();

    const auto at = [&](const std::string& file) {
        configuration out = config;
        out.store.path = file;
        return out;
    };
    const configuration here = at(path);
    BOOST_TEST(show_history(here, {}) == 0);
    BOOST_TEST(show_history(here, {.job = "a", .as_json = true}) == 0);
    BOOST_TEST(show_history(here, {.job = "old"}) == 0); // the store has it
    BOOST_TEST(show_history(here, {.job = "b"}) == exit_no_job);
    BOOST_TEST(show_history(here, {.outcome = "good"}) == exit_usage);
    for (const std::int64_t before :
         {std::int64_t{-1}, std::int64_t{0}, std::int64_t{2}, std::int64_t{1} << 62})
        BOOST_TEST(show_history(here, {.before = before}) == exit_usage);
    BOOST_TEST(show_history(here, {.before = 1}) == 0);
    BOOST_TEST(show_run(here, to_string(r.id), false) == 0);
    BOOST_TEST(show_run(here, "00000000", true) == exit_no_job);
    BOOST_TEST(show_run(here, "0000", true) == exit_usage);
    BOOST_TEST(show_status(here, false) == 0);
    BOOST_TEST(show_status(at(":memory:"), false) == exit_no_daemon);
    BOOST_TEST(show_status(at(nothing), true) == exit_cannot_start);
    BOOST_TEST(show_status(at(other), true) == exit_cannot_start);
    BOOST_TEST(retry_run(here, "0000") == exit_usage);
    BOOST_TEST(!std::filesystem::exists(nothing));
}

BOOST_AUTO_TEST_SUITE_END()

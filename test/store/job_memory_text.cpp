#include "print.hpp"
#include <carillon/store/job_memory_text.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace carillon;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(job_memory_texts)

BOOST_AUTO_TEST_CASE(what_has_its_default_is_left_out)
{
    BOOST_TEST(to_text({.job = "a"}) == R"({"schedule":0})");
    job_memory m{
        .job = "a",
        .schedule = ~std::uint64_t{0},
        .next = instant{-1us},
        .origin = 2us,
        .anchor = instant{3us},
        .enabled = false,
        .paused = true,
        .backlog =
            {{.ticks = {.anchor = instant{4us}, .every = 5us},
              .from = instant{6us},
              .to = instant{7us},
              .count = 8},
             {.from = instant{9us}, .to = instant{9us}, .count = 1}},
        .used = {{.ticks = any_time, .from = instant{10us}, .to = instant{11us}, .times = 12}}};
    m.boot.data[0] = 0xFE;
    const std::string text = to_text(m);
    BOOST_TEST(
        text == R"({"schedule":18446744073709551615,"next":-1,)"
                R"("boot":"fe000000-0000-0000-0000-000000000000","origin":2,"anchor":3,)"
                R"("enabled":false,"paused":true,"owed":[[4,5,6,7,8],[0,0,9,9,1]],)"
                R"("used":[[-1,0,10,11,12]]})");
    BOOST_TEST((job_memory_from_text("a", text) == m));
    BOOST_TEST((job_memory_from_text("b", to_text({})) == job_memory{.job = "b"}));
}

BOOST_AUTO_TEST_CASE(what_a_newer_carillon_writes_is_passed_over)
{
    const auto m = job_memory_from_text(
        "a", R"({"later":{"deep":1},"schedule":-1,"next":null,"boot":"?","owed":[[1],"x"]})");
    BOOST_TEST((m == job_memory{.job = "a", .schedule = ~std::uint64_t{0}}));
}

BOOST_AUTO_TEST_CASE(what_is_no_object_is_no_memory)
{
    for (const char* text : {"", "[]", "{", "7"})
        BOOST_TEST(!job_memory_from_text("a", text), text);
    BOOST_TEST((job_memory_from_text("a", R"({"schedule":{}})") == job_memory{.job = "a"}));
}

BOOST_AUTO_TEST_SUITE_END()

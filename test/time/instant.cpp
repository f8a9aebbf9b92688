#include <carillon/time/instant.hpp>

#include <boost/test/unit_test.hpp>

using namespace carillon;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(instants)

BOOST_AUTO_TEST_CASE(utc_is_written_with_six_digits)
{
    using std::chrono::sys_days;
    using std::chrono::year;
    const struct {
        instant t;
        const char* text;
    } cases[] = {
        {sys_days{year{2025} / 12 / 20} + 18h + 22min + 37s, "2025-12-20T18:22:37.000000Z"},
        {sys_days{year{2024} / 2 / 29} + 23h + 59min + 59s + 999'999us,
         "2024-02-29T23:59:59.999999Z"},
        {instant{} - 1us, "1969-12-31T23:59:59.999999Z"},
        {sys_days{year{1} / 1 / 1}, "0001-01-01T00:00:00.000000Z"},
        {sys_days{year{9999} / 10 / 9} + 1us, "9999-10-09T00:00:00.000001Z"},
        {sys_days{year{10000} / 1 / 2}, "10000-01-02T00:00:00.000000Z"},
        {sys_days{year{-1} / 3 / 4}, "-001-03-04T00:00:00.000000Z"},
    };
    for (const auto& [t, text] : cases) BOOST_TEST(format_utc(t) == text);
}

BOOST_AUTO_TEST_SUITE_END()

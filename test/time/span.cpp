#include <carillon/time/span.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <optional>
#include <string_view>
#include <vector>

using namespace carillon;

BOOST_AUTO_TEST_SUITE(span)

BOOST_AUTO_TEST_CASE(reads_what_systemd_reads)
{
    struct row {
        std::string_view text;
        std::int64_t microseconds;
    };
    // systemd.time(7), and the samples of the semantics page.
    const std::vector<row> rows{
        {"1h 30min", 5'400'000'000},
        {"2w3d", 1'468'800'000'000},
        {"90", 90'000'000},
        {"1.5h", 5'400'000'000},
        {"1M", 2'629'800'000'000},
        {"1.0000019s", 1'000'001},
        {"0", 0},
        {".5s", 500'000},
        {"5min20s", 320'000'000},
        {"1y 12month", 63'115'200'000'000},
        {"55s500ms", 55'500'000},
        {"300ms20s 5day", 432'020'300'000},
        {"2 h", 7'200'000'000},
        {" 5 min ", 300'000'000},
        {"1 2", 3'000'000},
        {"1us 1µs 1μs 1usec", 4},
        {"0.1us", 0},
        {"1.00000019min", 60'000'006}, // each digit is cut by itself
        {"9223372036854775807us", std::numeric_limits<std::int64_t>::max()},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.text)
        {
            const auto span = parse_span(r.text);
            BOOST_REQUIRE(span.has_value());
            BOOST_TEST(span->count() == r.microseconds);
        }
    }
}

BOOST_AUTO_TEST_CASE(tells_what_is_wrong_and_where)
{
    struct row {
        std::string_view text;
        std::size_t offset;
        std::string_view what;
    };
    const std::vector<row> rows{
        {"", 0, "empty"},
        {"   ", 0, "empty"},
        {"-5s", 0, "negative"},
        {"5mins", 1, "unknown unit 'mins'"},
        {"5 Min", 2, "unknown unit 'Min'"},
        {"min", 0, "expected a number"},
        {"5min x", 5, "expected a number"},
        {"1.2.3s", 3, "one point"},
        {".5.5s", 2, "one point"},
        {"1.s", 2, "a digit must follow"},
        {"3 .", 3, "a digit must follow"},
        {"1h -1min", 3, "negative"},
        {"infinity", 0, "expected a number"},
        {"9223372036854775808us", 0, "too large"},
        {"99999999999999999999y", 0, "too large"},
        {"292472y", 0, "too large"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.text)
        {
            const auto span = parse_span(r.text);
            BOOST_REQUIRE(span.has_error());
            BOOST_TEST(span.error().offset == r.offset);
            BOOST_TEST(span.error().what.find(r.what) != std::string::npos, span.error().what);
        }
    }
}

BOOST_AUTO_TEST_CASE(writes_what_it_reads)
{
    using namespace std::chrono_literals;
    BOOST_TEST(format_span(0s) == "0s");
    BOOST_TEST(format_span(15min) == "15min");
    BOOST_TEST(format_span(90min) == "1h 30min");
    BOOST_TEST(format_span(1500ms) == "1s 500ms");
    BOOST_TEST(format_span(-5s) == "-5s");
    BOOST_TEST(format_seconds(60s) == "60s");
    BOOST_TEST(format_seconds(500ms) == "0.5s");
    BOOST_TEST(format_seconds(1us) == "0.000001s");
    for (const microseconds::rep n :
         {1LL, 59'999'999LL, 3'600'000'001LL, 86'400'000'000LL, 123'456'789'012'345LL}) {
        const microseconds span{n};
        BOOST_TEST(parse_span(format_span(span)).value().count() == n);
        BOOST_TEST(parse_span(format_seconds(span)).value().count() == n);
    }
}

BOOST_AUTO_TEST_SUITE_END()

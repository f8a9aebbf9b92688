// How the body of a reply is read as JSON.

#include "print.hpp"
#include <carillon/detail/json_text.hpp>
#include <carillon/job/expectation.hpp>

#include <boost/test/unit_test.hpp>

#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace carillon;

namespace replies_as_json {

struct read_body {
    std::string_view name;
    std::string body;
    const char* value; // null where there is none
};

void expect(const std::vector<read_body>& rows)
{
    for (const read_body& r : rows) {
        BOOST_TEST_CONTEXT(r.name)
        {
            const auto read = parse_reply(r.body);
            BOOST_TEST(read.has_value() == (r.value != nullptr));
            if (read && *r.value != '\0') BOOST_TEST(detail::json_text(*read) == r.value);
        }
    }
}

} // namespace replies_as_json

BOOST_AUTO_TEST_SUITE(replies_as_json)

BOOST_AUTO_TEST_CASE(documents_are_read_whole_and_not_too_deep)
{
    const std::string lists(100, '[');
    const std::string ends(100, ']');
    expect({
        {"any value", " 1\n", "1"},
        {"nothing", "", nullptr},
        {"byte order mark", "\xef\xbb\xbf[1]", "[1]"},
        {"byte order mark alone", "\xef\xbb\xbf", nullptr},
        {"two of them", "\xef\xbb\xbf\xef\xbb\xbf[1]", nullptr},
        {"half of one", "\xef\xbb[1]", nullptr},
        {"UTF-16", std::string("\xff\xfe[\0]\0", 6), nullptr},
        {"as deep as may be", lists + ends, ""},
        {"deeper", "[" + lists + ends + "]", nullptr},
        {"two values", "{}{}", nullptr},
        {"a comment", "/**/1", nullptr},
        {"a comma too many", "[1,]", nullptr},
        {"a key twice", R"({"a":1,"b":2,"a":3})", R"({"a":3,"b":2})"},
        {"a key twice, once escaped", R"({"a":1,"\u0061":2})", R"({"a":2})"},
    });
}

BOOST_AUTO_TEST_CASE(texts_are_utf8)
{
    expect({
        {"UTF-8", "\"\xc3\xa9\"", "\"\xc3\xa9\""},
        {"no UTF-8", "\"\xff\"", nullptr},
        {"overlong UTF-8", "\"\xc0\xaf\"", nullptr},
        {"a surrogate in UTF-8", "\"\xed\xa0\x80\"", nullptr},
        {"UTF-8 cut short", "\"\xc3\"", nullptr},
        {"NUL in a text", std::string("\"a\0b\"", 5), nullptr},
        {"NUL after all", std::string("1\0", 2), nullptr},
        {"NUL escaped", R"("\u0000")", R"("\u0000")"},
        {"a line end in a text", "\"a\nb\"", nullptr},
        {"surrogates in a pair", R"("\ud83d\ude00")", "\"\xf0\x9f\x98\x80\""},
        {"a high surrogate alone", R"("\ud83d")", "\"\xef\xbf\xbd\""},
        {"one cut off", R"({"message":"mails sent \ud83d"})",
         "{\"message\":\"mails sent \xef\xbf\xbd\"}"},
        {"a high surrogate and another character", R"("\ud83d\u0041")",
         "\"\xef\xbf\xbd"
         "A\""},
        {"a low surrogate alone", R"("\ude00")", "\"\xef\xbf\xbd\""},
        {"a low one and a pair", R"("\ude00\ud83d\uDE00")", "\"\xef\xbf\xbd\xf0\x9f\x98\x80\""},
        {"a high one and a pair", R"("\ud83d\uD83D\ude00")", "\"\xef\xbf\xbd\xf0\x9f\x98\x80\""},
        {"one in a key", R"({"\udbff":1})", "{\"\xef\xbf\xbd\":1}"},
        {"one behind a backslash", R"("\\ud83d \ud83d")", "\"\\\\ud83d \xef\xbf\xbd\""},
        {"one outside of a text", R"([\ud83d])", nullptr},
        {"half an escape behind one", R"("\ud83d\u00")", nullptr},
        {"a backslash at the end", R"("\ud83d\)", nullptr},
    });
}

BOOST_AUTO_TEST_CASE(numbers_are_as_near_as_doubles_can_be)
{
    expect({
        {"the lowest whole number", "-9223372036854775808", "-9223372036854775808"},
        {"the highest whole number", "18446744073709551615", "18446744073709551615"},
        {"above it", "18446744073709551616", "1.8446744073709552e+19"},
        {"100 digits", std::string(100, '9'), "1e+100"},
        {"1000 digits", std::string(1000, '9'), "null"}, // JSON cannot write infinity
        {"too large", "1e400", "null"},
        {"too small", "1e-400", "0.0"},
        {"an exponent too large", "1e99999999999", nullptr},
        {"the largest double", "1.7976931348623157e308", "1.7976931348623157e+308"},
        {"the smallest double", "5e-324", "5e-324"},
        {"as near as can be", "0.7231742029971469", "0.7231742029971469"},
        {"no number", "NaN", nullptr},
        {"a zero in front", "01", nullptr},
    });
}

BOOST_AUTO_TEST_CASE(numbers_are_read_as_they_were_written)
{
    std::mt19937_64 random(112); // NOLINT: the same numbers each time
    for (int i = 0; i < 20'000; ++i) {
        const double d = std::bit_cast<double>(random());
        if (!std::isfinite(d)) continue;
        const std::string text = detail::json_text(d);
        const auto read = parse_reply(text);
        BOOST_REQUIRE_MESSAGE(read && read->is_double() && read->get_double() == d, text);
    }
}

BOOST_AUTO_TEST_SUITE_END()

#include "print.hpp"
#include <carillon/job/expectation.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace carillon;

namespace expectations {

verdict judge(const job& j, const reply& r) { return carillon::judge(*j.expect, j.message, r); }

job pin_112()
{
    job j{.name = "j", .url = "http://localhost/"};
    j.expect = expectation{.json = {{"/status", {"completed"}}}};
    return j;
}

/** A number, and what is said where it does not lie within the bounds. */
struct bounded {
    json_primitive min, max;
    std::string_view found;
    std::string_view error; // without what is found
};

void expect(const std::vector<bounded>& rows)
{
    for (const bounded& r : rows) {
        BOOST_TEST_CONTEXT(r.found << " is " << (r.error.empty() ? "within" : r.error))
        {
            job j = pin_112();
            j.expect = expectation{.json = {{.pointer = "/v", .min = r.min, .max = r.max}}};
            const std::string body = "{\"v\":" + std::string(r.found) + "}";
            const verdict v = judge(j, {.http_status = 200, .reason_phrase = "", .body = body});
            BOOST_TEST(v.accepted == r.error.empty());
            BOOST_TEST((v.accepted || v.error.ends_with(", not " + std::string(r.error))), v.error);
        }
    }
}

} // namespace expectations

BOOST_AUTO_TEST_SUITE(expectations)

BOOST_AUTO_TEST_CASE(judges_replies_as_pin_112_reads_them)
{
    struct row {
        std::string_view name;
        int http;
        std::string body;
        bool accepted, breaks_json;
        std::string_view status, message;
    };
    const std::vector<row> rows{
        {"good", 200, R"({"status":"completed","message":"done"})", true, false, "completed",
         "done"},
        {"no message", 200, R"({"status":"completed"})", true, false, "completed", "No message"},
        {"null message", 200, R"({"status":"completed","message":null})", true, false, "completed",
         "No message"},
        {"object as message", 200, R"({"status":"completed","message":{"n":1}})", true, false,
         "completed", R"({"n":1})"},
        {"number as message", 200, R"({"status":"completed","message":0.25})", true, false,
         "completed", "0.25"},
        {"numbers in a message", 200, R"({"status":"completed","message":{"n":[1.5,2]}})", true,
         false, "completed", R"({"n":[1.5,2]})"},
        {"says error", 200, R"({"status":"error","message":"boom"})", false, true, "error", "boom"},
        {"no status", 200, R"({"message":"hm"})", false, true, "error", "hm"},
        {"number as status", 200, R"({"status":3})", false, true, "3", "No message"},
        {"html", 200, "<html></html>", false, true, "error", "reply is not JSON"},
        {"empty", 200, "", false, true, "error", "empty reply"},
        {"blank", 200, " \r\n", false, true, "error", "empty reply"},
        {"array", 200, "[1]", false, true, "error", "reply is not a JSON object"},
        {"cut short", 200, R"({"status":"comp)", false, true, "error", "reply is not JSON"},
        {"two values", 200, R"({"status":"completed"} {})", false, true, "error",
         "reply is not JSON"},
        {"invalid UTF-8", 200, "{\"status\":\"\xff\"}", false, true, "error", "reply is not JSON"},
        {"deep", 200, std::string(100'000, '['), false, true, "error",
         "reply's JSON is nested too deep"},
        {"byte order mark", 200, "\xef\xbb\xbf{\"status\":\"completed\"}", true, false, "completed",
         "No message"},
        {"key twice", 200, R"({"status":"error","status":"completed"})", true, false, "completed",
         "No message"},
        {"401", 401, R"({"detail":"no"})", false, false, "error", "HTTP 401 Unauthorized"},
        {"401, own words", 401, R"({"status":"error","message":"bad key"})", false, false, "error",
         "bad key"},
        {"500, html", 500, "<h1>", false, false, "error", "HTTP 500 Internal Server Error"},
        {"500, empty", 500, "", false, false, "error", "HTTP 500 Internal Server Error"},
        {"500 that claims success", 500, R"({"status":"completed","message":"m"})", false, false,
         "error", "m"},
        {"500 with its own status", 500, R"({"status":"queued"})", false, false, "queued",
         "HTTP 500 Internal Server Error"},
        {"unknown status", 599, "", false, false, "error", "HTTP 599"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.name)
        {
            const verdict v =
                judge(pin_112(), {.http_status = r.http, .reason_phrase = "", .body = r.body});
            BOOST_TEST(v.accepted == r.accepted);
            BOOST_TEST(v.breaks_json == r.breaks_json);
            BOOST_TEST(v.status == r.status);
            BOOST_TEST(v.message == r.message);
            BOOST_TEST(v.error.empty() == r.accepted);
        }
    }
}

BOOST_AUTO_TEST_CASE(compares_values_as_json_does)
{
    struct row {
        json_primitive wanted;
        std::string_view found;
        bool same;
    };
    const std::vector<row> rows{
        {1, "1", true},
        {1, "1.0", true},
        {1, "2", false},
        {-1, "18446744073709551615", false},
        {true, "true", true},
        {1, "true", false},
        {nullptr, "null", true},
        {nullptr, "0", false},
        {"1", "1", false},
        {"1", R"("1")", true},
        {"1", R"("10")", false},
        {1, "[1]", false},
        {"a", R"({"a":1})", false},
        {0.5, "0.25", false},
        {-1, "-1.0", true},
        {0.0, "-0.0", true},
        // Next to each other, and the same as doubles.
        {9007199254740993, "9007199254740992.0", false},
        {9007199254740992, "9007199254740992.0", true},
        {std::uint64_t{18446744073709551615U}, "18446744073709551616", false},
        {0.30000000000000004, "0.3", false},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT("alternative " << r.wanted.index() << " and " << r.found)
        {
            job j = pin_112();
            j.expect = expectation{.json = {{"/v", {r.wanted}}}};
            const std::string body = "{\"v\":" + std::string(r.found) + "}";
            BOOST_TEST(
                judge(j, {.http_status = 200, .reason_phrase = "", .body = body}).accepted ==
                r.same);
        }
    }
}

BOOST_AUTO_TEST_CASE(any_of_several_values_and_all_of_several_places)
{
    job j = pin_112();
    j.expect = expectation{
        .status = {{200, 200}, {202, 202}}, .json = {{"/a/0", {1, 2}}, {"/b~1c", {"x"}}}};
    const auto accepts = [&](int status, std::string_view body) {
        return judge(j, {.http_status = status, .reason_phrase = "", .body = body});
    };
    BOOST_TEST(accepts(202, R"({"a":[2],"b/c":"x"})").accepted);
    BOOST_TEST(!accepts(201, R"({"a":[2],"b/c":"x"})").accepted);
    BOOST_TEST(accepts(200, R"({"a":[3],"b/c":"x"})").error == "/a/0 is 3, not 1 or 2");
    BOOST_TEST(accepts(200, R"({"a":[1]})").error == "the reply has no /b~1c");
}

BOOST_AUTO_TEST_CASE(numbers_lie_within_bounds)
{
    constexpr auto none = nullptr;
    expect({
        {1, 5, "1", ""},
        {1, 5, "5", ""},
        {1, 5, "0", "from 1 to 5"},
        {1, 5, "6", "from 1 to 5"},
        {1, 5, "5.0", ""},
        {1, 5, "5.000000001", "from 1 to 5"},
        {1, 5, "0.9999999999999999", "from 1 to 5"},
        {5, none, "3", "at least 5"},
        {5, none, "1e308", ""},
        {none, 5, "9", "at most 5"},
        {none, 5, "-9", ""},
        {0.5, 0.75, "0.5", ""},
        {0.5, 0.75, "1", "from 0.5 to 0.75"},
        {-1.5, none, "-1", ""},
        {-1.5, none, "-2", "at least -1.5"},
        {-0.5, none, "-1", "at least -0.5"},
        {none, -0.5, "0", "at most -0.5"},
        {0, 0, "-0.0", ""},
        // what is no number
        {1, 5, R"("x")", "a number from 1 to 5"},
        {1, 5, R"("3")", "a number from 1 to 5"},
        {5, none, "null", "a number of at least 5"},
        {none, 5, "[3]", "a number of at most 5"},
        {none, 5, "true", "a number of at most 5"},
    });
}

BOOST_AUTO_TEST_CASE(bounds_are_exact_where_doubles_are_not)
{
    constexpr auto none = nullptr;
    constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min();
    constexpr std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
    expect({
        // beyond what doubles hold exactly: 2^53 + 1 and its neighbours
        {9007199254740993, none, "9007199254740992", "at least 9007199254740993"},
        {9007199254740993, none, "9007199254740993", ""},
        {9007199254740993, none, "9007199254740992.0", "at least 9007199254740993"},
        {none, 9007199254740993, "9007199254740994.0", "at most 9007199254740993"},
        // the ends of the whole numbers, and doubles beside and beyond them
        {highest, none, "18446744073709551615", ""},
        {highest, none, "18446744073709551614", "at least 18446744073709551615"},
        {highest, none, "9223372036854775807", "at least 18446744073709551615"},
        {highest, none, "18446744073709551616", ""},
        {none, highest, "18446744073709551616", "at most 18446744073709551615"},
        {none, highest, "-1", ""},
        {lowest, lowest, "-9223372036854775808", ""},
        {lowest, lowest, "-9223372036854775808.0", ""},
        {lowest, none, "-9223372036854777856", "at least -9223372036854775808"},
        {none, lowest, "-9223372036854777856", ""},
        {none, lowest, "-9223372036854775807", "at most -9223372036854775808"},
        {0x1p63, none, "9223372036854775807", "at least 9.223372036854776e+18"},
        {0x1p63, 0x1p63, "9223372036854775808", ""},
        {0x1p64, none, "18446744073709551615", "at least 1.8446744073709552e+19"},
        {1e300, 1e301, "1e300", ""},
        {1e300, 1e301, "1.1e301", "from 1e+300 to 1e+301"},
        {-1e300, none, "-1.1e300", "at least -1e+300"},
    });
}

BOOST_AUTO_TEST_CASE(a_number_out_of_bounds_is_told_with_them)
{
    job j = pin_112();
    const auto error = [&](json_check check, std::string_view body) {
        j.expect = expectation{.json = {std::move(check)}};
        return judge(j, {.http_status = 200, .reason_phrase = "", .body = body}).error;
    };
    const json_check from_1_to_5{.pointer = "/count", .min = 1, .max = 5};
    BOOST_TEST(error(from_1_to_5, R"({"count":9})") == "/count is 9, not from 1 to 5");
    BOOST_TEST(
        error(from_1_to_5, R"({"count":"x"})") == "/count is \"x\", not a number from 1 to 5");
    BOOST_TEST(error(from_1_to_5, "{}") == "the reply has no /count");
    BOOST_TEST(
        error({.pointer = "/count", .min = 5}, R"({"count":3})") == "/count is 3, not at least 5");
    BOOST_TEST(
        error({.pointer = "/count", .max = 5}, R"({"count":1e400})") ==
        "/count is a number too large, not at most 5");
}

BOOST_AUTO_TEST_CASE(every_body_has_a_verdict_soon)
{
    const auto repeated = [](std::string_view part, std::string out = "") {
        while (out.size() < 1024UL * 1024) out += part;
        return out;
    };
    std::string many_keys = "{";
    for (int i = 0; i < 80'000; ++i) many_keys += "\"k" + std::to_string(i) + "\":1,";
    const std::vector<std::pair<std::string, std::string_view>> rows{
        {repeated("["), "reply's JSON is nested too deep"},
        {repeated("{\"a\":"), "reply's JSON is nested too deep"},
        {repeated("[[],"), "reply's JSON is nested too deep"},
        {repeated("[],", "[") + "1]", "reply is not a JSON object"},
        {repeated("\"a\":1,", "{") + "\"status\":\"completed\"}", ""},
        {many_keys + "\"status\":\"completed\"}", ""},
        {repeated("9"), "reply is not a JSON object"},
        {repeated("9", "0."), "reply is not a JSON object"},
        {repeated("\\u0000", "\""), "reply is not JSON"},
        {repeated(" "), "empty reply"},
        {repeated("\xef\xbb\xbf"), "reply is not JSON"},
    };
    const auto begin = std::chrono::steady_clock::now();
    for (const auto& [body, message] : rows) {
        BOOST_TEST_CONTEXT(body.substr(0, 20))
        {
            const verdict v =
                judge(pin_112(), {.http_status = 200, .reason_phrase = "", .body = body});
            BOOST_TEST(v.accepted == message.empty());
            BOOST_TEST((message.empty() || v.message == message), v.message);
        }
    }
    // In squared time each of them would take minutes.
    BOOST_TEST(std::chrono::steady_clock::now() - begin < std::chrono::seconds{20});
}

BOOST_AUTO_TEST_CASE(a_compressed_reply_is_told_of_where_json_was_asked)
{
    struct row {
        std::string_view encoding, body, error;
    };
    const std::vector<row> rows{
        {"gzip", "\x1f\x8b\x08", "reply is compressed (gzip), which carillon does not read"},
        {"br, gzip", "x", "reply is compressed (br, gzip), which carillon does not read"},
        {"", "\x1f\x8b\x08", "reply is not JSON"},
        {"identity", "x", "reply is not JSON"},
        {"Identity", "x", "reply is not JSON"},
        {"gzip", "", "empty reply"},
        // The header is wrong, the reply is not.
        {"gzip", R"({"status":"completed"})", ""},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.encoding << " " << r.body)
        {
            const reply given{
                .http_status = 200,
                .reason_phrase = "",
                .body = r.body,
                .content_encoding = r.encoding};
            BOOST_TEST(judge(pin_112(), given).error == r.error);
            BOOST_TEST(judge({.name = "j", .url = "http://localhost/"}, given).accepted);
        }
    }
}

BOOST_AUTO_TEST_CASE(without_json_asked_for_any_body_will_do)
{
    const job j{.name = "j", .url = "http://localhost/"};
    for (const char* body : {"", "OK", "[]", R"({"a":1})"}) {
        const verdict v = judge(j, {.http_status = 204, .reason_phrase = "", .body = body});
        BOOST_TEST(v.accepted);
        BOOST_TEST(v.status == "completed");
        BOOST_TEST(v.message == "No message");
    }
}

BOOST_AUTO_TEST_CASE(the_message_stands_where_the_job_says)
{
    job j = pin_112();
    j.message = "/detail/0/msg";
    const verdict v = judge(
        j, {.http_status = 422,
            .reason_phrase = "",
            .body = R"({"detail":[{"msg":"field required"}]})"});
    BOOST_TEST(v.message == "field required");
}

BOOST_AUTO_TEST_SUITE_END()

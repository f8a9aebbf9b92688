#include <carillon/job/expectation.hpp>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace carillon;

namespace {

job pin_112()
{
    job j{.name = "j", .url = "http://localhost/"};
    j.expect = expectation{.json = {{"/status", {"completed"}}}};
    return j;
}

} // namespace

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
        {"deep", 200, std::string(100'000, '['), false, true, "error", "reply is not JSON"},
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
        std::string_view wanted, found;
        bool same;
    };
    const std::vector<row> rows{
        {"1", "1", true},         {"1", "1.0", true},
        {"1", "2", false},        {"-1", "18446744073709551615", false},
        {"true", "true", true},   {"1", "true", false},
        {"null", "null", true},   {"\"1\"", "1", false},
        {"[1,2]", "[1,2]", true}, {R"({"a":1})", R"({"a":1})", true},
        {"1e400", "1", false},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.wanted << " and " << r.found)
        {
            error_code ec;
            job j = pin_112();
            boost::json::value wanted = boost::json::parse(r.wanted, ec);
            if (ec) continue;
            j.expect = expectation{.json = {{"/v", {wanted}}}};
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

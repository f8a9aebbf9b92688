#include "print.hpp"
#include <carillon/job/template.hpp>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

using namespace carillon;

namespace templates {

/** Values as a run has them; `a` is a job that has replied. */
struct values_of_a_run {
    boost::json::value reply_of_a = boost::json::parse(R"({
        "id": "x-1", "path": "a b/c?d", "count": 7, "part": 0.25, "yes": true, "nothing": null,
        "list": [1, "two"], "quote": "say \"hi\"\\\n", "braces": "{{job}}", "dots": "..", "": "e"})");
    template_values values{
        .job = "nightly",
        .run = "r-1",
        .scheduled_at = "2026-01-31T09:00:00Z",
        .attempt = 2,
        .reply = [this](const reply_reference& r) -> const boost::json::value* {
            error_code ec;
            return r.job == "a" ? reply_of_a.find_pointer(r.pointer, ec) : nullptr;
        }};

    /** The text filled in, or `OFFSET: what is wrong`. */
    std::string filled(std::string_view text, placement where) const
    {
        const auto out = fill_in(text, where, values);
        return out ? *out : std::to_string(out.error().offset) + ": " + out.error().what;
    }
};

std::string problem_of(std::string_view text)
{
    const auto wrong = template_problem(text);
    return wrong ? std::to_string(wrong->offset) + ": " + wrong->what : "";
}

} // namespace templates

BOOST_FIXTURE_TEST_SUITE(templates, values_of_a_run)

BOOST_AUTO_TEST_CASE(two_braces_make_a_template)
{
    for (const char* text : {"{{job}}", "a{{", "{{{{"}) BOOST_TEST(has_placeholders(text), text);
    for (const char* text : {"", "{", "{ {", "}}", R"({"a":{"b":1}})"})
        BOOST_TEST(!has_placeholders(text), text);
}

BOOST_AUTO_TEST_CASE(what_is_no_template_has_a_problem)
{
    struct row {
        std::string_view text, problem;
    };
    const std::vector<row> rows{
        {"", ""},
        {"plain {text}", ""},
        {"{{job}}{{run}} {{scheduled_at}} {{attempt}}", ""},
        {"{{ job\t}}", ""},
        {"{{jobs.a}} {{jobs.a.b_c-1/x/0/~0~1}} {{jobs.a/}} {{jobs.a/two words}}", ""},
        {"{{{{ {{{{job}} }}", ""},
        {R"({"a":{"b":{{attempt}}}})", ""},
        {"a {{job", "2: '{{' is not closed by '}}'; two braces are written '{{{{'"},
        {"a {{job {{run}}", "2: '{{' is not closed by '}}'; two braces are written '{{{{'"},
        {"{{{{{{", "4: '{{' is not closed by '}}'; two braces are written '{{{{'"},
        {"{{job}", "0: '{{' is not closed by '}}'; two braces are written '{{{{'"},
        {"é {{jbo}}",
         "3: there is no placeholder 'jbo' (did you mean 'job'?); they are {{job}}, {{run}}, "
         "{{scheduled_at}}, {{attempt}} and {{jobs.NAME/pointer}}"},
        {"{{job.a/id}}",
         "0: there is no placeholder 'job.a/id' (did you mean 'jobs.a/id'?); they are {{job}}, "
         "{{run}}, {{scheduled_at}}, {{attempt}} and {{jobs.NAME/pointer}}"},
        {"{{}}", "0: there is no placeholder ''; they are {{job}}, {{run}}, {{scheduled_at}}, "
                 "{{attempt}} and {{jobs.NAME/pointer}}"},
        {"{{Job}}", "0: there is no placeholder 'Job' (did you mean 'job'?); they are {{job}}, "
                    "{{run}}, {{scheduled_at}}, {{attempt}} and {{jobs.NAME/pointer}}"},
        {"{{jobs.}}", "0: 'jobs.' is followed by a job's name, which holds only letters, digits, "
                      "'.', '_' and '-', and by a JSON pointer such as /id"},
        {"{{jobs./id}}", "0: 'jobs.' is followed by a job's name, which holds only letters, "
                         "digits, '.', '_' and '-', and by a JSON pointer such as /id"},
        {"{{jobs.a b/id}}", "0: 'jobs.' is followed by a job's name, which holds only letters, "
                            "digits, '.', '_' and '-', and by a JSON pointer such as /id"},
        {"{{job}} {{jobs.a/~2}}", "8: '~' in a JSON pointer is followed by 0 or 1 (RFC 6901)"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.text) { BOOST_TEST(problem_of(r.text) == r.problem); }
    }
    // Neither words nor time grow with what was left open far away.
    BOOST_TEST(problem_of("{{" + std::string(1'000'000, 'x') + "}}").size() < 250U);
}

BOOST_AUTO_TEST_CASE(each_reply_is_needed_once)
{
    const std::vector<reply_reference> expected{{"a", "/id"}, {"b", ""}, {"a", "/n"}};
    BOOST_TEST(
        reply_references("{{jobs.a/id}}{{ jobs.b }}{{job}}{{jobs.a/n}}{{{{jobs.c}}{{jobs.a/id}}") ==
        expected);
    BOOST_TEST(reply_references("{{job}} only").empty());
}

BOOST_AUTO_TEST_CASE(values_stand_as_the_place_asks)
{
    using enum placement;
    struct row {
        placement where;
        std::string_view text, expected;
    };
    const std::vector<row> rows{
        {text, "none", "none"},
        {text, "{{job}} {{ run }} {{scheduled_at}} {{attempt}}",
         "nightly r-1 2026-01-31T09:00:00Z 2"},
        {text, "{{{{job}} {{{{{{job}}", "{{job}} {{nightly"},
        {text, "{{jobs.a/id}} {{jobs.a/count}} {{jobs.a/part}} {{jobs.a/yes}} {{jobs.a/}}",
         "x-1 7 0.25 true e"},
        {text, "{{jobs.a/list}}{{jobs.a/list/1}}", R"([1,"two"]two)"},
        {text, "{{jobs.a/quote}}", "say \"hi\"\\\n"},
        {text, "{{jobs.a/braces}}}}", "{{job}}}}"},
        {url, "/{{jobs.a/path}}?at={{scheduled_at}}&n={{attempt}}",
         "/a%20b%2Fc%3Fd?at=2026-01-31T09%3A00%3A00Z&n=2"},
        {url, "/x?up={{jobs.a/dots}}", "/x?up=.."},
        {form, "a=1&b={{jobs.a/path}}&c={{jobs.a/braces}}",
         "a=1&b=a%20b%2Fc%3Fd&c=%7B%7Bjob%7D%7D"},
        {header, "Bearer {{jobs.a/id}}, {{jobs.a/path}}", "Bearer x-1, a b/c?d"},
        // outside of JSON's strings
        {json, R"({"a":{{jobs.a/id}},"b":{{jobs.a/count}},"c":{{jobs.a/list}}})",
         R"({"a":"x-1","b":7,"c":[1,"two"]})"},
        {json, R"([{{job}},{{run}},{{scheduled_at}},{{attempt}}])",
         R"(["nightly","r-1","2026-01-31T09:00:00Z",2])"},
        {json, R"([{{jobs.a/nothing}},{{jobs.a/yes}},{{jobs.a/quote}}])",
         R"([null,true,"say \"hi\"\\\n"])"},
        // within them
        {json, R"({"a":"<{{jobs.a/quote}}>","n":"{{attempt}}","l":"{{jobs.a/list}}"})",
         R"({"a":"<say \"hi\"\\\n>","n":"2","l":"[1,\"two\"]"})"},
        {json, R"({"\"":{{job}},"\\":{{job}},"\\\"{{job}}":1})",
         R"({"\"":"nightly","\\":"nightly","\\\"nightly":1})"},
        {json, R"(["{{{{",{{job}},"{{{{{{job}}"])", R"(["{{","nightly","{{nightly"])"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.text) { BOOST_TEST(filled(r.text, r.where) == r.expected); }
    }
}

BOOST_AUTO_TEST_CASE(a_text_without_a_value_is_refused)
{
    using enum placement;
    struct row {
        placement where;
        std::string_view text, error;
    };
    const std::vector<row> rows{
        {text, "x {{ jobs.a/none }}",
         "2: no value for {{jobs.a/none}}: the reply of a has no /none"},
        {json, "[{{jobs.a/none}}]", "1: no value for {{jobs.a/none}}: the reply of a has no /none"},
        {text, "{{jobs.b}}", "0: no value for {{jobs.b}}: b has no reply that is JSON"},
        {text, "{{jobs.a/nothing}}",
         "0: no value for {{jobs.a/nothing}}: /nothing of the reply of a is null"},
        {json, R"("{{jobs.a/nothing}}")",
         "1: no value for {{jobs.a/nothing}}: /nothing of the reply of a is null"},
        {header, "{{jobs.a/quote}}",
         "0: the value for {{jobs.a/quote}} has a control character, "
         "which a header cannot hold"},
        {url, "/x/{{jobs.a/dots}}/y",
         "3: the value for {{jobs.a/dots}} is '..', which is no segment of a path"},
        {json, R"("\{{job}}")", "2: the value for {{job}} cannot stand after a backslash"},
        {text, "{{jbo", "0: '{{' is not closed by '}}'; two braces are written '{{{{'"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.text) { BOOST_TEST(filled(r.text, r.where) == r.error); }
    }
    reply_of_a = nullptr;
    BOOST_TEST(filled("{{jobs.a}}", text) == "0: no value for {{jobs.a}}: the reply of a is null");
    values.reply = nullptr;
    BOOST_TEST(
        filled("{{jobs.a}}", text) == "0: no value for {{jobs.a}}: a has no reply that is JSON");
}

BOOST_AUTO_TEST_CASE(a_header_may_hold_a_tab)
{
    reply_of_a = {{"v", "a\tb"}};
    BOOST_TEST(filled("{{jobs.a/v}}", placement::header) == "a\tb");
    reply_of_a = {{"v", "a\x7f"}};
    BOOST_TEST(filled("{{jobs.a/v}}", placement::header).find("control") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_value_has_a_largest_size)
{
    reply_of_a = boost::json::string(max_filled_value_bytes, '"');
    BOOST_TEST(filled("{{jobs.a}}", placement::text).size() == max_filled_value_bytes);
    BOOST_TEST(filled("\"{{jobs.a}}\"", placement::json).size() == 2 * max_filled_value_bytes + 2);
    reply_of_a = boost::json::string(max_filled_value_bytes + 1, 'x');
    for (const placement where : {placement::text, placement::json, placement::url})
        BOOST_TEST(
            filled("{{jobs.a}}", where) == "0: the value for {{jobs.a}} is larger than 64 KiB");
}

BOOST_AUTO_TEST_SUITE_END()

#include "config_fixture.hpp"

#include <vector>

using namespace carillon;
using namespace carillon::app;

namespace configuration_places {

struct row {
    const char* text;
    const char* expected;
};

constexpr const char* job_a = "[jobs.a]\nurl = \"http://h/\"\n";

} // namespace configuration_places

BOOST_FIXTURE_TEST_SUITE(configuration_places, config_fixture)

BOOST_AUTO_TEST_CASE(everything_is_told_at_once)
{
    const std::vector<row> rows{
        // cycles, beside each other and beside other problems
        {"[jobs.a]\nurl = \"http://h/\"\nafter = \"b\"\n[jobs.b]\nurl = \"http://h/\"\nafter = "
         "\"a\"\n[jobs.c]\nurl = \"http://h/\"\nafter = \"d\"\ntimeout = \"0\"\n[jobs.d]\nurl = "
         "\"http://h/\"\nafter = \"c\"",
         "c.toml:3:9: jobs.a.after: a cycle: a waits for b waits for a\n"
         "c.toml:9:9: jobs.c.after: a cycle: c waits for d waits for c\n"
         "c.toml:10:11: jobs.c.timeout: must be longer than 0"},
        {"[jobs.backup]\nurl = \"http://h/\"\ntimeout = \"0\"\n[jobs.b]\nurl = "
         "\"http://h/\"\nafter = "
         "\"backup\"\n[[log.sinks]]\ntype = \"console\"\nchain = \"bakup\"\n[[log.sinks]]\ntype = "
         "\"console\"\nchain = \"b\"\njob = \"nobody\"",
         "c.toml:3:11: jobs.backup.timeout: must be longer than 0\n"
         "c.toml:9:9: log.sinks.chain: there is no job 'bakup' (did you mean 'backup'?)\n"
         "c.toml:12:9: log.sinks.chain: 'b' is no chain: it runs after other jobs\n"
         "c.toml:13:7: log.sinks.job: there is no job 'nobody'"},
        {"colour = 1",
         "c.toml:1:1: colour: unknown key\nc.toml:1:1: jobs: there are no jobs; add a "
         "table such as [jobs.my-job]"},
        {"jobs = 1", "c.toml:1:8: jobs: must be a table, not a number"},
        {"[jobs]\na = 1", "c.toml:2:5: jobs.a: must be a table"},
        // the defaults by themselves
        {"[defaults]\ntimeout = \"0\"\nheaders = { Host = \"x\" }\n[jobs.a]\nurl = "
         "\"http://h/\"\ntimeout = "
         "\"1s\"\nheaders = { host = \"\" }",
         "c.toml:2:11: defaults.timeout: must be longer than 0\n"
         "c.toml:3:20: defaults.headers.Host: carillon sets this header itself"},
        {"[defaults]\nretry = { backoff = \"1min\" }\n[jobs.a]\nurl = \"http://h/\"\nretry = { "
         "max_backoff = \"2min\" }",
         "c.toml:2:21: defaults.retry.backoff: 1min is longer than max_backoff (30s)"},
        {"[jobs.a]\nurl = \"http://h/\"\nschedule = { every = \"x\" }\nafter = 1",
         "c.toml:3:22: jobs.a.schedule.every: expected a number, such as 5min or 1.5s\n"
         "c.toml:4:9: jobs.a.after: must be a job's name, a list of names, or a table such as { a "
         "= "
         "\"finished\" }\n"
         "c.toml:4:9: jobs.a.after: a job has either schedule or after, not both"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.text) { BOOST_TEST(errors(r.text) == r.expected); }
    }
}

BOOST_AUTO_TEST_CASE(a_mistake_is_told_once_where_it_was_made)
{
    const std::vector<row> rows{
        {"[defaults]\nurl = \"http://h/\"\n[jobs.a]\ntimeout = \"1s\"",
         "c.toml:2:1: defaults.url: unknown key\n"
         "c.toml:3:1: jobs.a.url: a job needs a url"},
        {"[defaults]\nretry = { backoff = \"1s\" }\n[jobs.a]\nurl = \"http://h/\"\n[jobs.b]\nurl "
         "= "
         "\"http://h/\"\nretry = { max_backoff = \"10ms\" }",
         "c.toml:7:9: jobs.b.retry.backoff: 1s is longer than max_backoff (10ms)"},
        {"[defaults]\nretry = { backoff = \"20s\" }\n[jobs.b]\nurl = \"http://h/\"\nretry = { "
         "max_backoff = \"x\" }",
         "c.toml:5:25: jobs.b.retry.max_backoff: expected a number, such as 5min or 1.5s"},
        {"[defaults]\ntimeout = \"0\"\n[jobs.a]\nurl = \"http://h/\"\ntimeout = \"0\"",
         "c.toml:2:11: defaults.timeout: must be longer than 0\n"
         "c.toml:5:11: jobs.a.timeout: must be longer than 0"},
        {"[defaults]\nexpect = { status = [99] }\n[jobs.a]\nurl = \"http://h/\"\n[jobs.b]\nurl = "
         "\"http://h/\"\nexpect = { status = [99] }",
         "c.toml:2:22: defaults.expect.status: must be a status such as 200 or \"2xx\", from 100 "
         "to "
         "599\n"
         "c.toml:7:22: jobs.b.expect.status: must be a status such as 200 or \"2xx\", from 100 to "
         "599"},
        {"[jobs.a]\nurl = \"http://h/\"\nexpect = { status = [] }",
         "c.toml:3:21: jobs.a.expect.status: at least one status must be accepted"},
        {"[jobs.a]\nurl = \"http://h/\"\n[[log.sinks]]\ntype = \"file\"\npath = 3",
         "c.toml:5:8: log.sinks.path: must be a text, not a number"},
        {"[jobs.a]\nurl = \"http://h/\"\n[[log.sinks]]\ntype = \"paper\"\npath = \"/x\"",
         "c.toml:4:8: log.sinks.type: must be one of 'console', 'file', 'journal', 'syslog'"},
        {"[jobs.a]\nurl = \"http://h/\"\nretry = { attempts = 1.5 }",
         "c.toml:3:22: jobs.a.retry.attempts: must be a whole number, not a fraction"},
        {"[jobs.a]\nurl = \"http://h/\"\nbody = { n = inf }",
         "c.toml:3:14: jobs.a.body: JSON has no form for inf and nan"},
        {"[jobs.a]\nurl = \"http://h/\"\nafter = []", "c.toml:3:9: jobs.a.after: names no job"},
        {"[jobs.a]\nurl = \"http://h/\"\nafter = [1]",
         "c.toml:3:10: jobs.a.after: must be a job's name, a list of names, or a table such as { a "
         "= \"finished\" }"},
        {"[jobs.a]\nURL = \"http://h/\"",
         "c.toml:1:1: jobs.a.url: a job needs a url\nc.toml:2:1: jobs.a.URL: unknown key"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.text) { BOOST_TEST(errors(r.text) == r.expected); }
    }
}

BOOST_AUTO_TEST_CASE(a_wrong_base_url_is_told_once)
{
    const std::vector<row> rows{
        {"\"ftp://h/\"", "the scheme must be http or https"},
        {"\"nonsense\"", "not an absolute URL such as http://host:port/path"},
        {"\"http://h/?a=b\"", "a base_url has neither a query nor a fragment"},
        {"\"http://h/#x\"", "a base_url has neither a query nor a fragment"},
        {"\"http://h:84467/\"", "the port must be from 1 to 65535"},
        {"\"${NOBODY}\"", "the variable NOBODY is not set; set it, or write ${NOBODY:-default}"},
        {"3", "must be a text, not a number"},
    };
    for (const row& r : rows) {
        const std::string base = "base_url = " + std::string(r.text) + "\n";
        BOOST_TEST_CONTEXT(r.text)
        {
            BOOST_TEST(
                errors("[defaults]\n" + base + "[jobs.a]\nurl = \"/a\"\n[jobs.b]\nurl = \"/b\"") ==
                std::string("c.toml:2:12: defaults.base_url: ") + r.expected);
            BOOST_TEST(
                errors("[jobs.a]\nurl = \"/a\"\n" + base) ==
                std::string("c.toml:3:12: jobs.a.base_url: ") + r.expected);
        }
    }
    // What is wrong with the url itself is told beside it.
    BOOST_TEST(
        errors("[defaults]\nbase_url = \"x\"\n[jobs.a]\nurl = \"/a b\"") ==
        "c.toml:2:12: defaults.base_url: not an absolute URL such as http://host:port/path\n"
        "c.toml:4:7: jobs.a.url: a URL cannot hold this character; write it percent-encoded");
}

BOOST_AUTO_TEST_CASE(urls_stand_below_the_base)
{
    struct joined {
        const char *base, *url, *expected;
    };
    const std::vector<joined> rows{
        {"http://h/ok//", "//x", "http://h/ok/x"},
        {"http://h", "x", "http://h/x"},
        {"http://h/", "/x", "http://h/x"},
        {"http://h", "/ok?next=http://x/", "http://h/ok?next=http://x/"},
        {"http://h/a", "", "http://h/a"},
        {"http://h/a", "HTTP://other/x", "HTTP://other/x"},
        {"http://h/a", "1a://x", "http://h/a/1a://x"},
        {"", "http://h/x", "http://h/x"},
    };
    for (const joined& r : rows) {
        const std::string text = std::string("[defaults]\nbase_url = \"") + r.base +
                                 "\"\n[jobs.a]\nurl = \"" + r.url + "\"\n";
        const auto config = load(text);
        BOOST_TEST_CONTEXT(text)
        {
            BOOST_REQUIRE(config.has_value());
            BOOST_TEST(config->jobs[0].url == r.expected);
        }
    }
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_read_say_why)
{
    const auto as_errors = [&](const std::string& include, const char* name = "include") {
        return errors(std::string(name) + " = " + include + "\n" + job_a);
    };
    std::filesystem::create_directory(folder / "folder.toml");
    std::filesystem::create_symlink("loop", folder / "loop");
    BOOST_TEST(
        as_errors("[\"folder.toml\"]") ==
        "c.toml:1:11: include: cannot read folder.toml: is a directory");
    BOOST_TEST(
        as_errors("[\"*.toml/.\", \"none/*.toml\"]") ==
        "c.toml:1:11: include: cannot read folder.toml/.: is a directory");
    BOOST_TEST(as_errors("[\"\"]") == "c.toml:1:11: include: an include cannot be empty");
    BOOST_TEST(
        as_errors("[\"loop/*.toml\"]") ==
        "c.toml:1:11: include: cannot search loop: too many levels of symbolic links");
    BOOST_TEST(
        as_errors("[\"loop\"]") ==
        "c.toml:1:11: include: cannot read loop: too many levels of symbolic links");

    const auto at = [&](const std::filesystem::path& path) {
        const auto config = load_configuration(path.string(), process_variables());
        return config ? "" : to_string(config.error().errors.at(0));
    };
    BOOST_TEST(at(folder) == folder.string() + ":1:1: cannot be read: is a directory");
    BOOST_TEST(at("/nowhere") == "/nowhere:1:1: cannot be read: no such file or directory");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_toml_hides_nothing_else)
{
    write("b.toml", "[jobs.b\n");
    BOOST_TEST(
        errors("include = [\"b.toml\"]\ncolour = 1\n") ==
        "b.toml:1:8: Error while parsing table header: expected ']', saw '\\n'\nc.toml:2:1: "
        "colour: unknown key");
}

BOOST_AUTO_TEST_CASE(a_folder_with_wildcards_in_its_name_is_no_pattern)
{
    std::filesystem::create_directory(folder / "[x]");
    write("[x]/main.toml", "include = [\"more*.toml\"]\n");
    write("[x]/more.toml", job_a);
    BOOST_TEST(
        load_configuration((folder / "[x]/main.toml").string(), process_variables()).has_value());
}

BOOST_AUTO_TEST_CASE(no_sink_named_is_no_error)
{
    const auto config = load(std::string("[log]\nsinks = []\n") + job_a);
    BOOST_REQUIRE(config.has_value());
    BOOST_TEST(config->sinks.size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_is_hidden_in_keys_is_escaped)
{
    BOOST_TEST(
        errors("[jobs.a]\nurl = \"http://h/\"\n\"x\\u001b[2J\\u2028\\ny\" = 1") ==
        "c.toml:3:1: jobs.a.x\\x1b[2J\\xe2\\x80\\xa8\\ny: unknown key");
}

BOOST_AUTO_TEST_CASE(a_body_written_as_a_table_is_json)
{
    const auto headers_of = [&](const std::string& text) {
        const auto config = load(text);
        BOOST_REQUIRE(config.has_value());
        std::string out = config->jobs[0].body;
        for (const header& h : *config->jobs[0].headers)
            out += " " + h.name + ":" + h.value.reveal();
        return out;
    };
    const std::string body = "body = { n = 1.5, m = 2.0 }\n";
    const std::string json = R"({"m":2.0,"n":1.5})";
    const std::string defaults = "[defaults]\nheaders = { content-type = \"x/y\" }\n";
    BOOST_TEST(headers_of(job_a + body) == json + " Content-Type:application/json");
    BOOST_TEST(headers_of(defaults + job_a + body) == json + " content-type:x/y");
    BOOST_TEST(
        headers_of(job_a + body + "headers = { content-type = \"x/z\" }") ==
        json + " content-type:x/z");
    BOOST_TEST(headers_of(defaults + job_a + body + "headers = { CONTENT-type = \"\" }") == json);
    BOOST_TEST(headers_of(job_a + std::string("body = \"text\"")) == "text");
}

BOOST_AUTO_TEST_SUITE_END()

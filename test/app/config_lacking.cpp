#include "config_fixture.hpp"
#include "print.hpp"

#include <chrono>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(configurations_without_values, config_fixture)

BOOST_AUTO_TEST_CASE(who_only_looks_needs_no_secret)
{
    // Each place where a value that is sent may stand, and those beside it.
    const std::string text = R"([defaults]
base_url = "http://${API_HOST}:${API_PORT}"
headers = { X-API-Key = "${API_KEY}", Authorization = "Bearer ${file:/nowhere/token}" }
tls = { ca_file = "${CA}", cert_file = "/c.pem", key_file = "${KEY_FILE}" }
proxy = "${PROXY}"
timeout = "${TIMEOUT}"
expect = { status = "${STATUS}", json = { "/status" = "${DONE}" }, max_body = "${MOST}" }
[store]
path = "/var/x.db"
keep = "${KEEP}"
[[log.sinks]]
type = "file"
path = "${LOG_DIR}/x.log"
[jobs.a]
title = "the ${TITLE}"
url = "/a/${TOKEN}"
schedule = { every = "15min" }
auth = { hmac = { key = "${BROKEN}" } }
body = { token = "${TOKEN}" }
[jobs.b]
url = "${HOOK}"
method = "${METHOD}"
after = { a = "finished" }
auth = { basic = { user = "${USER_OF_B}", password = "${PASSWORD}" } }
poll = { url = "${POLL}", every = "${EVERY}" }
retry = { on = ["${ON}"], backoff = "${BACKOFF}" }
[jobs.c]
url = "${HOOK}"
auth = { bearer = "${TOKEN}" }
unix_socket = "${SOCKET}"
)";
    BOOST_TEST(!errors(text).empty());
    BOOST_TEST(errors(text, config_use::look) == "");
    const auto config = load(text, config_use::look).value();
    BOOST_TEST(config.store.path == "/var/x.db");
    BOOST_TEST(config.jobs.size() == 3U);
    BOOST_TEST(title_of(config.jobs[0]) == "a");
    BOOST_TEST(std::get<schedule>(config.jobs[0].trigger).every.value() == 15min);
    BOOST_TEST(config.jobs.chain_of(1) == 0U);
    BOOST_TEST(config.lacking.size() > 20U);
    BOOST_TEST(
        lines({config.lacking.front()})
            .starts_with("c.toml:2:12: defaults.base_url: the variable API_HOST is not set"));
}

BOOST_AUTO_TEST_CASE(what_is_looked_at_must_have_its_value)
{
    const auto wrong = [&](const std::string& keys) {
        return errors(
            "[jobs.a]\nurl = \"${URL}\"\n[jobs.b]\nurl = \"${URL}\"\n" + keys, config_use::look);
    };
    BOOST_TEST(wrong("") == "");
    for (const char* keys :
         {"schedule = \"${X}\"", "schedule = { cron = \"${X}\" }",
          "schedule = { every = \"${X}\" }", "schedule = { at = \"${X}\" }",
          "schedule = { every = \"1h\", timezone = \"${X}\" }",
          "schedule = { every = \"1h\", exclude = [\"${X}\"] }", "after = \"${X}\"",
          "after = { a = \"${X}\" }", "[store]\npath = \"${X}\"", "[store]\npath = \"/${X}/x.db\""})
        BOOST_TEST(wrong(keys).find("the variable X is not set") != std::string::npos, keys);
    BOOST_TEST(
        errors("include = [\"${X}\"]\n[jobs.a]\nurl = \"http://h/\"", config_use::look) != "");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_told_to_who_looks_too)
{
    const auto wrong = [&](const std::string& keys) {
        return errors("[jobs.a]\nurl = \"http://h/${PATH_OF_A}\"\n" + keys, config_use::look);
    };
    BOOST_TEST(wrong("title = \"${A\"") == "c.toml:3:9: jobs.a.title: '${' is not closed by '}'");
    BOOST_TEST(wrong("timout = \"1s\"").find("did you mean 'timeout'?") != std::string::npos);
    BOOST_TEST(
        wrong("schedule = { every = \"1ms\" }").find("must be at least 100ms") !=
        std::string::npos);
    BOOST_TEST(errors("[jobs.a]\nurl = \"http://h/\"\ntimeout = \"0s\"", config_use::look)
                   .starts_with("c.toml:3:11: jobs.a.timeout: "));
}

BOOST_AUTO_TEST_SUITE_END()

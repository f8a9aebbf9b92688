#include "config_fixture.hpp"
#include "print.hpp"

#include <stdlib.h> // NOLINT(modernize-deprecated-headers): setenv is POSIX
#include <vector>

using namespace carillon;
using namespace carillon::app;

namespace configuration_secrets {

constexpr const char* warning = "a secret stands in the file; use ${NAME} or ${file:PATH}";

} // namespace configuration_secrets

BOOST_FIXTURE_TEST_SUITE(configuration_secrets, config_fixture)

BOOST_AUTO_TEST_CASE(every_text_is_filled_in)
{
    environment = {{"A", "a"}, {"END", "finished"}, {"STATUS", "503"}};
    const std::string jobs = "[jobs.a]\nurl = \"http://h/\"\n[jobs.b]\nurl = \"http://h/\"\n";
    for (const char* parents : {R"("${A}")", R"(["${A}"])", R"({ a = "${END}" })"}) {
        const auto config = load(jobs + "after = " + parents);
        BOOST_REQUIRE(config.has_value());
        BOOST_TEST(std::get<after>(config->jobs[1].trigger).at(0).job == "a");
    }
    const auto config = load(
        jobs + "expect = { status = \"${STATUS}\" }\nretry = { on = [\"${STATUS}\", "
               "\"${NO:-4xx}\"] }");
    BOOST_REQUIRE(config.has_value());
    BOOST_TEST(
        config->jobs[1].expect->status == (std::vector<status_range>{{503, 503}}),
        test::per_element());
    BOOST_TEST(
        config->jobs[1].retry->on.statuses == (std::vector<status_range>{{503, 503}, {400, 499}}),
        test::per_element());
}

BOOST_AUTO_TEST_CASE(braces_within_braces_are_refused)
{
    const auto why = [&](const std::string& value) {
        return errors("[jobs.a]\nurl = \"http://h/\"\ntitle = \"" + value + "\"");
    };
    BOOST_TEST(
        why("${A:-${B}}") == "c.toml:3:9: jobs.a.title: the default of A cannot hold another '${'");
    BOOST_TEST(
        why("${file:/x/${B}}") ==
        "c.toml:3:9: jobs.a.title: the path of a '${file:' cannot hold another '${'");
}

BOOST_AUTO_TEST_CASE(an_error_shows_no_part_of_a_secret_header)
{
    const std::string shown = errors(
        "[jobs.a]\nurl = \"http://h/\"\nheaders = { Authorization = \"Bearer token-1234\" }\n"
        "[jobs.b]\nurl = \"http://h/\"\nafter = \"token-1234\"");
    BOOST_TEST(shown.find("there is no job '***'") != std::string::npos, shown);
    BOOST_TEST(shown.find("token-1234") == std::string::npos, shown);
}

BOOST_AUTO_TEST_CASE(a_credential_that_cannot_be_read_is_an_error)
{
    environment["BROKEN"] = "an older value";
    BOOST_TEST(
        errors("[jobs.a]\nurl = \"http://h/${BROKEN:-x}\"") ==
        "c.toml:2:7: jobs.a.url: cannot read the credential BROKEN: is a directory");

    std::filesystem::create_directory(folder / "a-folder");
    write("large", std::string(70'000, 'x'));
    write("api-key.v1", "of-the-api\n");
    ::setenv("CREDENTIALS_DIRECTORY", folder.c_str(), 1); // NOLINT(concurrency-mt-unsafe)
    const auto credential = process_variables().credential;
    BOOST_TEST(credential("a-folder").value().error().message() == "Is a directory");
    BOOST_TEST(credential("large").value().error().message() == "File too large");
    BOOST_TEST(credential("api-key.v1").value().value() == "of-the-api\n");
    BOOST_TEST(!credential("none").has_value());
    ::unsetenv("CREDENTIALS_DIRECTORY"); // NOLINT(concurrency-mt-unsafe)
}

BOOST_AUTO_TEST_CASE(a_secret_that_is_empty_is_an_error)
{
    write("empty", "\n");
    write("blank", "\xef\xbb\xbf  \n");
    credentials["NONE"] = "\n";
    const std::string file = (folder / "empty").string();
    const std::string blank = (folder / "blank").string();
    const auto why = [&](const std::string& keys) {
        return errors("[jobs.a]\nurl = \"http://h/\"\n" + keys);
    };
    const auto header = [&](const std::string& value) {
        return why("headers = { X-API-Key = \"" + value + "\" }");
    };
    const std::string at = "c.toml:3:25: jobs.a.headers.X-API-Key: the ";
    BOOST_TEST(header("${file:" + blank + "}") == at + "file blank is empty");
    BOOST_TEST(header("x${file:" + file + "}") == at + "file empty is empty");
    BOOST_TEST(header("${NONE}") == at + "credential NONE is empty");
    BOOST_TEST(header("${EMPTY}") == at + "variable EMPTY is empty");
    BOOST_TEST(
        why("auth = { bearer = \"${EMPTY}\" }") ==
        "c.toml:3:19: jobs.a.auth.bearer: the variable EMPTY is empty");
    BOOST_TEST(
        why("title = \"${file:" + file + "}\"") ==
        "c.toml:3:9: jobs.a.title: the file empty is empty");
    BOOST_TEST(
        errors("[jobs.a]\nurl = \"http://h/?token=${EMPTY}&x=1\"") ==
        "c.toml:2:7: jobs.a.url: the variable EMPTY is empty");
    for (const char* allowed : {"${EMPTY:-}", "${NONE:-}", ""}) BOOST_TEST(header(allowed) == "");
    BOOST_TEST(why("title = \"${EMPTY}\"") == "");
    BOOST_TEST(errors("[jobs.a]\nurl = \"http://h/?page=${EMPTY}\"") == "");
}

BOOST_AUTO_TEST_CASE(what_stands_around_a_secret_unseen_is_warned_of)
{
    write("marked", "\xef\xbb\xbfkey-12345\n");
    write("clean", "key-12345\r\n");
    credentials["BLANK"] = "key-12345 \n";
    environment["SPACED"] = " key-12345";
    const auto warnings = [&](const std::string& value) {
        const auto config =
            load("[jobs.a]\nurl = \"http://h/\"\nheaders = { X-API-Key = \"" + value + "\" }");
        BOOST_REQUIRE(config.has_value());
        std::string out;
        for (const auto& w : config->warnings) out += w.key + ": " + w.what;
        return out;
    };
    const std::string marked = (folder / "marked").string();
    const std::string what =
        " has a byte order mark or blanks around its text, which are sent with it";
    const std::string at = "jobs.a.headers.X-API-Key: the ";
    BOOST_TEST(warnings("${file:" + marked + "}") == at + "file " + marked + what);
    BOOST_TEST(warnings("${BLANK}") == at + "credential BLANK" + what);
    BOOST_TEST(warnings("${SPACED}") == at + "variable SPACED" + what);
    BOOST_TEST(warnings("${file:" + (folder / "clean").string() + "}") == "");
    const auto config = load("[jobs.a]\nurl = \"http://h/\"\ntitle = \"${SPACED}\"");
    BOOST_TEST(config->warnings.empty()); // no secret
}

BOOST_AUTO_TEST_CASE(names_of_credentials_hold_points_and_dashes)
{
    credentials["api-key.v1"] = "of-the-api";
    const auto config = load("[jobs.a]\nurl = \"http://h/${api-key.v1}\"");
    BOOST_REQUIRE(config.has_value());
    BOOST_TEST(config->jobs[0].url == "http://h/of-the-api");
    BOOST_TEST(
        errors("[jobs.a]\nurl = \"${..}\"") ==
        "c.toml:2:7: jobs.a.url: '..' is not the name of a variable");
}

BOOST_AUTO_TEST_CASE(each_variable_of_a_secret_is_one)
{
    struct row {
        const char* text;
        const char* shown; // of the text "variable literal"
        bool warns;
    };
    environment["V"] = "variable";
    const std::vector<row> rows{
        {"url = \"http://h/?key=x-${V}\"", "*** literal", false},
        {"url = \"http://h/?page=x-${V}\"", "variable literal", false},
        {"url = \"http://h/?page=${V}&sig=x-${NO:-literal}\"", "variable ***", true},
        {"url = \"http://user:x-${V}@h/\"", "*** literal", false},
        {"url = \"http://${V}@h/\"", "*** literal", false},
        {"url = \"http://${V}:x-${CREDENTIAL}@h/\"", "variable literal", false},
        {"url = \"http://user:literal@h/\"", "variable ***", true},
        {"url = \"http://h/?token=literal\"", "variable ***", true},
        {"url = \"http://h/?token=${V:-literal}\"", "*** literal", true},
        {"base_url = \"http://x-${V}@h/\"\nurl = \"/x?auth_token=literal\"", "*** ***", true},
        {"url = \"http://h/\"\nheaders = { X-API-Key = \"pre-${NO:-literal}\" }", "variable ***",
         true},
        {"url = \"http://h/\"\nheaders = { X-API-Key = \"pre-${V}\" }", "*** literal", false},
        {"url = \"http://h/\"\nheaders = { X-API-Key = \"${NO:-}\" }", "variable literal", false},
        {"url = \"http://h/\"\nheaders = { X-Other = \"${V}\" }", "variable literal", false},
    };
    for (const row& r : rows) {
        const auto config = load("[jobs.a]\n" + std::string(r.text));
        BOOST_TEST_CONTEXT(r.text)
        {
            BOOST_REQUIRE(config.has_value());
            BOOST_TEST(config->jobs.secrets().hide("variable literal") == r.shown);
            BOOST_TEST(config->warnings.size() == (r.warns ? 1U : 0U));
            for (const auto& w : config->warnings) BOOST_TEST(w.what == warning);
        }
    }
}

BOOST_AUTO_TEST_CASE(errors_quote_no_part_of_a_secret)
{
    write("secret", "5verysecret\n");
    credentials["CRED"] = "7verysecret";
    environment["SPAN"] = "5mins";
    const auto why = [&](const std::string& value) {
        return errors("[jobs.a]\nurl = \"http://h/\"\ntimeout = \"" + value + "\"");
    };
    const std::string expected = "c.toml:3:11: jobs.a.timeout: unknown unit '...'; use us, ms, s, "
                                 "min, h, d, w, M or y";
    BOOST_TEST(why("${file:" + (folder / "secret").string() + "}") == expected);
    BOOST_TEST(why("${CRED}") == expected);
    BOOST_TEST(why("${SPAN}").find("'mins'") != std::string::npos);
    BOOST_TEST(
        errors("[jobs.a]\nurl = \"http://h/\"\nafter = \"${CRED}\"") ==
        "c.toml:3:9: jobs.a.after.***: there is no job '***'");
}

BOOST_AUTO_TEST_CASE(errors_of_syntax_quote_no_long_number)
{
    BOOST_TEST(
        errors("key = 99999999999999999999123") ==
        "c.toml:1:30: Error while parsing decimal integer: '...' is not representable in 64 bits");
    BOOST_TEST(errors("[cafe1]\n[cafe1]").find("cafe1") != std::string::npos); // a name is shown
}

BOOST_AUTO_TEST_SUITE_END()

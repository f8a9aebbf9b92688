#include "config_fixture.hpp"
#include "print.hpp"

#include <vector>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(configured_routes, config_fixture)

BOOST_AUTO_TEST_CASE(are_inherited_key_by_key)
{
    environment["TOKEN"] = "tok-123456";
    const auto config = load(R"(
[defaults]
base_url = "https://api.test/v1"
redirects = 2
tls = { ca_file = "/etc/hostname", server_name = "inside" }
auth = { bearer = "${TOKEN}" }
proxy = "proxy.test:3128"
[runner]
max_concurrent = 70
max_per_origin = 7
[jobs.a]
url = "/a?x={{attempt}}"
tls = { server_name = "other", verify = false }
[jobs.b]
url = "/b"
auth = { basic = { user = "ops", password = "${TOKEN}" } }
proxy = ""
[jobs.c]
url = "/c"
auth = {}
expect = { status = 200 }
poll = { url = "/status/{{run}}", every = "3s", expect = { json = { "/state" = "done" } } }
)");
    BOOST_REQUIRE(config.has_value());
    const job& a = config->jobs[0];
    BOOST_TEST(a.url == "https://api.test/v1/a?x={{attempt}}");
    BOOST_TEST(
        a.route->tls ==
        (tls_options{.ca_file = "/etc/hostname", .server_name = "other", .verify = false}));
    BOOST_TEST(a.route->redirects == 2);
    BOOST_TEST(a.route->proxy == secret("proxy.test:3128"));
    BOOST_TEST(*a.auth == authentication(bearer_auth{"tok-123456"}));
    const job& b = config->jobs[1];
    BOOST_TEST(*b.auth == authentication(basic_auth{"ops", "tok-123456"}));
    BOOST_TEST(b.route->proxy == secret(""));
    const job& c = config->jobs[2];
    BOOST_TEST(std::holds_alternative<std::monostate>(*c.auth));
    BOOST_REQUIRE(c.poll->has_value());
    BOOST_TEST((*c.poll)->url == "https://api.test/v1/status/{{run}}");
    BOOST_TEST((*c.poll)->every == 3s);
    BOOST_TEST(
        (*c.poll)->expect.status == (std::vector<status_range>{{200, 200}}), test::per_element());
    BOOST_TEST((*c.poll)->expect.json.at(0).pointer == "/state");
    BOOST_TEST(config->max_concurrent == 70U);
    BOOST_TEST(config->max_per_origin == 7U);
    // As it is sent, too.
    BOOST_TEST(config->jobs.secrets().hide("Basic b3BzOnRvay0xMjM0NTY=") == "Basic ***");
    BOOST_REQUIRE_EQUAL(config->warnings.size(), 2U);
    BOOST_TEST(config->warnings[0].key == "jobs.a.tls.verify");
    BOOST_TEST(config->warnings[1].key == "jobs.a.tls.ca_file"); // it holds none
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_told_at_its_place)
{
    const std::pair<const char*, const char*> rows[] = {
        {"tls = { ca_fil = \"x\" }",
         "c.toml:3:9: jobs.a.tls.ca_fil: unknown key (did you mean 'ca_file'?)"},
        {"tls = { cert_file = \"/c\" }",
         "c.toml:3:21: jobs.a.tls.cert_file: a client's certificate needs both cert_file and "
         "key_file"},
        {"tls = { server_name = \".\" }",
         "c.toml:3:23: jobs.a.tls.server_name: a host's name has no empty part before a '.'"},
        {"tls = { server_name = \".example\" }",
         "c.toml:3:23: jobs.a.tls.server_name: a host's name has no empty part before a '.'"},
        {"tls = { server_name = \"fe80::1%lo\" }",
         "c.toml:3:23: jobs.a.tls.server_name: a host's name holds only"},
        {"tls = { server_name = \"*.example\" }",
         "c.toml:3:23: jobs.a.tls.server_name: a host's name holds only"},
        {"unix_socket = \"api.sock\"", "c.toml:3:15: jobs.a.unix_socket: must be an absolute path"},
        {"proxy = \"socks5://p\"",
         "c.toml:3:9: jobs.a.proxy: a proxy must be an http one, such as http://host:port"},
        {"unix_socket = \"/s\"\nproxy = \"http://p\"",
         "c.toml:4:9: jobs.a.proxy: no proxy serves a unix_socket"},
        {"redirects = 21", "c.toml:3:13: jobs.a.redirects: must be from 0 to 20"},
        {"redirects = -1", "c.toml:3:13: jobs.a.redirects: must be from 0 to 20"},
        {"auth = { bearer = \"x\", basic = { user = \"u\", password = \"p\" } }",
         "c.toml:3:8: jobs.a.auth: must be one of bearer, basic and hmac"},
        {"auth = { token = \"x\" }", "c.toml:3:10: jobs.a.auth.token: unknown key"},
        {"auth = { basic = { user = \"a:b\", password = \"pass\" } }",
         "c.toml:3:27: jobs.a.auth.basic.user: a user's name cannot hold a colon (RFC 7617)"},
        {"headers = { Authorization = \"Basic abcdef\" }\nauth = { bearer = \"token\" }",
         "c.toml:4:19: jobs.a.auth.bearer: the job has a header Authorization already"},
        {"auth = { hmac = { key = \"k\", header = \"Host\" } }",
         "c.toml:3:39: jobs.a.auth.hmac.header: carillon sets this header itself"},
        {"auth = { hmac = { header = \"X-Sig\" } }", "c.toml:3:17: jobs.a.auth.hmac: needs a key"},
        {"poll = { every = \"0\" }", "c.toml:3:18: jobs.a.poll.every: must be longer than 0"},
        {"poll = { url = \"/x\" }",
         "c.toml:3:16: jobs.a.poll.url: not an absolute URL such as http://host:port/path"},
        {"poll = { expect = { status = 600 } }", "c.toml:3:30: jobs.a.poll.expect.status: must be "
                                                 "a status such as 200 or \"2xx\", from 100 "
                                                 "to 599"},
        {"body = \"{{rnu}}\"",
         "c.toml:3:8: jobs.a.body: there is no placeholder 'rnu' (did you mean 'run'?)"},
        {"[runner]\nmax_concurrent = 0",
         "c.toml:4:18: runner.max_concurrent: must be from 1 to 100000"},
        {"[runner]\nmax_concurrent = 100001",
         "c.toml:4:18: runner.max_concurrent: must be from 1 to 100000"},
        {"[runner]\nmax_per_origin = 0",
         "c.toml:4:18: runner.max_per_origin: must be from 1 to 100000"},
    };
    for (const auto& [text, expected] : rows) {
        const std::string shown = errors("[jobs.a]\nurl = \"http://h/\"\n" + std::string(text));
        BOOST_TEST(shown.starts_with(expected), shown << "\n!= " << expected);
    }
}

BOOST_AUTO_TEST_CASE(a_url_that_says_something_else_than_it_seems_to_is_told_at_its_place)
{
    // As Kubernetes sets it for a service of the name API.
    environment["API_PORT"] = "tcp://10.0.0.1:80";
    const std::string port = "the port must be from 1 to 65535";
    const std::pair<std::string, std::string> rows[] = {
        {"[jobs.a]\nurl = \"http://127.0.0.1:8000:1/a\"", "c.toml:2:7: jobs.a.url: " + port},
        {"[jobs.a]\nurl = \"http://10.0.0.1:${API_PORT}/a\"", "c.toml:2:7: jobs.a.url: " + port},
        {"[jobs.a]\nurl = \"http://h:80:1/{{run}}\"", "c.toml:2:7: jobs.a.url: " + port},
        {"[jobs.a]\nurl = \"http://h/{{{{a}}\"",
         "c.toml:2:7: jobs.a.url: a URL cannot hold this character; write it percent-encoded"},
        {"[defaults]\nbase_url = \"http://10.0.0.1:${API_PORT}\"\n[jobs.a]\nurl = \"/a\"",
         "c.toml:2:12: defaults.base_url: " + port},
        {"[jobs.a]\nurl = \"http://h/\"\npoll = { url = \"http://h:${API_PORT}/a\" }",
         "c.toml:3:16: jobs.a.poll.url: " + port},
        {"[jobs.a]\nurl = \"http://h/\"\nproxy = \"h:${API_PORT}\"",
         "c.toml:3:9: jobs.a.proxy: a proxy must be an http one, such as http://host:port"},
        {"[jobs.a]\nurl = \"http://h/\"\nproxy = \"http://h:${API_PORT}\"",
         "c.toml:3:9: jobs.a.proxy: " + port},
        {"[jobs.a]\nurl = \"http://h/\"\nproxy = \"h:3128:1\"",
         "c.toml:3:9: jobs.a.proxy: " + port},
    };
    for (const auto& [text, expected] : rows) BOOST_TEST(errors(text) == expected);
    for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY"}) {
        environment = {{name, "http://h:tcp://10.0.0.1:80"}};
        BOOST_TEST(
            errors("[jobs.a]\nurl = \"http://h/\"") ==
            "the environment's " + std::string(name) + ": " + port);
    }
}

BOOST_AUTO_TEST_CASE(a_value_of_an_earlier_reply_is_no_secret_in_the_file)
{
    environment["KEY"] = "key-12345";
    const auto config =
        load("[jobs.a]\nurl = \"http://h/\"\n[jobs.b]\nurl = \"http://h/\"\nafter = \"a\"\n"
             "headers = { Cookie = \"k=${KEY}; s={{jobs.a/s}}\" }\nauth = { bearer = "
             "\"{{jobs.a/t}}\" }");
    BOOST_REQUIRE(config.has_value());
    BOOST_TEST(config->warnings.empty());
    BOOST_TEST(config->jobs.secrets().hide("{{jobs.a/t}} key-12345") == "{{jobs.a/t}} ***");
}

BOOST_AUTO_TEST_CASE(an_empty_value_removes_a_header_that_carillon_would_send)
{
    const auto config =
        load("[defaults]\nheaders = { X-A = \"1\", Accept-Encoding = \"gzip\" }\n"
             "[jobs.a]\nurl = \"http://h/\"\nheaders = { x-a = \"\", accept-encoding = \"\" }");
    BOOST_REQUIRE(config.has_value());
    BOOST_REQUIRE_EQUAL(config->jobs[0].headers->size(), 1U);
    BOOST_TEST(config->jobs[0].headers->at(0).name == "accept-encoding");
    BOOST_TEST(config->jobs[0].headers->at(0).value.reveal() == "");
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_read_are_warned_of_once)
{
    const auto config =
        load("[defaults]\nbase_url = \"https://h\"\ntls = { ca_file = \"/nowhere/ca.pem\" }\n"
             "[jobs.a]\nurl = \"/a\"\n[jobs.b]\nurl = \"/b\"");
    BOOST_REQUIRE(config.has_value());
    BOOST_REQUIRE_EQUAL(config->warnings.size(), 1U);
    BOOST_TEST(config->warnings[0].what == "cannot be read now: no such file or directory");
}

BOOST_AUTO_TEST_CASE(files_that_are_no_certificates_are_warned_of_once)
{
    write("none.pem", "nothing");
    const std::string file = "\"" + (folder / "none.pem").string() + "\"";
    const auto config = load(
        "[defaults]\nbase_url = \"https://h\"\ntls = { cert_file = " + file +
        ", key_file = " + file + " }\n[jobs.a]\nurl = \"/a\"\n[jobs.b]\nurl = \"/b\"");
    BOOST_REQUIRE(config.has_value());
    BOOST_REQUIRE_EQUAL(config->warnings.size(), 1U);
    BOOST_TEST(config->warnings[0].key == "jobs.a.tls.cert_file");
    BOOST_TEST(config->warnings[0].what == "cannot be used now: holds no certificate in PEM form");
}

BOOST_AUTO_TEST_CASE(the_environments_proxies_are_read_and_hidden)
{
    environment["http_proxy"] = "http://user:pass-word@proxy.test:3128";
    environment["no_proxy"] = "inside.test";
    const auto config = load("[jobs.a]\nurl = \"http://h/\"");
    BOOST_REQUIRE(config.has_value());
    BOOST_REQUIRE(config->proxies.http.has_value());
    BOOST_TEST(config->proxies.http->host == "proxy.test");
    BOOST_TEST(config->proxies.none == "inside.test");
    BOOST_TEST(config->jobs.secrets().hide("pass-word") == "***");

    environment["http_proxy"] = "ftp://proxy.test";
    BOOST_TEST(
        errors("[jobs.a]\nurl = \"http://h/\"").starts_with("the environment's http_proxy: "));
}

BOOST_AUTO_TEST_SUITE_END()

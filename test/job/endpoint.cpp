#include <carillon/job/endpoint.hpp>

#include <boost/test/unit_test.hpp>

#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace carillon;

BOOST_AUTO_TEST_SUITE(endpoints)

BOOST_AUTO_TEST_CASE(takes_urls_apart)
{
    struct row {
        std::string_view url, host, host_header, target;
        std::uint16_t port;
    };
    const std::vector<row> rows{
        {"http://localhost:8000/ops", "localhost", "localhost:8000", "/ops", 8000},
        {"http://example.org", "example.org", "example.org", "/", 80},
        {"HTTP://example.org:80/a?b=c", "example.org", "example.org", "/a?b=c", 80},
        {"http://example.org?x", "example.org", "example.org", "/?x", 80},
        {"http://[::1]:8080/x#part", "::1", "[::1]:8080", "/x", 8080},
        {"http://127.0.0.1:1/%20", "127.0.0.1", "127.0.0.1:1", "/%20", 1},
        {"http://a:65535/", "a", "a:65535", "/", 65535},
        {"http://a:008080/", "a", "a:8080", "/", 8080},
        {"http://a:/x", "a", "a", "/x", 80},
        {"http://127.0.0.1.example:81/x", "127.0.0.1.example", "127.0.0.1.example:81", "/x", 81},
        {"http://1.2.3.4-a?x", "1.2.3.4-a", "1.2.3.4-a", "/?x", 80},
        {"http://%61.test./x", "a.test.", "a.test.", "/x", 80},
        {"http://u:p@a/x@y:1//z?v=http://w:2", "a", "a", "/x@y:1//z?v=http://w:2", 80},
        {"http://a/p%2Fq/../r", "a", "a", "/p%2Fq/../r", 80},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.url)
        {
            const auto e = parse_endpoint(r.url);
            BOOST_REQUIRE(e.has_value());
            BOOST_TEST(e->host == r.host);
            BOOST_TEST(e->host_header() == r.host_header);
            BOOST_TEST(e->target == r.target);
            BOOST_TEST(e->port == r.port);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_plain_url_is_read_as_the_grammar_reads_it)
{
    // What is plain is not handed to the parser of the grammar. With a fragment, which is cut, the
    // same URL is.
    const std::vector<std::string_view> parts{"http://", "https://", "HTTP://", "a",   "B.c",
                                              "..",      "-",        "1.2.3.4", ":",   "80",
                                              "0",       "65536",    "/",       "//",  "?",
                                              "q=",      "@",        "u:p@",    "%41", "~",
                                              "+,;",     "[",        " ",       "|"};
    std::mt19937 random(7); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
    std::size_t read = 0;
    for (int i = 0; i < 100'000; ++i) {
        std::string url(parts[random() % 3]);
        for (auto n = random() % 7; n > 0; --n) url += parts[random() % parts.size()];
        const auto plain = parse_endpoint(url);
        const auto whole = parse_endpoint(url + "#");
        BOOST_REQUIRE_MESSAGE(plain.has_value() == whole.has_value(), url);
        if (!plain) continue;
        ++read;
        BOOST_REQUIRE_MESSAGE(*plain == *whole, url);
    }
    BOOST_TEST(read > 10'000U);
}

BOOST_AUTO_TEST_CASE(refuses_what_cannot_be_sent)
{
    struct row {
        std::string_view url, what;
    };
    const std::vector<row> rows{
        {"", "not an absolute URL"},
        {"/ops/jobs", "not an absolute URL"},
        {"localhost:8000/x", "the scheme must be http"},
        {"http://a%0d%0ab.localhost/", "a host's name holds only"},
        {"http://a%00b/", "a host's name holds only"},
        {"http://a%20b/", "a host's name holds only"},
        {"ftp://example.org/", "the scheme must be http"},
        {"http:///path", "no host"},
        {"http://a b/", "cannot hold this character"},
        {"http://a/\n", "cannot hold this character"},
        {"http://a:0/", "from 1 to 65535"},
        {"http://a:65536/", "from 1 to 65535"},
        {"http://a:84467/", "from 1 to 65535"},
        {"http://a:99999999999999999999/", "from 1 to 65535"},
        {"http://127.0.0.1:8000:1/a", "from 1 to 65535"},
        {"http://127.0.0.1:tcp://10.0.0.1:80/a", "from 1 to 65535"},
        {"http://a::80/", "from 1 to 65535"},
        {"http://a:80x/", "from 1 to 65535"},
        {"http://user:pa/ss@host/", "from 1 to 65535"},
        {"http://user@b@host/", "is written %40"},
        {"http://[::1]x/", "from 1 to 65535"},
        {"http://[::1]8080/", "from 1 to 65535"},
        {"http://[v1.x]/", "an address of IPv6"},
        {"http://:80/", "no host"},
        {"http://user@/", "no host"},
        {"http:a//b", "no host"},
        {"http://./", "no empty part"},
        {"http://.example/", "no empty part"},
        {"http://%2eexample/", "no empty part"},
        {"http://a..b/", "no empty part"},
    };
    for (const row& r : rows) {
        BOOST_TEST_CONTEXT(r.url)
        {
            const auto e = parse_endpoint(r.url);
            BOOST_REQUIRE(e.has_error());
            BOOST_TEST(e.error().what.find(r.what) != std::string::npos, e.error().what);
        }
    }
}

BOOST_AUTO_TEST_CASE(keeps_credentials_apart)
{
    const auto e = parse_endpoint("http://me:p%40ss-word@host/x").value();
    BOOST_TEST(e.user_info.reveal() == "me:p@ss-word");
    BOOST_TEST(e.origin() == "http://host");
    BOOST_TEST(shown_url("http://me:p%40ss@host:81/x?token=abcdef") == "http://host:81/x");

    masker m;
    collect_url_secrets("http://me:p%40ss-word@host/x?Token=ab%20cdef&page=page-two", m);
    BOOST_TEST(
        m.hide("p@ss-word p%40ss-word ab cdef ab%20cdef page-two") == "*** *** *** *** page-two");
    BOOST_TEST(m.finds("bWU6cEBzcy13b3Jk")); // as Basic credentials
}

BOOST_AUTO_TEST_CASE(finds_where_secrets_stand)
{
    struct row {
        std::string_view url, shown;
    };
    const std::vector<row> rows{
        {"http://user:pass@host/", "http://user:***@host/"},
        {"http://token@host/", "http://***@host/"},
        {"http://token:@host/", "http://***:@host/"},
        {"http://u:p@ss@host/x@y", "http://u:***@host/x@y"},
        {"http://host/a@b?c=d@e", "http://host/a@b?c=d@e"},
        {"/x?next=http://u:p@host/", "/x?next=http://u:p@host/"},
        {"?a=1&client_secret=2&sig=3#code=4", "?a=1&client_secret=***&sig=***#code=4"},
        {"/x?Refresh_Token=1&k%65y=2&keys=3", "/x?Refresh_Token=***&k%65y=***&keys=3"},
        {"/x?auth_token=1&id_token=2&signature=3&code=4&auth=5&pwd=6&pass=7&session=8&sid=9",
         "/x?auth_token=***&id_token=***&signature=***&code=***&auth=***&pwd=***&pass=***&session="
         "***&sid=***"},
        {"/x?token=&token", "/x?token=&token"},
    };
    for (const row& r : rows) {
        std::string shown(r.url);
        const auto parts = secret_url_parts(r.url);
        for (auto p = parts.rbegin(); p != parts.rend(); ++p)
            shown.replace(p->begin, p->end - p->begin, "***");
        BOOST_TEST(shown == r.shown);
    }
}

BOOST_AUTO_TEST_CASE(a_lone_user_is_a_token)
{
    masker m;
    collect_url_secrets("http://tok%65n-of-mine@host/", m);
    BOOST_TEST(m.hide("tok%65n-of-mine token-of-mine") == "*** ***");
    BOOST_TEST(m.finds("dG9rZW4tb2YtbWluZTo=")); // as Basic credentials
    BOOST_TEST(m.finds("dG9rZW4tb2YtbWluZQ==")); // by itself
    masker none;
    collect_url_secrets("http://someone:pw@host/?page=page-two", none);
    BOOST_TEST(!none.finds("someone page-two"));
}

BOOST_AUTO_TEST_SUITE_END()

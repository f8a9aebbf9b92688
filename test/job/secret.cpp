#include <carillon/secret.hpp>

#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace carillon;

BOOST_AUTO_TEST_SUITE(secrets)

BOOST_AUTO_TEST_CASE(a_secret_never_prints_itself)
{
    std::ostringstream out;
    out << secret("hunter2");
    BOOST_TEST(out.str() == "***");
    BOOST_TEST(secret("hunter2").reveal() == "hunter2");
}

BOOST_AUTO_TEST_CASE(hides_a_text_wherever_it_stands)
{
    masker m;
    m.add("hunter2");
    BOOST_TEST(m.hide("hunter2 and hunter2hunter2") == "*** and ******");
    BOOST_TEST(m.hide("nothing") == "nothing");
    BOOST_TEST(m.finds("a hunter2"));
    BOOST_TEST(!m.finds("a hunter"));
}

BOOST_AUTO_TEST_CASE(hides_secrets_that_overlap_or_hold_each_other)
{
    masker m;
    for (const char* text : {"abcdef", "defghi", "longer secret", "longer", "abcdxx", "abce"})
        m.add(text);
    BOOST_TEST(m.hide("<abcdefghi>") == "<***>");
    BOOST_TEST(m.hide("a longer secret, a longer one") == "a ***, a *** one");
    BOOST_TEST(m.hide("abcdefabcdxxabcdyabce") == "******abcdy***");
}

BOOST_AUTO_TEST_CASE(hides_the_parts_of_a_header_that_are_secret_by_themselves)
{
    masker m;
    collect_header_secrets("authorization", "Bearer token-1234", m);
    collect_header_secrets(
        "Proxy-Authorization", "Basic YWRtaW46aHVudGVyMjI=", m); // admin:hunter22
    collect_header_secrets("Cookie", "session=cookie77; b=other88", m);
    collect_header_secrets("X-API-Key", "  key-5678 ", m);
    collect_header_secrets("Accept", "shown-value", m);
    for (const char* echo :
         {"token-1234", "YWRtaW46aHVudGVyMjI=", "hunter22", "cookie77", "other88", "key-5678"})
        BOOST_TEST(m.hide(echo) == "***", echo);
    BOOST_TEST(m.hide("shown-value Bearer session") == "shown-value Bearer session");
}

BOOST_AUTO_TEST_CASE(hides_escaped_forms)
{
    masker m;
    m.add("pa\"ss/w?rd");
    BOOST_TEST(m.hide(R"({"echo":"pa\"ss/w?rd"})") == R"({"echo":"***"})");
    BOOST_TEST(m.hide("?k=pa%22ss%2Fw%3Frd") == "?k=***");
}

BOOST_AUTO_TEST_CASE(a_secret_within_a_secret_leaves_no_rest)
{
    masker m;
    m.add("abcd");
    m.add("xxabcdyy");
    BOOST_TEST(m.hide("xxabcdyy abcd") == "*** ***");
}

BOOST_AUTO_TEST_CASE(short_texts_are_left_alone)
{
    masker m;
    m.add("abc");
    m.add("");
    BOOST_TEST(m.empty());
    BOOST_TEST(m.hide("abc") == "abc");
}

BOOST_AUTO_TEST_CASE(knows_secret_headers_by_name)
{
    for (const char* name :
         {"authorization", "X-API-Key", "x-api-KEY", "Cookie", "Proxy-Authorization"})
        BOOST_TEST(is_secret_header(name), name);
    BOOST_TEST(!is_secret_header("Content-Type"));
}

BOOST_AUTO_TEST_SUITE_END()

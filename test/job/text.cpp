#include <carillon/detail/edit_distance.hpp>
#include <carillon/detail/json_text.hpp>
#include <carillon/detail/text.hpp>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

using namespace carillon::detail;

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(base64_as_rfc_4648_section_10)
{
    BOOST_TEST(base64("") == "");
    BOOST_TEST(base64("f") == "Zg==");
    BOOST_TEST(base64("fo") == "Zm8=");
    BOOST_TEST(base64("foo") == "Zm9v");
    BOOST_TEST(base64("foobar") == "Zm9vYmFy");
    BOOST_TEST(base64("\xff\xfe\xfd") == "//79");
}

BOOST_AUTO_TEST_CASE(percent_encoding_leaves_unreserved_characters)
{
    BOOST_TEST(percent_encode("aZ0-._~") == "aZ0-._~");
    BOOST_TEST(percent_encode("a b/\xc3\xa9") == "a%20b%2F%C3%A9");
}

BOOST_AUTO_TEST_CASE(shortening_cuts_between_characters)
{
    BOOST_TEST(shorten("short", 5) == "short");
    BOOST_TEST(shorten("longer", 5) == "lo...");
    BOOST_TEST(shorten("a\xc3\xa9\xc3\xa9\xc3\xa9", 6) == "a\xc3\xa9...");
    BOOST_TEST(shorten("\xc3\xa9\xc3\xa9\xc3\xa9", 5) == "\xc3\xa9...");
}

BOOST_AUTO_TEST_CASE(what_is_hidden_becomes_visible)
{
    BOOST_TEST(visible("a b\xc3\xa9") == "a b\xc3\xa9");
    BOOST_TEST(visible("a\n\r\t\x1b[1m\x7f") == "a\\n\\r\\t\\x1b[1m\\x7f");
    BOOST_TEST(
        visible("\xe2\x80\xa8\xc2\x85\xe2\x80\xae") == "\\xe2\\x80\\xa8\\xc2\\x85\\xe2\\x80\\xae");
    BOOST_TEST(visible("\xff\xc3") == "\\xff\\xc3"); // no UTF-8
}

BOOST_AUTO_TEST_CASE(json_numbers_are_plain)
{
    for (const char* same :
         {"0.25", "1.5", "2.0", "-3", "18446744073709551615", "[]", "{}", "null", "true",
          R"([0.1,{"a\"b":[1,2.5,"x"]},[]])", R"({"a":1,"b":{},"c":0.5})"})
        BOOST_TEST(json_text(boost::json::parse(same)) == same);
    BOOST_TEST(json_text(boost::json::parse("1E2")) == "100.0");
    BOOST_TEST(json_text(1.0 / 0.0) == "null");
}

BOOST_AUTO_TEST_CASE(suggestions_are_near)
{
    const auto suggest = [](const char* word) {
        nearest n(word);
        for (const char* known : {"timeout", "title", "tags", "retry"}) n.consider(known);
        return n.suggestion();
    };
    BOOST_TEST(suggest("timeuot") == " (did you mean 'timeout'?)");
    BOOST_TEST(suggest("tag") == " (did you mean 'tags'?)");
    BOOST_TEST(suggest("titel") == " (did you mean 'title'?)");
    BOOST_TEST(suggest("colour") == "");
    BOOST_TEST(edit_distance("ab", "ba") == 1U);
    BOOST_TEST(edit_distance("", "abc") == 3U);
}

BOOST_AUTO_TEST_SUITE_END()

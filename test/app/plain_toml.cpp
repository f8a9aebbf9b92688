#include "config/plain_toml.hpp"

#include "config/toml_file.hpp"
#include "shown_toml.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

using namespace carillon::app;
using boost::unit_test::data::make;
using carillon::test::shown;

namespace {

/** What the parser of the whole language finds; empty where it finds a mistake. */
std::string whole(const std::string& text)
{
    toml_document document(text);
    return parse_whole_toml(document) ? "" : shown(document.root());
}

/** Empty where the text is not taken. */
std::string plain(const std::string& text)
{
    toml_document document(text);
    return parse_plain_toml(document) ? shown(document.root()) : "";
}

const std::vector<std::string> taken{
    "",
    "\n",
    "# only a comment",
    "a = 1",
    "a = 1\r\nb = 2 # c\r\n\r\n",
    "\ta\t=\t\"x\"\t# c\n",
    "a = [1, 2.5, true, false, \"x\", 'y', [], {}, { b = 1, \"c d\" = [2] }]",
    "a = [ # one\n  1,\n\n  # two\n  2, # more\n]\n",
    "a = 0\nb = -17\nc = 123456789012345678\nd = 0.1\ne = -2.50\nf = 1000000.000001",
    "a = \"\"\nb = ''\nc = \"q \\\" b \\\\ n \\n t \\t r \\r b \\b f \\f\"\nd = 'C:\\new'\n",
    "a = \"\"\"\none\n two\"\"\"\nb = '''{\"a\": \"\\n\"}'''\nc = \"\"\"x \"\" y\n\n\"\"\"\nd = 1",
    "[jobs.a]\nurl = \"http://h/\"\n\n[jobs.b]\nafter = { a = \"finished\" }\nretry.attempts = 3\n"
    "retry.backoff = \"1s\"\n[jobs.b.expect.json]\n\"/status\" = [\"ok\", \"done\"]\n",
    "[jobs.b]\nx = 1\n[jobs.a]\nx = 2\n[jobs.c]\nx = 3\n[defaults]\ny = 4\n[jobs.0]\nx = 5",
    "[[log.sinks]]\ntype = \"console\"\n  [[ log . sinks ]]\n  type = \"file\"\n[log.sinks.deep]\n"
    "z = 1\n[runner]\na = 1\n",
    "[a.b.c]\nx = 1\n[a.d]\ny = 2\n[e]\n[ a . \"f g\" . 'h' ]\nz.y.x = 1\nz.w = 2\n",
    "# gr\xC3\xBC\xC3\x9F\na = \"\xC3\xA9\xE2\x80\x94\xE6\x97\xA5\xF0\x9F\x94\x94\" # \xC3\xA9\n"
    "b = [\"\xC3\xA9\", 1, 'x'] \n\"\xC3\xA9\" = { c = \"\xC3\xA9\", d = 2 }\n",
    "a.b = 1\na.c = 2\n[a2]\nq = 1",
    "[jobs]\na.url = 1\nb.url = 2\na.retry.on = 3\n[defaults]\na.url = 4\na.retry.on = 5\n",
};

const std::vector<std::string> left{
    "a = 1_000",
    "a = 0x1F",
    "a = +1",
    "a = 1e3",
    "a = inf",
    "a = -0",
    "a = 2026-11-29",
    "a = 07:30:00",
    "a = 1234567890123456789",
    "a = \"\\u00E9\"",
    "a = \"\"\"x\\\n  y\"\"\"",
    "a = '''x''''",
    "a = \"\"\"x\r\ny\"\"\"",
    "\xEF\xBB\xBF"
    "a = 1",
    "a = \"\xE2\x80\xA8\"",
    "\"\" = 1",
    "a = { b.c = 1 }",
    "[a.b]\nx = 1\n[a]\ny = 2",
    // Mistakes.
    "a",
    "a =",
    "a = 1 2",
    "a = 1 b = 2",
    "a = 1\na = 2",
    "a = 01",
    "a = 1.",
    "a = 0.1234567890123456789",
    "a = .5",
    "a = tru",
    "a = truely",
    "a = \"x",
    "a = 'x\n'",
    "a = \"\x01\"",
    "a = \"\xC3\x28\"",
    "a = \"\xED\xA0\x80\"",
    "# \x7F",
    "a = 1\rb = 2",
    "a = [1, 2",
    "a = [1 2]",
    "a = [,]",
    "a = { b = 1, }",
    "a = { b = 1\n}",
    "a = { b = 1, b = 2 }",
    "[a",
    "[a]]",
    "[[a]",
    "[a] b = 1",
    "[]",
    "[a.]",
    "[a]\n[a]",
    "[[a]]\n[a]",
    "[a]\n[[a]]",
    "a = 1\n[a]",
    "a = 1\n[a.b]",
    "a = []\n[[a]]",
    "a = [{}]\n[a.b]",
    "a = {}\n[a.b]",
    "a.b = 1\n[a.c]",
    "a.b = 1\n[a]",
    "[a.b]\n[c]\n[a]\nb.x = 1",
    "a = {}\na.b = 1",
    "[s]\na.b = 1\n[t]\n[s.a]\n",
    "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q = 1",
    "a.b = 1\na.b.c = 2",
    "\xC3\xA9 = 1",
    std::string("a = 1\0", 6),
};

/** Deep enough for every rule of one level. */
std::string nested(std::size_t depth)
{
    return "a = " + std::string(depth, '[') + std::string(depth, ']');
}

/** More tables in one than are looked through. */
std::string many_jobs(const std::string& last)
{
    std::string out;
    for (int i = 0; i < 40; ++i) out += fmt::format("[jobs.j{}]\nx = {}\n", i, i);
    return out + last;
}

/** A text with a few changes: characters that mean something, and pieces of other texts. */
std::string changed(std::string text, std::mt19937& random)
{
    const auto below = [&](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
    };
    static constexpr std::string_view marks = "[]{}=.,\"'#\n\r\t \\ab1-0_tf\xC3\xA9";
    for (std::size_t i = below(4) + 1; i > 0; --i) {
        const std::size_t at = below(text.size() + 1);
        switch (below(4)) {
        case 0:
            text.insert(at, 1, marks[below(marks.size())]);
            break;
        case 1:
            text.erase(at, below(4) + 1);
            break;
        case 2:
            if (at < text.size()) text[at] = marks[below(marks.size())];
            break;
        default:
            const std::string& other = taken[below(taken.size())];
            const std::size_t from = below(other.size() + 1);
            text.insert(at, other.substr(from, below(20)));
        }
    }
    return text;
}

} // namespace

BOOST_AUTO_TEST_SUITE(plain_toml)

BOOST_DATA_TEST_CASE(what_is_taken_means_the_same_to_both, make(taken), text)
{
    BOOST_TEST(!plain(text).empty());
    BOOST_TEST(plain(text) == whole(text));
}

BOOST_DATA_TEST_CASE(what_is_rare_or_wrong_is_left, make(left), text)
{
    BOOST_TEST(plain(text).empty());
}

BOOST_AUTO_TEST_CASE(depth_is_bounded)
{
    BOOST_TEST(plain(nested(16)) == whole(nested(16)));
    BOOST_TEST(plain(nested(17)).empty());
    BOOST_TEST(plain(nested(100'000)).empty());
}

BOOST_AUTO_TEST_CASE(a_large_table_is_read_in_any_order)
{
    for (const char* last : {"", "[a]\n", "[jobs.b.retry]\nx = 1\n[jobs.b.expect]\n", "[jobs.0]\n"})
        BOOST_TEST(plain(many_jobs(last)) == whole(many_jobs(last)));
}

BOOST_AUTO_TEST_CASE(a_name_that_stands_twice_in_a_large_table_is_left)
{
    for (const char* last : {"[jobs.j3]\n", "[jobs.j3.retry]\n", "[[jobs.j3]]\n"})
        BOOST_TEST(plain(many_jobs(last)).empty());
}

BOOST_AUTO_TEST_CASE(a_mistake_is_told_by_the_parser_of_the_whole_language)
{
    toml_document document("a = 1\nb = \n");
    const auto mistake = parse_toml(document);
    BOOST_REQUIRE(mistake.has_value());
    BOOST_TEST(mistake->place.line == 2U);
    BOOST_TEST(!mistake->what.empty());
}

BOOST_AUTO_TEST_CASE(a_text_that_is_left_is_read_whole)
{
    toml_document document("[a]\nb = 0x10\nc = \"x\"\n");
    BOOST_TEST(!parse_toml(document).has_value());
    BOOST_TEST(shown(document.root()) == "{@1:1 a@1:2=1:1 {@1:1 b@2:1=2:5 16, c@3:1=3:5 'x', }, }");
}

BOOST_AUTO_TEST_CASE(changed_texts_mean_the_same_to_both_or_are_left)
{
    std::mt19937 random(20261129);
    int taken_ones = 0;
    for (int round = 0; round < 20'000; ++round) {
        const std::string& from = taken[static_cast<std::size_t>(round) % taken.size()];
        const std::string text = changed(from, random);
        const std::string found = plain(text);
        if (found.empty()) continue;
        ++taken_ones;
        BOOST_REQUIRE_MESSAGE(
            found == whole(text), "\n" << text << "\nplain " << found << "\nwhole " << whole(text));
    }
    BOOST_TEST(taken_ones > 2'000);
}

BOOST_AUTO_TEST_SUITE_END()

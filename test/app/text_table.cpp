#include "text/text_table.hpp"

#include "text/sparkline.hpp"

#include <boost/test/unit_test.hpp>

using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(text_tables)

BOOST_AUTO_TEST_CASE(a_text_is_as_wide_as_a_terminal_shows_it)
{
    BOOST_TEST(display_width("") == 0U);
    BOOST_TEST(display_width("abc") == 3U);
    BOOST_TEST(display_width("ä€▁✗…") == 5U);
    BOOST_TEST(display_width("日本語") == 6U);
    BOOST_TEST(display_width("e\xCC\x81") == 1U); // U+0301 combines
    BOOST_TEST(display_width("🔔") == 2U);
}

BOOST_AUTO_TEST_CASE(columns_align_also_with_wide_text)
{
    text_table t({{"name"}, {"n", true}, {"text"}});
    t.add({"日本", "7", "x"});
    t.add({"abcdef", "123", ""});
    BOOST_TEST(
        t.text({}) == "name      n  text\n"
                      "日本      7  x\n"
                      "abcdef  123\n");
}

BOOST_AUTO_TEST_CASE(a_record_is_one_line)
{
    text_table t({{"a"}});
    t.add({"x\ny\x1b[2J"});
    BOOST_TEST(t.text({.has_colour = false}) == "a\nx\\ny\\x1b[2J\n");
}

BOOST_AUTO_TEST_CASE(the_last_column_is_cut_to_a_terminal)
{
    text_table t({{"a"}, {"b"}});
    t.add({"12345678", "日本日本日本日本日本"});
    BOOST_TEST(t.text({.columns = 27}) == "a         b\n12345678  日本日本日本日本…\n");
    BOOST_TEST(t.text({.columns = 30}).ends_with("日本日本日本日本日本\n"));
    // However narrow it is, something can be read.
    BOOST_TEST(t.text({.columns = 5}).ends_with("12345678  日本日本日本日…\n"));
}

BOOST_AUTO_TEST_CASE(what_has_no_room_in_a_row_stands_below_it)
{
    text_table t(
        {{"job"},
         {"state"},
         {.head = "at", .rank = 2},
         {.head = "took", .is_number = true, .rank = 1},
         {.head = "text", .rank = 3, .label = ""}});
    t.add({"backup", "ok", "2026-01-01 09:00", "3s", "all of it was done, and well"});
    t.add({"b", "running", "-", "12s", ""});
    BOOST_TEST(
        t.text({}) == "job     state    at                took  text\n"
                      "backup  ok       2026-01-01 09:00    3s  all of it was done, and well\n"
                      "b       running  -                  12s\n");
    BOOST_TEST(t.text({.columns = 69}) == t.text({}));
    BOOST_TEST(
        t.text({.columns = 60}) == "job     state    at                took  text\n"
                                   "backup  ok       2026-01-01 09:00    3s  all of it was done…\n"
                                   "b       running  -                  12s\n");
    BOOST_TEST(
        t.text({.columns = 40}) == "job     state    at                took\n"
                                   "backup  ok       2026-01-01 09:00    3s\n"
                                   "  all of it was done, and well\n"
                                   "b       running  -                  12s\n");
    BOOST_TEST(
        t.text({.columns = 24}) == "job     state    took\n"
                                   "backup  ok         3s\n"
                                   "  at 2026-01-01 09:00\n"
                                   "  all of it was done, a…\n"
                                   "b       running   12s\n");
}

BOOST_AUTO_TEST_CASE(no_line_is_longer_than_the_screen)
{
    text_table cut({{"job"}, {"state"}, {.head = "at", .rank = 1}, {.head = "text", .rank = 2}});
    text_table fold(
        {{"job"}, {"state"}, {.head = "at", .rank = 1}, {.head = "text", .rank = 2}},
        long_text::fold);
    const std::string name(50, 'n');
    for (text_table* t : {&cut, &fold}) {
        t->add({name, "ok", "2026-01-01T09:00:00+01:00 (3min ago)", "日本日本日本日本日本 日本 x"});
        t->add({"b", "running", "-", std::string(200, 'y')});
        for (std::size_t columns = 24; columns < 130; ++columns) {
            const std::string text = t->text({.columns = columns});
            for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
                const std::string line = text.substr(begin, text.find('\n', begin) - begin);
                BOOST_TEST(display_width(line) <= columns, line);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_text_is_folded_between_its_words)
{
    const auto lines = [](const styled_text& t, std::size_t columns) {
        std::string out;
        for (const styled_text& line : t.folded(columns)) out += line.shown(false) + "|";
        return out;
    };
    BOOST_TEST(lines("one two three", 7) == "one two|three|");
    BOOST_TEST(lines("one two three", 8) == "one two|three|");
    BOOST_TEST(lines("abcdefghij klm", 4) == "abcd|efgh|ij|klm|");
    BOOST_TEST(lines("日本日本", 3) == "日|本|日|本|");
    BOOST_TEST(lines("", 3) == "");
    styled_text two("red ", paint::bad);
    two.add("green words", paint::good);
    BOOST_TEST(two.folded(9)[0].shown(true) == "\x1b[31mred \x1b[0m\x1b[32mgreen\x1b[0m");
    BOOST_TEST(
        labelled("a  ", "one two three four five six", {}) == "a  one two three four five six\n");
    BOOST_TEST(
        labelled("a  ", "one two three four five six", {.columns = 19}) ==
        "a  one two three\n   four five six\n");
}

BOOST_AUTO_TEST_CASE(colours_take_no_room)
{
    text_table t({{"a"}, {"b"}});
    t.add({{"bad", paint::bad}, "x"});
    t.add({"longer", "y"});
    BOOST_TEST(
        t.text({.has_colour = true}) ==
        "\x1b[2ma\x1b[0m       \x1b[2mb\x1b[0m\n\x1b[31mbad\x1b[0m     x\nlonger  y\n");
}

BOOST_AUTO_TEST_CASE(a_sparkline_marks_what_failed)
{
    BOOST_TEST(
        sparkline({{outcome::completed, 1s},
                   {outcome::completed, 8s},
                   {outcome::timed_out, 60s},
                   {outcome::skipped, 0s},
                   {outcome::completed, 4s}})
            .shown(false) == "▂█✗·▅");
    BOOST_TEST(sparkline({}).shown(true).empty());
    BOOST_TEST(sparkline({{outcome::completed, 0s}}).shown(false) == "▁");
    BOOST_TEST(sparkline({{outcome::failed, 1s}}).shown(true) == "\x1b[31m✗\x1b[0m");
}

BOOST_AUTO_TEST_SUITE_END()

#include "text_table.hpp"

#include "sparkline.hpp"

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

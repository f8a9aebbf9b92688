// Calendar expressions: what is read is what the oracle reads, and its instants agree with one
// another.

#include "fuzz/properties.hpp"
#include <carillon/time/calendar.hpp>
#include <carillon/time/cron.hpp>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <string>

using namespace carillon;

namespace {

parse_result<calendar_meaning> parse(std::string_view text)
{
    const fuzz::stopwatch watch("reading");
    return parse_calendar(text);
}

bool is_same(const calendar_meaning& a, const calendar_meaning& b)
{
    return a.pattern == b.pattern && a.moment == b.moment && a.zone == b.zone &&
           a.smallest == b.smallest;
}

/** Other spellings; a zone has but one. */
void check_spellings(std::string_view text, const calendar_meaning& meaning)
{
    if (!meaning.zone.empty()) return;
    const auto upper = parse(test::to_upper(text));
    fuzz::check(upper && is_same(*upper, meaning), "capitals must mean the same", text);
    if (text.size() + 4 > max_expression_bytes) return;
    auto in_utc = parse(std::string(text) + " UTC");
    fuzz::check(in_utc && in_utc->zone == "UTC", "UTC may stand behind this", text);
    in_utc->zone.clear();
    fuzz::check(is_same(*in_utc, meaning), "UTC behind this changes more than the zone", text);
}

/** Whether counting its seconds, which walks through those of a minute, is quick. No schedule has
 * more than 600 of them: its instants may not come faster. */
bool is_quick(const clock_pattern& clock)
{
    std::int64_t seconds = 0;
    for (const second_steps& s : clock.fractions) seconds += (s.last - s.first) / s.step + 1;
    return seconds * std::ssize(clock.fractions) <= 300;
}

/** The oracle takes blanks of all kinds, and holds each second of a minute in memory. */
bool is_for_oracle(std::string_view text)
{
    const auto is_plain = [](char c) { return c >= ' ' && c <= '~'; };
    return std::all_of(text.begin(), text.end(), is_plain) &&
           text.find("/0.0") == std::string_view::npos && text.find("/.") == std::string_view::npos;
}

/** The text without the zone that was found behind it, which the oracle may not know. */
std::string without_zone(std::string_view text, const parse_result<calendar_meaning>& meaning)
{
    if (!meaning || meaning->zone.empty()) return std::string(text);
    const std::size_t end = text.find_last_not_of(' ') + 1;
    return std::string(text.substr(0, end - meaning->zone.size()));
}

/** The oracle takes moments after 2199, and steps of any size. */
bool is_too_large(const parse_error& e)
{
    return e.what.find("beyond the year") != std::string::npos ||
           e.what.find("too l") != std::string::npos;
}

void check_against_oracle(std::string_view text, const parse_result<calendar_meaning>& meaning)
{
    if (!is_for_oracle(text)) return;
    try {
        const auto expected = test::read_calendar(without_zone(text, meaning));
        fuzz::check(meaning || is_too_large(meaning.error()), "the oracle reads this", text);
        if (!meaning) return;
        fuzz::check(expected.at == meaning->moment, "another moment", text);
        if (!expected.at) fuzz::check_meaning(text, meaning->pattern, expected);
    } catch (const std::invalid_argument& e) {
        const std::string why = e.what();
        // Only systemd's code refuses `2..2.5`, no rule does: either is right.
        if (why.ends_with(" is too short")) return;
        fuzz::check(!meaning, "the oracle does not read this: " + why, text);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text = fuzz::as_text(data, size);
    const auto meaning = parse(text);
    check_against_oracle(text, meaning);
    if (!meaning) {
        fuzz::check_error(text, meaning.error());
        return 0;
    }
    check_spellings(text, *meaning);
    if (meaning->moment)
        fuzz::check(
            *meaning->moment >= instant{} && *meaning->moment < end_of_time, "a moment beyond time",
            text);
    else if (is_quick(meaning->pattern.clock))
        fuzz::check_instants(text, meaning->pattern);
    return 0;
}

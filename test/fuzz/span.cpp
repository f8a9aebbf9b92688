// Spans and written times: what is read prints, and is read again as the same.

#include "fuzz/properties.hpp"
#include <carillon/time/span.hpp>
#include <carillon/time/timestamp.hpp>

#include <string>
#include <variant>

using namespace carillon;

namespace {

void check_span(std::string_view text)
{
    const auto span = [&] {
        const fuzz::stopwatch watch("reading a span");
        return parse_span(text);
    }();
    if (!span) return fuzz::check_error(text, span.error());
    fuzz::check(*span >= microseconds{0}, "a span is negative", text);
    for (const std::string& printed : {format_span(*span), format_seconds(*span)}) {
        const auto again = parse_span(printed);
        fuzz::check(again && *again == *span, "a span is read as another", printed);
    }

    // Terms add up.
    const auto twice = parse_span(std::string(text) + " " + std::string(text));
    const bool fits = *span <= microseconds::max() / 2;
    fuzz::check(
        twice.has_value() == fits, "twice a span fits where it should not, or does not", text);
    fuzz::check(!fits || *twice == 2 * *span, "twice a span is not its double", text);

    fuzz::check_ticks(text, {.anchor = {}, .every = *span});
    fuzz::check_ticks(text, make_grid({.every = *span, .on_boot = *span}, {}));
}

/** Whether RFC 3339 can write it. */
template <class Time>
bool is_writable(Time t)
{
    using namespace std::chrono;
    const year_month_day date{floor<days>(t)};
    return date.year() >= year{0} && date.year() <= year{9999};
}

void check_timestamp(std::string_view text)
{
    const auto written = [&] {
        const fuzz::stopwatch watch("reading a time");
        return parse_timestamp(text);
    }();
    const auto in_utc = parse_instant(text);
    if (!in_utc) fuzz::check_error(text, in_utc.error());
    if (!written) {
        fuzz::check(!in_utc, "an instant that is no timestamp", text);
        return fuzz::check_error(text, written.error());
    }
    const auto* t = std::get_if<instant>(&*written);
    fuzz::check(
        (t != nullptr) == in_utc.has_value(), "parse_instant and parse_timestamp disagree", text);
    if (t == nullptr || !is_writable(*t)) return;
    fuzz::check(*in_utc == *t, "parse_instant reads another instant", text);
    for (const std::string& printed : {format_utc(*t), format_utc_short(*t)}) {
        const auto again = parse_instant(printed);
        fuzz::check(again && *again == *t, "an instant is read as another", printed);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text = fuzz::as_text(data, size);
    check_span(text);
    check_timestamp(text);
    return 0;
}

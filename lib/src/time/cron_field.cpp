#include "time/cron_field.hpp"

#include <carillon/time/local_pattern.hpp>
#include <carillon/time/stable_hash.hpp>

#include <array>
#include <cstdint>

namespace carillon::detail {
namespace {

constexpr std::array<std::string_view, 12> short_month_names{
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> short_weekday_names{"SUN", "MON", "TUE", "WED",
                                                              "THU", "FRI", "SAT"};

} // namespace

constexpr cron_field_kind second_field{"second", 0, 59, 60, 59, {}, "0-59"};
constexpr cron_field_kind minute_field{"minute", 0, 59, 60, 59, {}, "0-59"};
constexpr cron_field_kind hour_field{"hour", 0, 23, 24, 23, {}, "0-23"};
constexpr cron_field_kind day_field{
    .name = "day",
    .first = 1,
    .last = 31,
    .size = 31,
    .last_hashed = 28,
    .allowed = "1-31, L, L-3, 15W, LW or ?",
    .has_question = true};
constexpr cron_field_kind month_field{"month", 1, 12, 12, 12, short_month_names, "1-12 or JAN-DEC"};
/// 0 and 7 are both Sunday.
constexpr cron_field_kind weekday_field{
    .name = "weekday",
    .first = 0,
    .last = 7,
    .size = 7,
    .last_hashed = 6,
    .names = short_weekday_names,
    .allowed = "0-7 or SUN-SAT, FRI#2, FRIL or ?",
    .has_question = true};
constexpr cron_field_kind year_field{
    .name = "year",
    .first = first_year,
    .last = last_year,
    .size = last_year - first_year + 1,
    .last_hashed = 0,
    .allowed = "1970-2199",
    .has_hash = false,
    .wraps_around = false};

void cron_field_reader::read(const value_handler& add, const std::function<bool()>& special)
{
    do {
        if (!special()) read_item(add);
    } while (!has_failed() && in_.take(','));
    if (!in_.at_end()) fail_here();
}

/** A number or a name. */
unsigned cron_field_reader::value()
{
    const std::size_t begin = in_.offset();
    for (std::size_t i = 0; i < kind_.names.size(); ++i)
        if (in_.take_word(kind_.names[i])) return kind_.first + static_cast<unsigned>(i);
    return number(begin, kind_.first, kind_.last);
}

unsigned cron_field_reader::number(std::size_t begin, unsigned least, unsigned most)
{
    const auto number = in_.take_number(4);
    if (!number && is_digit(in_.peek())) fail(begin, "a number has at most 4 digits");
    if (!number) fail_here();
    if (number && (*number < least || *number > most)) {
        if (least == kind_.first && most == kind_.last)
            fail(begin, "{} is no {}, which is {}", *number, kind_.name, kind_.allowed);
        else
            fail(begin, "{} is not from {} to {}", *number, least, most);
    }
    return number && !has_failed() ? static_cast<unsigned>(*number) : least;
}

cron_range cron_field_reader::value_or_range()
{
    const std::size_t begin = in_.offset();
    cron_range r;
    r.first = r.last = value();
    if (has_failed() || !in_.take('-')) return r;
    r.is_single = false;
    r.last = value();
    if (r.first > r.last && !kind_.wraps_around)
        fail(begin, "{}s do not wrap around: the first must not be the later", kind_.name);
    return r;
}

void cron_field_reader::each(
    unsigned first, unsigned last, unsigned step, const value_handler& add) const
{
    const bool is_weekday = &kind_ == &weekday_field;
    if (is_weekday && first == 7 && last < 7) first = 0;
    const unsigned until = first <= last ? last : last + kind_.size;
    for (unsigned v = first; v <= until; v += step) {
        if (is_weekday)
            add(v % 7);
        else
            add(v <= kind_.last ? v : v - kind_.size);
    }
}

void cron_field_reader::read_item(const value_handler& add)
{
    if (kind_.has_hash && in_.take_word("H")) return read_hashed(add);
    cron_range r{.first = kind_.first, .last = kind_.last, .is_single = false};
    if (!in_.take('*') && !(kind_.has_question && in_.take('?'))) r = value_or_range();
    unsigned step = 1;
    if (!has_failed() && in_.take('/')) {
        step = read_step(kind_.size);
        if (r.is_single) r.last = kind_.last;
    }
    if (!has_failed()) each(r.first, r.last, step, add);
}

unsigned cron_field_reader::read_step(unsigned longest)
{
    const std::size_t begin = in_.offset();
    const auto step = in_.take_number(4);
    if (!step || *step < 1 || *step > longest)
        fail(begin, "a step of {}s here is from 1 to {}", kind_.name, longest);
    return has_failed() ? 1 : static_cast<unsigned>(*step);
}

/** What may follow `H`: `(a-b)`, `/n`. */
void cron_field_reader::read_hashed(const value_handler& add)
{
    cron_range r{.first = kind_.first, .last = kind_.last_hashed};
    if (in_.take('(')) {
        const std::size_t begin = in_.offset();
        r = value_or_range();
        if (!has_failed() && r.is_single) fail(in_.offset(), "'-' and a last value are missing");
        if (r.first > r.last) fail(begin, "within H( ) the first value must not be the larger");
        if (!has_failed() && !in_.take(')')) fail(in_.offset(), "')' is missing");
    }
    if (has_failed()) return;
    const std::uint64_t hash = stable_hash({job_name_, kind_.name});
    const unsigned size = r.last - r.first + 1;
    const bool has_step = in_.take('/');
    const unsigned step = has_step ? read_step(size) : size;
    if (!has_failed()) each(r.first + static_cast<unsigned>(hash % step), r.last, step, add);
}

/** Fails: no character that could stand here does. */
void cron_field_reader::fail_here()
{
    const std::size_t at = in_.offset();
    if (in_.at_end() || in_.peek() == ',')
        return fail(at, "{} {} is missing: {}", article(kind_.name), kind_.name, kind_.allowed);
    if (in_.peek() == '~')
        return fail(at, "'~' is not known here; H(a-b) is a value that the job's name fixes");
    const auto size = character_at(in_.rest(), 0).size;
    fail(
        at, "'{}' cannot stand here; {} {} is {}", visible(in_.rest().substr(0, size)),
        article(kind_.name), kind_.name, kind_.allowed);
}

} // namespace carillon::detail

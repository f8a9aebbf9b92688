#include "properties.hpp"

#include <carillon/detail/text.hpp>
#include <carillon/time/stable_hash.hpp>
#include <carillon/time/timestamp.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/time/zoned_pattern.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

namespace carillon::fuzz {
namespace {

using namespace std::chrono_literals;
using std::chrono::year_month;

constexpr instant never_began = instant::min();
constexpr instant all_over = instant::max();

[[noreturn]] void fail(std::string_view what)
{
    fmt::print(stderr, "\nDOES NOT HOLD: {}\n", what);
    std::abort();
}

std::string shown(std::optional<instant> t)
{
    const bool is_date = t && *t >= instant{} - 48h && *t < end_of_time + 48h;
    if (is_date) return format_utc(*t);
    return t ? fmt::format("{} us", t->time_since_epoch().count()) : "never";
}

std::chrono::nanoseconds thread_time()
{
    std::timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return std::chrono::seconds{t.tv_sec} + std::chrono::nanoseconds{t.tv_nsec};
}

/** Zones with gaps and folds of an hour, of half an hour, of a day, at midnight, negative, none. */
const time_zone& choose_zone(std::uint64_t draw)
{
    static const std::vector<time_zone> zones = [] {
        std::vector<time_zone> all;
        for (const char* name :
             {"UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "America/Havana",
              "Pacific/Apia", "Africa/Monrovia", "Africa/Casablanca", "Antarctica/Troll"})
            all.push_back(time_zone::load(name).value());
        return all;
    }();
    return zones[draw % zones.size()];
}

/** Where to ask from: the ends of time and of the dates, beside a change of the offset, anywhere.
 */
std::vector<instant> choose_starts(const time_zone& zone, std::mt19937_64& random)
{
    const instant first{begin_of_dates.time_since_epoch()};
    const instant last{end_of_dates.time_since_epoch()};
    const auto within = [&](microseconds width) {
        return microseconds{
            static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(width.count()))};
    };
    std::vector<instant> starts{
        never_began, first - 24h + within(48h), first + within(last - first), last - within(96h),
        all_over - within(1s)};
    if (const auto all = zone.periods(); all.size() > 1) {
        const instant change = all[1 + random() % (all.size() - 1)].begin;
        starts.push_back(change - one_tick);
        starts.push_back(change - 26h + within(52h));
    }
    return starts;
}

constexpr std::array policies{
    dst_policy::run, dst_policy::skip, dst_policy::both, dst_policy::shift};
constexpr std::array policy_names{"run", "skip", "both", "shift"};

/** One pattern in one zone under one policy. */
class instants_check {
public:
    instants_check(
        std::string_view text, const local_pattern& pattern, const time_zone& zone, dst_policy dst)
        : text_(text), pattern_(pattern), zone_(zone), dst_(dst), all_(pattern, zone, dst)
    {}

    const zoned_pattern& all() const { return all_; }

    void check_from(instant start) const
    {
        instant t = start;
        std::int64_t passed = 0;
        for (int i = 0; i < 4; ++i) {
            const auto next = all_.next_after(t);
            if (!next) return check_end(start, t, passed);
            check_one(t, *next);
            ++passed;
            t = *next;
            require(
                all_.count(start == all_over ? start : start + one_tick, t) == passed, t,
                "count is not what a walk finds");
        }
    }

    /** Two halves make a whole. */
    void check_sums(instant middle) const
    {
        if (middle == all_over) return;
        const std::int64_t before = all_.count(never_began, middle);
        const std::int64_t after = all_.count(middle + one_tick, all_over);
        const std::int64_t whole = count_all();
        require(before >= 0 && after >= 0, middle, "a count is negative");
        require(before + after == whole, middle, "the counts before and after are not the whole");
        require(
            (before > 0) == all_.last_until(middle).has_value(), middle,
            "count and last_until disagree");
        require(
            (after > 0) == all_.next_after(middle).has_value(), middle,
            "count and next_after disagree");
    }

    bool has(instant t) const { return all_.last_until(t) == t; }

    /** `other` is an instant that `what` speaks of. */
    void require(
        bool holds,
        instant at,
        std::string_view what,
        std::optional<instant> other = std::nullopt) const
    {
        if (holds) return;
        fail(fmt::format(
            "'{}' in {}, dst={}, at {}: {} ({})", detail::visible(text_), zone_.name(),
            policy_names[static_cast<std::size_t>(dst_)], shown(at), what, shown(other)));
    }

private:
    std::int64_t count_all() const
    {
        const stopwatch watch("counting");
        return all_.count(never_began, all_over);
    }

    void check_one(instant t, instant next) const
    {
        require(next > t, next, "next_after is not later", t);
        require(all_.last_until(next) == next, next, "last_until does not find this");
        require(all_.next_after(next - one_tick) == next, next, "next_after does not find this");
        const auto before = all_.last_until(next - one_tick);
        require(!before || *before <= t, next, "next_after leaves one out", before);
        check_local_time(next);
    }

    /** It is written in the pattern, but where a gap moved it, and in its first pass, but where
     * both count. */
    void check_local_time(instant t) const
    {
        const local_instant local = zone_.to_local(t);
        require(local >= begin_of_dates && local < end_of_dates, t, "this is beyond the dates");
        require(pattern_.contains(local) || may_be_moved(t), t, "the pattern has no such time");
        const bool is_once =
            dst_ == dst_policy::skip || (pattern_.is_fixed_time && dst_ != dst_policy::both);
        require(!is_once || zone_.first_at(local) == t, t, "this is the second pass");
    }

    bool may_be_moved(instant t) const
    {
        const std::size_t at = zone_.period_at(t);
        if (at == 0 || !pattern_.is_fixed_time || dst_ == dst_policy::skip) return false;
        const auto all = zone_.periods();
        const auto gap = all[at].offset - all[at - 1].offset;
        if (gap <= 0s || gap >= 24h) return false;
        return dst_ == dst_policy::shift ? t < all[at].begin + gap : t == all[at].begin;
    }

    void check_end(instant start, instant t, std::int64_t passed) const
    {
        const auto last = all_.last_until(all_over);
        require(!last || *last <= t, t, "none comes after this, yet there is one", last);
        if (start < all_over)
            require(
                all_.count(start + one_tick, all_over) == passed, t,
                "count goes on after the last");
    }

    std::string_view text_;
    const local_pattern& pattern_;
    const time_zone& zone_;
    dst_policy dst_;
    zoned_pattern all_;
};

/** Each policy adds to `skip`, and `both` to `run`. */
void check_policies(
    const std::vector<instants_check>& by_policy, instant start, const local_pattern& pattern)
{
    const auto& [run, skip, both, shift] =
        std::tie(by_policy[0], by_policy[1], by_policy[2], by_policy[3]);
    if (const auto t = skip.all().next_after(start)) {
        run.require(run.has(*t), *t, "skip has this, run has not");
        shift.require(shift.has(*t), *t, "skip has this, shift has not");
    }
    if (const auto t = run.all().next_after(start))
        both.require(both.has(*t), *t, "run has this, both has not");
    if (pattern.is_fixed_time) return;
    const auto t = run.all().next_after(start);
    run.require(t == both.all().next_after(start), start, "run and both differ for an interval");
    run.require(t == shift.all().next_after(start), start, "run and shift differ for an interval");
}

std::uint64_t second_bits(const test::written_times& w)
{
    std::uint64_t set = 0;
    for (const microseconds s : w.seconds)
        if (s % 1s == 0us) set |= std::uint64_t{1} << (s / 1s);
    return set;
}

} // namespace

void check(bool holds, std::string_view what, std::string_view text)
{
    if (!holds) fail(fmt::format("{}: '{}'", what, detail::visible(text)));
}

stopwatch::stopwatch(std::string_view what) : what_(what), begin_(thread_time()) {}

stopwatch::~stopwatch()
{
    const auto taken = thread_time() - begin_;
    if (taken > 50ms) fail(fmt::format("{} took {} ms", what_, taken / 1ms));
}

void check_error(std::string_view text, const parse_error& e)
{
    std::size_t begin = 0;
    while (begin < std::min(e.offset, text.size())) begin += detail::character_at(text, begin).size;
    const bool is_place = begin == e.offset; // otherwise beyond the text or within a character
    if (e.what.empty() || !is_place)
        fail(fmt::format(
            "offset {} of {} for '{}': '{}'", e.offset, text.size(), detail::visible(text),
            detail::visible(e.what)));
}

void check_instants(std::string_view text, const local_pattern& pattern)
{
    std::mt19937_64 random(stable_hash({text}));
    const time_zone& zone = choose_zone(random());
    std::vector<instants_check> by_policy;
    for (const dst_policy dst : policies) by_policy.emplace_back(text, pattern, zone, dst);
    for (const instant start : choose_starts(zone, random)) {
        for (const instants_check& c : by_policy) {
            const stopwatch watch("a walk of four instants");
            c.check_from(start);
        }
        check_policies(by_policy, start, pattern);
    }
    const instant middle = choose_starts(zone, random)[2];
    for (const instants_check& c : by_policy) c.check_sums(middle);
}

void check_ticks(std::string_view text, const grid& ticks)
{
    std::mt19937_64 random(stable_hash({text}));
    const stopwatch watch("asking for ticks");
    const auto require = [&](bool holds, instant at, std::string_view what) {
        if (!holds)
            fail(fmt::format(
                "each {} us from {}, at {}: {}", ticks.every.count(), shown(ticks.anchor),
                shown(at), what));
    };
    for (instant start : choose_starts(time_zone(), random)) {
        // Grids subtract: they are asked about times that clocks show.
        start = std::clamp(start, instant{} - 48h, end_of_time + 48h);
        const auto next = next_after(ticks, start);
        if (!next) {
            const auto last = last_until(ticks, all_over);
            require(!last || *last <= start, start, "none comes after this, yet there is one");
            continue;
        }
        require(*next > start && *next < end_of_time, *next, "this is not where it may be");
        require(*next >= ticks.anchor, *next, "this is before the anchor");
        require(last_until(ticks, *next) == next, *next, "last_until does not find this");
        const auto before = last_until(ticks, *next - one_tick);
        require(!before || *before <= start, *next, "there is one between");
        require(count_ticks(ticks, start + one_tick, *next) == 1, *next, "count is not 1");
    }
}

void check_meaning(
    std::string_view text, const local_pattern& pattern, const test::written_times& expected)
{
    const auto differs = [&](std::string_view what) {
        fail(fmt::format("'{}' differs from the oracle by {}", detail::visible(text), what));
    };
    for (unsigned h = 0; h < 24; ++h)
        if ((pattern.clock.hours >> h & 1) != expected.hours[h]) differs(fmt::format("hour {}", h));
    for (unsigned m = 0; m < 60; ++m)
        if ((pattern.clock.minutes >> m & 1) != expected.minutes[m])
            differs(fmt::format("minute {}", m));
    if (pattern.clock.fractions.empty() && pattern.clock.seconds != second_bits(expected))
        differs("its seconds");
    if (pattern.is_fixed_time == expected.is_interval) differs("its kind");

    // Seconds of all kinds, as the questions see them: the one after the other within a minute.
    clock_pattern minute = pattern.clock;
    minute.hours = 1;
    minute.minutes = 1;
    auto at = minute.first_from(0us);
    for (const microseconds s : expected.seconds) {
        if (at != s) differs(fmt::format("second {} us", s.count()));
        at = minute.first_from(s + one_tick);
    }
    if (at) differs(fmt::format("second {} us", at->count()));

    std::mt19937_64 random(stable_hash({text}));
    for (int i = 0; i < 8; ++i) {
        const year_month month{
            std::chrono::year{first_year} + std::chrono::years{static_cast<int>(random() % 230)},
            std::chrono::month{1 + static_cast<unsigned>(random() % 12)}};
        for (unsigned d = 1; d <= test::last_day(month / 1); ++d) {
            const auto date = month / std::chrono::day{d};
            if (pattern.days.contains(std::chrono::local_days{date}) != expected.fits_date(date))
                differs(fmt::format(
                    "{}-{:02}-{:02}", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), d));
        }
    }
}

} // namespace carillon::fuzz

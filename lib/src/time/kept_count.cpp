#include "time/kept_count.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>

namespace carillon::detail {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr microseconds length_of_day = 24h;
constexpr std::uint64_t whole_minute = (std::uint64_t{1} << 60) - 1;

constexpr std::size_t second_of_day(std::int64_t second) noexcept
{
    constexpr std::int64_t size = length_of_day / 1s;
    return static_cast<std::size_t>((second % size + size) % size);
}

std::int64_t second_of(instant t) noexcept
{
    return std::chrono::floor<seconds>(t).time_since_epoch().count();
}

/** Seconds of a stretch that is no longer than a day, counted from 1970 on. */
class second_set {
public:
    /** Adds some of the 60 seconds that begin with `first`. */
    void add_minute(std::int64_t first, std::uint64_t set) noexcept
    {
        const std::size_t at = second_of_day(first);
        const std::size_t shift = at % 64;
        words_[at / 64] |= set << shift;
        if (shift > 4) words_[(at / 64 + 1) % words_.size()] |= set >> (64 - shift);
    }

    bool contains(std::int64_t second) const noexcept
    {
        const std::size_t at = second_of_day(second);
        return (words_[at / 64] >> (at % 64) & 1) != 0;
    }

    /** The first second behind `second`, not later than `end`, that is in the set where that is
     * not, or the other way round. */
    std::int64_t end_of_run(std::int64_t second, std::int64_t end) const noexcept
    {
        const std::uint64_t flip = contains(second) ? ~std::uint64_t{0} : 0;
        while (second < end) {
            const std::size_t at = second_of_day(second);
            const std::uint64_t others = (words_[at / 64] ^ flip) >> (at % 64);
            if (others != 0) return std::min(second + std::countr_zero(others), end);
            second += static_cast<std::int64_t>(64 - at % 64);
        }
        return end;
    }

    /** About how many runs of seconds it consists of. */
    int runs() const noexcept
    {
        int found = 0;
        for (const std::uint64_t word : words_) found += std::popcount(word & ~(word << 1));
        return found;
    }

private:
    std::array<std::uint64_t, length_of_day / 1s / 64> words_{};
};

/** The seconds of a minute that an exclusion takes out of each minute that it touches. */
std::uint64_t seconds_of(const exclusion& e) noexcept
{
    if (e.unit > 1s) return whole_minute;
    const clock_pattern& clock = e.pattern->clock;
    std::uint64_t set = clock.seconds;
    for (const second_steps& s : clock.fractions)
        for (microseconds at = s.first; at <= s.last; at += s.step)
            set |= std::uint64_t{1} << (at / 1s);
    return set;
}

/** Adds what an exclusion takes out of a day on which it holds, by clocks that are `offset` ahead
 * of UTC. */
void add_clock_times(const exclusion& e, seconds offset, second_set& to) noexcept
{
    const std::uint64_t set = seconds_of(e);
    const std::uint64_t minutes = e.unit >= 1h ? whole_minute : e.pattern->clock.minutes;
    for (std::uint64_t hours = e.pattern->clock.hours; hours != 0; hours &= hours - 1)
        for (std::uint64_t left = minutes; left != 0; left &= left - 1) {
            const std::int64_t minute = std::countr_zero(hours) * 60 + std::countr_zero(left);
            to.add_minute(minute * 60 - offset.count(), set);
        }
}

/** What the count of a stretch depends on. Within it no zone has a midnight or a change of its
 * offset. */
struct stretch {
    instant begin{};
    instant last{};
    /// The exclusions that hold for a part of the day, by their places among such.
    std::uint64_t active = 0;
    bool has_active = false;
    /// Whether one holds that takes out the whole day.
    bool is_out = false;
    /// Whether another stretch may have the same count: it depends only on `active`, and no zone's
    /// offset has changed lately.
    bool is_usual = true;
    /// Of the zones' offsets.
    std::uint64_t offsets = 0;
};

class kept_counter {
public:
    kept_counter(const schedule& s, const raw_instants& all) noexcept : schedule_(s), all_(all) {}

    std::int64_t count(instant from, instant to) noexcept
    {
        std::int64_t found = 0;
        while (from <= to) {
            const stretch next = stretch_from(from, to);
            if (!next.is_out) found += count(next);
            from = next.last + one_tick;
        }
        return found;
    }

private:
    /** The result for a stretch that has been counted. */
    struct known {
        instant::duration begin_of_day{};
        microseconds length{0};
        std::uint64_t active = 0;
        std::int64_t phase = 0;
        std::int64_t instants = 0;

        friend bool operator==(const known&, const known&) = default;
    };

    /** A zone as it is at some time. */
    struct zone_state {
        local_instant shown{};
        seconds offset{0};
    };

    /** Takes a zone's midnights and changes into account. */
    zone_state look_at(const time_zone& zone, stretch& s) const noexcept
    {
        // A change may move instants by less than a day, from the end of a stretch to a later one.
        constexpr microseconds aftermath = 48h;
        const auto periods = zone.periods();
        const std::size_t i = zone.period_at(s.begin);
        const seconds offset = periods[i].offset;
        const local_instant shown{(s.begin + offset).time_since_epoch()};
        const auto midnight = std::chrono::floor<std::chrono::days>(shown) + 24h;
        s.last = std::min(s.last, instant{midnight.time_since_epoch() - offset} - one_tick);
        if (i + 1 < periods.size()) s.last = std::min(s.last, periods[i + 1].begin - one_tick);
        if (i > 0 && s.begin - periods[i].begin < aftermath) s.is_usual = false;
        s.offsets = s.offsets * 1'000'003 + i;
        return {shown, offset};
    }

    /** Calls `take(exclusion, place among those of parts of a day, zone)` for those that hold on
     * the day of `s`. */
    template <class Take>
    void for_each_active(stretch& s, Take take) const noexcept
    {
        const time_zone* zone = nullptr;
        zone_state state;
        std::size_t place = 0;
        for (const exclusion& e : schedule_.exclude) {
            // Most have the zone of the one before.
            if (zone == nullptr || !(e.zone == *zone)) {
                zone = &e.zone;
                state = look_at(e.zone, s);
            }
            const bool is_of_part = e.unit < length_of_day;
            if (e.pattern->days.contains(std::chrono::floor<std::chrono::days>(state.shown)))
                take(e, place, state);
            if (is_of_part) ++place;
        }
    }

    stretch stretch_from(instant from, instant to) const noexcept
    {
        stretch s{.begin = from, .last = to};
        if (schedule_.expression) look_at(schedule_.expression->zone, s);
        for_each_active(s, [&](const exclusion& e, std::size_t place, const zone_state&) {
            if (e.unit >= length_of_day) {
                s.is_out = true;
                return;
            }
            s.has_active = true;
            if (place < 64)
                s.active |= std::uint64_t{1} << place;
            else
                s.is_usual = false;
        });
        return s;
    }

    std::int64_t count(stretch s) noexcept
    {
        const std::int64_t instants = all_.count(s.begin, s.last);
        if (!s.has_active || instants == 0) return instants;
        if (s.offsets != offsets_) size_ = 0;
        offsets_ = s.offsets;
        const auto phase = s.is_usual ? all_.phase_at(s.begin) : std::nullopt;
        if (!phase) return work_out(s, instants);

        const known like{
            .begin_of_day = s.begin.time_since_epoch() % length_of_day,
            .length = s.last - s.begin,
            .active = s.active,
            .phase = *phase,
            .instants = instants};
        const auto end = known_.begin() + static_cast<std::ptrdiff_t>(size_);
        if (const auto same = std::find(known_.begin(), end, like); same != end)
            return kept_[static_cast<std::size_t>(same - known_.begin())];
        const std::int64_t kept = work_out(s, instants);
        if (size_ == known_.size()) size_ = 0;
        known_[size_] = like;
        kept_[size_++] = kept;
        return kept;
    }

    /** Looks at each instant or at each run of excluded seconds, whichever are fewer. */
    std::int64_t work_out(stretch s, std::int64_t instants) const noexcept
    {
        second_set excluded;
        for_each_active(s, [&](const exclusion& e, std::size_t, const zone_state& zone) {
            add_clock_times(e, zone.offset, excluded);
        });
        return instants < excluded.runs() ? walk_instants(s, excluded) : walk_runs(s, excluded);
    }

    std::int64_t walk_instants(const stretch& s, const second_set& excluded) const noexcept
    {
        std::int64_t kept = 0;
        for (auto t = all_.next_after(s.begin - one_tick); t && *t <= s.last;
             t = all_.next_after(*t))
            if (!excluded.contains(second_of(*t))) ++kept;
        return kept;
    }

    std::int64_t walk_runs(const stretch& s, const second_set& excluded) const noexcept
    {
        std::int64_t kept = 0;
        const std::int64_t end = second_of(s.last) + 1;
        for (std::int64_t at = second_of(s.begin); at < end;) {
            const std::int64_t behind = excluded.end_of_run(at, end);
            if (!excluded.contains(at))
                kept += all_.count(
                    std::max(instant{seconds{at}}, s.begin),
                    std::min(instant{seconds{behind}} - one_tick, s.last));
            at = behind;
        }
        return kept;
    }

    const schedule& schedule_;
    const raw_instants& all_;
    std::uint64_t offsets_ = 0;
    std::array<known, 256> known_{};
    std::array<std::int64_t, 256> kept_{};
    std::size_t size_ = 0;
};

} // namespace

std::int64_t
count_kept(const schedule& s, const raw_instants& all, instant from, instant to) noexcept
{
    if (s.exclude.empty()) return all.count(from, to);
    // Local dates end a little later than UTC's, and begin earlier.
    const instant begin = instant{begin_of_dates.time_since_epoch()} - 48h;
    const instant end = instant{end_of_dates.time_since_epoch()} + 48h;
    const std::int64_t outside =
        all.count(from, std::min(to, begin - one_tick)) + all.count(std::max(from, end), to);
    return outside +
           kept_counter(s, all).count(std::max(from, begin), std::min(to, end - one_tick));
}

} // namespace carillon::detail

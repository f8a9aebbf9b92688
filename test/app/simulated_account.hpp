#pragma once

#include "random_world.hpp"
#include <carillon/time/schedule.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simulated_properties {

using kind = simulated_event::kind;

/// Under a name that is taken a run is named so much later at the most.
inline constexpr microseconds renaming = 100us;

/** What happened, with names that last. */
struct told {
    simulated_event event;
    std::string job;
    /// Since the beginning, whatever happened to the clock.
    microseconds elapsed{0};
    /// The latest time that the clock has shown by then.
    instant latest{};
};

/** The wall clock and the machine as events tell of them. */
class timeline {
public:
    timeline(const scenario& what, std::vector<told>& all) : from_(what.from)
    {
        boots_.push_back({what.boot, what.boot - what.from});
        offsets_.push_back(what.from);
        instant since = what.from;
        microseconds elapsed{0};
        instant latest = what.from;
        for (told& t : all) {
            const simulated_event& e = t.event;
            t.elapsed = elapsed + (e.at - since);
            t.latest = latest = std::max(latest, e.at);
            if (e.what != kind::incident) continue;
            add_incident(t, what);
            if (e.step == 0s) continue;
            elapsed = t.elapsed;
            since = e.at + e.step;
            offsets_.push_back(since - elapsed);
            latest = std::max(latest, since);
            if (e.step > 0s) continue;
            passes_.emplace_back(begin_, e.at);
            begin_ = since;
        }
        end_ = since + (what.span - elapsed);
        passes_.emplace_back(begin_, end_);
        end_start(what.span, what);
    }

    instant from() const { return from_; }
    instant end() const { return end_; }
    bool is_set() const { return is_set_; }
    /** While carillon was stopped and the machine booted, which it cannot know of. */
    bool is_set_unseen() const { return is_set_unseen_; }
    bool is_set_back() const { return passes_.size() > 1; }

    /** How often the clock has come to a time. */
    int times_at(instant t) const
    {
        return static_cast<int>(std::count_if(passes_.begin(), passes_.end(), [&](const auto& p) {
            return p.first < t && t <= p.second;
        }));
    }

    /** What ticks of a schedule count from, each until the next: boots that carillon saw, or its
     * starts. */
    std::vector<instant> origins(const schedule& s) const
    {
        std::vector<instant> out;
        for (const start& i : starts_) {
            const instant origin = s.on_boot ? i.boot.at : i.at;
            if (i.has_begun && (out.empty() || out.back() != origin)) out.push_back(origin);
        }
        return out;
    }

    /** The same in elapsed time. */
    std::vector<microseconds> elapsed_origins(const schedule& s) const
    {
        std::vector<microseconds> out;
        for (const start& i : starts_) {
            const microseconds origin = s.on_boot ? i.boot.elapsed : i.elapsed;
            if (i.has_begun && (out.empty() || out.back() != origin)) out.push_back(origin);
        }
        return out;
    }

    /** What the wall clock showed at the beginning, as it was set later: the last first. */
    std::vector<instant> offsets() const { return {offsets_.rbegin(), offsets_.rend()}; }

private:
    struct moment {
        instant at;
        microseconds elapsed;
    };

    struct start {
        instant at;
        moment boot;
        microseconds elapsed;
        bool has_begun = false; // the store has answered
        bool has_ended = false;
    };

    void add_incident(const told& t, const scenario& what)
    {
        const std::string_view words = t.job;
        if (t.event.step != 0s) {
            is_set_ = is_set_since_ = true;
            set_at_ = t.elapsed;
        }
        if (words == "the machine boots") has_booted_since_ = true;
        // The store has not answered yet.
        if (t.event.step != 0s && has_booted_since_ && !starts_.empty() &&
            t.elapsed - starts_.back().elapsed <= what.commit)
            is_set_unseen_ = true;
        if (words == "carillon starts")
            is_set_unseen_ = is_set_unseen_ || (is_set_since_ && has_booted_since_);
        if (words == "carillon is stopped" || words == "the machine is switched off") {
            // What was set just before may not have been written down.
            const bool is_kept = !set_at_ || t.elapsed - *set_at_ > 4 * what.commit;
            if (is_kept && (starts_.empty() || !starts_.back().has_ended))
                is_set_since_ = has_booted_since_ = false;
        }
        if (words == "the machine boots") boots_.push_back({t.event.at, t.elapsed});
        if (words == "carillon starts")
            starts_.push_back({.at = t.event.at, .boot = boots_.back(), .elapsed = t.elapsed});
        if (words == "carillon is stopped" || words == "the machine is switched off")
            end_start(t.elapsed, what);
    }

    void end_start(microseconds elapsed, const scenario& what)
    {
        if (starts_.empty()) return;
        start& last = starts_.back();
        if (!std::exchange(last.has_ended, true))
            last.has_begun = elapsed - last.elapsed >= what.commit;
    }

    instant from_;
    instant begin_ = from_;
    instant end_{};
    bool is_set_ = false;
    bool is_set_since_ = false;          // carillon stopped
    std::optional<microseconds> set_at_; // the last time
    bool has_booted_since_ = false;      // likewise
    bool is_set_unseen_ = false;
    std::vector<std::pair<instant, instant>> passes_; // without their beginnings
    std::vector<moment> boots_;
    std::vector<instant> offsets_;
    std::vector<start> starts_;
};

/** The instants of a job in a play, each with how often it came. */
class due_instants {
public:
    due_instants(const job& j, const timeline& times)
        : job_(j), schedule_(std::get<schedule>(j.trigger)), times_(times)
    {
        if (!follows_elapsed_time(schedule_)) {
            grids_.push_back({make_grid(schedule_, {}), instant::max()});
            return;
        }
        const std::vector<instant> origins = times.origins(schedule_);
        for (std::size_t i = 0; i < origins.size(); ++i) {
            const bool is_last = i + 1 == origins.size();
            grids_.push_back(
                {make_grid(schedule_, {.boot = origins[i], .start = origins[i]}),
                 is_last ? times.end() : origins[i + 1]});
        }
    }

    /** The instant that a run's name stands for. */
    std::optional<instant> named(instant name) const
    {
        const auto at = last_until(name);
        return at && name - *at <= renaming ? at : std::nullopt;
    }

    /** How often it came. */
    int times(instant t) const
    {
        if (!follows_elapsed_time(schedule_)) return last_until(t) == t ? times_.times_at(t) : 0;
        return static_cast<int>(std::count_if(grids_.begin(), grids_.end(), [&](const part& p) {
            return t <= claimed_until(p) && is_in(p, t);
        }));
    }

    /** Those of a span. */
    std::set<instant> between(instant after, instant until) const
    {
        std::set<instant> out;
        for (const part& p : grids_) {
            const occurrences in(schedule_, p.ticks);
            for (auto t = in.next_after(after); t && *t <= std::min(until, p.until);
                 t = in.next_after(*t))
                out.insert(*t);
        }
        return out;
    }

    /** From when on it may run. */
    instant due(instant t) const
    {
        for (const part& p : grids_)
            if (is_in(p, t))
                return t + jitter_of(
                               job_.name, schedule_.jitter, t,
                               occurrences(schedule_, p.ticks).next_after(t));
        return t;
    }

private:
    struct part {
        grid ticks;
        instant until;
    };

    bool is_in(const part& p, instant t) const
    {
        return occurrences(schedule_, p.ticks).last_until(t) == t;
    }

    /** What is claimed ahead goes, though its grid ends before it. */
    static instant claimed_until(const part& p)
    {
        return p.until > instant::max() - detail::longest_lead ? p.until
                                                               : p.until + detail::longest_lead;
    }

    std::optional<instant> last_until(instant t) const
    {
        std::optional<instant> out;
        for (const part& p : grids_) {
            const instant until = claimed_until(p);
            const auto at = occurrences(schedule_, p.ticks).last_until(std::min(t, until));
            if (at && (!out || *at > *out)) out = at;
        }
        return out;
    }

    const job& job_;
    const schedule& schedule_;
    const timeline& times_;
    std::vector<part> grids_;
};

/** The ticks of a job that follow elapsed time, whatever the clock is set to: known by the times
 * that any setting of the clock gives them. */
class elapsed_ticks {
public:
    /** Of which grid, and of that the how many-th. */
    using tick = std::pair<std::size_t, std::int64_t>;

    elapsed_ticks(const schedule& s, const timeline& times, const scenario& what)
        : every_(*s.every), origins_(times.elapsed_origins(s)), offsets_(times.offsets())
    {
        for (microseconds& o : origins_) o += s.on_boot ? *s.on_boot : *s.on_start;
        for (std::size_t i = 1; i < origins_.size(); ++i)
            ends_.push_back(origins_[i] - (s.on_boot ? *s.on_boot : *s.on_start));
        ends_.push_back(what.span);
    }

    std::optional<tick> named(instant name) const
    {
        for (const instant offset : offsets_)
            for (std::size_t i = 0; i < origins_.size(); ++i) {
                const microseconds since = name - offset - origins_[i];
                const std::int64_t n = (since + rounding) / every_;
                const microseconds beyond = since - n * every_;
                const bool is_near = beyond >= -rounding && beyond <= rounding + renaming;
                if (is_near && since >= -rounding && name - offset <= ends_[i] + rounding)
                    return tick{i, n};
            }
        return std::nullopt;
    }

    /** Whether a time may be that of two ticks, under two settings of the clock. */
    bool is_ambiguous() const
    {
        for (const instant a : offsets_)
            for (const instant b : offsets_)
                for (const microseconds i : origins_)
                    for (const microseconds j : origins_) {
                        const microseconds apart = std::chrono::abs((a - b) + (i - j));
                        if (a != b && (apart + 3 * rounding) % every_ <= 6 * rounding) return true;
                    }
        return false;
    }

    /** Those that pass in a span, but those that come so near to its ends, or to the end of their
     * grid, that rounding may move them beyond. */
    std::vector<tick> between(microseconds after, microseconds until) const
    {
        std::vector<tick> out;
        for (std::size_t i = 0; i < origins_.size(); ++i) {
            std::int64_t n = 0;
            for (microseconds t = origins_[i]; t < std::min(ends_[i], until) - 2 * rounding;
                 t += every_, ++n)
                if (t > after + 2 * rounding) out.emplace_back(i, n);
        }
        return out;
    }

private:
    /// A grid begins at a whole second of the wall clock.
    static constexpr microseconds rounding = 1s;

    microseconds every_;
    std::vector<microseconds> origins_; // first ticks
    std::vector<microseconds> ends_;
    std::vector<instant> offsets_;
};

} // namespace simulated_properties

#pragma once

#include <carillon/error.hpp>
#include <carillon/time/exclusion.hpp>
#include <carillon/time/grid.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/local_pattern.hpp>
#include <carillon/time/numbered_times.hpp>
#include <carillon/time/zone.hpp>
#include <carillon/time/zoned_pattern.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/** A cron or calendar expression: what was written, and what it means in a zone. */
struct expression {
    /** What it is written in: crontab(5)'s grammar, or that of systemd.time(7). */
    enum class grammar { cron, calendar };

    grammar written_as = grammar::cron;
    std::string text{};
    std::shared_ptr<const local_pattern> pattern{};
    time_zone zone{};

    friend bool operator==(const expression& a, const expression& b) noexcept;
};

/** What is sent for instants that passed while nobody could run them. */
enum class catch_up_policy : std::uint8_t {
    /// Nothing.
    none,
    /// One run, with the latest one's name.
    once,
    /// A run for each, the oldest first.
    all,
};

/** No bound: something may have passed any time ago. */
inline constexpr microseconds unbounded = microseconds::max();

/**
 * When a job is due. It has one of: a rate (`every`, `on_boot`, `on_start`), an expression, or
 * single instants (`at`).
 *
 * | written | instants |
 * | --- | --- |
 * | `every` alone | its multiples since the Unix epoch: `15min` is :00, :15, :30, :45 UTC |
 * | with `on_boot = D` | D after the machine booted, then each `every`; counted in elapsed time |
 * | with `on_start = D` | the same from the start of carillon |
 * | `on_boot` or `on_start` alone | one instant a boot, a start |
 * | an expression | its local times in its zone, or every n-th of them; `dst`: gaps, folds |
 * | `at` | as listed |
 */
struct schedule {
    /// At least 100 ms.
    std::optional<microseconds> every{};
    std::optional<microseconds> on_boot{};
    std::optional<microseconds> on_start{};
    std::optional<carillon::expression> expression{};
    /// With an expression: which of its local times are due. `n` is at least 2; `from` is the start
    /// as the clocks of the expression's zone show it.
    std::optional<every_nth> nth{};
    /// In their order, each once.
    std::vector<instant> at{};

    dst_policy dst = dst_policy::run;
    catch_up_policy catch_up = catch_up_policy::once;
    /// Under `all`, the newest so many are sent; from 1 to 1,000,000.
    std::int32_t catch_up_limit = 100;
    /// Nothing is sent for an instant that is longer ago than this when it is found.
    microseconds catch_up_window = unbounded;
    /// How much later than due a run may start, so that wake-ups coalesce.
    microseconds accuracy{0};
    /// How much later than its instant a run may be due: at random, but always the same for one
    /// job and instant.
    microseconds jitter{0};
    /// Nothing fires before `start`, nor at `end` or later.
    std::optional<instant> start{};
    std::optional<instant> end{};
    /// Nothing fires where one of these holds the instant's local time.
    std::vector<exclusion> exclude{};

    friend bool operator==(const schedule&, const schedule&) = default;
};

namespace detail {
class raw_instants;
} // namespace detail

/** The largest @ref schedule::catch_up_limit. */
inline constexpr std::int32_t max_catch_up_limit = 1'000'000;

/** The shortest time that may lie between two instants of a schedule. */
inline constexpr microseconds min_interval = std::chrono::milliseconds{100};

/**
 * A schedule from a cron expression, as @ref parse_cron reads it, in a zone; `@every` gives a rate.
 *
 * Fails with the place of the first mistake.
 */
parse_result<schedule> schedule_from_cron(
    std::string_view text, const time_zone& zone = {}, std::string_view job_name = {});

/**
 * A schedule from a calendar event, as @ref parse_calendar reads it.
 *
 * A zone that the expression itself names is loaded, as by @ref time_zone::load, and used instead
 * of `zone`. `@SECONDS` gives a single instant.
 */
parse_result<schedule> schedule_from_calendar(std::string_view text, const time_zone& zone = {});

/** Whether the schedule's ticks are counted in elapsed time, so that setting the wall clock moves
 * them. */
constexpr bool follows_elapsed_time(const schedule& s) noexcept
{
    return s.on_boot.has_value() || s.on_start.has_value();
}

/** Whether it names points of time, such as 02:30, rather than a rhythm. Such an instant does not
 * run again when the clock is set back. */
bool is_fixed_time(const schedule& s) noexcept;

/** Whether both have the same instants, in the same zone: accuracy and jitter aside. */
bool has_same_instants(const schedule& a, const schedule& b) noexcept;

/**
 * A number that stands for what a schedule says about its instants, and for the text of its
 * expressions: equal on every machine and in every version, so that a store can tell whether a
 * schedule is the one that it knew. Accuracy, jitter, catch-up, and a zone's rules do not count.
 */
std::uint64_t identity_of_instants(const schedule& s);

/** Whether two neighbouring instants lie closer than @ref min_interval, as far as the schedule's
 * own text says. */
bool is_too_dense(const schedule& s) noexcept;

/** The moments that `on_boot` and `on_start` count from, as wall time. */
struct time_origins {
    instant boot{};
    instant start{};
};

/**
 * The ticks of a schedule that has a rate, as wall time, given where they count from.
 *
 * The first tick of a boot or start is rounded up to a whole second, so that a tick has the same
 * name however often its wall time is worked out.
 */
grid make_grid(const schedule& s, const time_origins& origins);

/**
 * The instants of a schedule, in their order: within its window, without what it excludes.
 *
 * Its questions are pure; they allocate nothing and never throw. The schedule must outlive it.
 * After 100,000 excluded hours, minutes or seconds in a row without an instant, it reports that
 * there is none.
 */
class occurrences {
public:
    /** `ticks` count where the schedule has a rate. */
    occurrences(const schedule& s, const grid& ticks) noexcept : schedule_(s), ticks_(ticks) {}

    /** The first instant strictly later than `t`. */
    std::optional<instant> next_after(instant t) const noexcept;

    /** The latest instant at or before `t`. */
    std::optional<instant> last_until(instant t) const noexcept;

    /** How many instants lie in [from, to]; worked out, not walked: with exclusions day by day. */
    std::int64_t count(instant from, instant to) const noexcept;

    /**
     * The first instant of a job that is seen for the first time at `now`.
     *
     * It is the next one. A schedule that counts from a boot or a start and catches up begins with
     * the latest instant that has passed, if one has: that is due at once.
     */
    std::optional<instant> first_due(instant now) const noexcept;

private:
    detail::raw_instants raw() const noexcept;
    std::optional<time_window> next_window(instant t) const noexcept;
    std::optional<time_window> window_around(instant t) const noexcept;

    const schedule& schedule_;
    grid ticks_;
};

/** How much later than its instant an occurrence of a job is due: from 0 to, not with, the smaller
 * of `jitter` and the distance to `following`. */
microseconds jitter_of(
    std::string_view job_name, microseconds jitter, instant at, std::optional<instant> following);

} // namespace carillon

#include <carillon/time/zoned_pattern.hpp>

#include <algorithm>

namespace carillon {
namespace {

using namespace std::chrono_literals;

/** Finds the first time at or after each of several bounds, which rise. Most of them have the
 * same answer. */
class forward_search {
public:
    explicit forward_search(const numbered_times& times) noexcept : times_(times) {}

    std::optional<local_instant> first_from(local_instant from) noexcept
    {
        const bool is_known = asked_ <= from && (!found_ || *found_ >= from);
        if (!is_known) {
            found_ = times_.first_from(from);
            asked_ = from;
        }
        return found_;
    }

private:
    const numbered_times& times_;
    local_instant asked_ = local_instant::max();
    std::optional<local_instant> found_;
};

/** Finds the last time before each of several bounds, which fall. */
class backward_search {
public:
    explicit backward_search(const numbered_times& times) noexcept : times_(times) {}

    std::optional<local_instant> last_before(local_instant until) noexcept
    {
        const bool is_known = asked_ >= until && (!found_ || *found_ < until);
        if (!is_known) {
            found_ = times_.last_before(until);
            asked_ = until;
        }
        return found_;
    }

private:
    const numbered_times& times_;
    local_instant asked_ = local_instant::min();
    std::optional<local_instant> found_;
};

template <class Better>
std::optional<instant>
better_of(std::optional<instant> a, std::optional<instant> b, Better better) noexcept
{
    if (!a || !b) return a ? a : b;
    return better(*a, *b) ? a : b;
}

} // namespace

/** One period of constant offset, and what the change at its beginning does to the pattern. */
class zoned_pattern::period {
public:
    period(const zoned_pattern& of, std::size_t index) noexcept : of_(of)
    {
        const auto all = of.zone_.periods();
        begin_ = all[index].begin;
        offset_ = all[index].offset;
        end_ = index + 1 < all.size() ? all[index + 1].begin : instant::max();
        // The first period has no change at its beginning: its offset counts as having always been
        // so.
        change_ = index > 0 ? all[index].offset - all[index - 1].offset : 0s;
    }

    instant begin() const noexcept { return begin_; }

    /** The first instant in the period at or after `from`. */
    std::optional<instant> first_from(instant from, forward_search& search) const noexcept
    {
        return better_of(
            first_moved(from, search), first_regular(from, search), std::less<instant>());
    }

    /** The last instant in the period at or before `until`. */
    std::optional<instant> last_until(instant until, backward_search& search) const noexcept
    {
        return better_of(
            last_moved(until, search), last_regular(until, search), std::greater<instant>());
    }

    /** How many instants of the period lie in [from, to]. */
    std::int64_t count(instant from, instant to) const noexcept
    {
        const instant first = std::max(from, first_own());
        const instant last = std::min(to, end_ - one_tick);
        const std::int64_t regular =
            first <= last ? of_.times_.count(local(first), local(last) + one_tick) : 0;
        return regular + count_moved(from, to);
    }

private:
    local_instant local(instant t) const noexcept
    {
        return local_instant{t.time_since_epoch() + offset_};
    }

    /** The instant at which the clocks of this period show `t`. */
    instant at(local_instant t) const noexcept { return instant{t.time_since_epoch() - offset_}; }

    /** The same by the clocks of the period before. */
    instant at_before(local_instant t) const noexcept
    {
        return instant{t.time_since_epoch() - offset_ + change_};
    }

    /** The local times that the change left out are those from here up to `local(begin_)`. */
    local_instant gap_begin() const noexcept { return local(begin_) - change_; }

    /** Whether times that the change left out are made up for. */
    bool moves() const noexcept
    {
        return change_ > 0s && change_ < 24h && of_.times_.is_fixed_time() &&
               of_.dst_ != dst_policy::skip;
    }

    /** The first instant whose local time counts in this period. The period before may have had
     * earlier ones already, and they count once. */
    instant first_own() const noexcept
    {
        const bool is_once = of_.dst_ == dst_policy::skip ||
                             (of_.times_.is_fixed_time() && of_.dst_ != dst_policy::both);
        return change_ < 0s && is_once ? begin_ - change_ : begin_;
    }

    std::optional<instant> first_regular(instant from, forward_search& search) const noexcept
    {
        const auto found = search.first_from(local(std::max(from, first_own())));
        return found && at(*found) < end_ ? std::optional(at(*found)) : std::nullopt;
    }

    std::optional<instant> last_regular(instant until, backward_search& search) const noexcept
    {
        const auto found = search.last_before(local(std::min(until, end_ - one_tick)) + one_tick);
        return found && at(*found) >= first_own() ? std::optional(at(*found)) : std::nullopt;
    }

    std::optional<instant> first_moved(instant from, forward_search& search) const noexcept
    {
        if (!moves()) return std::nullopt;
        if (of_.dst_ != dst_policy::shift) {
            if (from > begin_) return std::nullopt;
            const auto found = search.first_from(gap_begin());
            return found && *found < local(begin_) ? std::optional(begin_) : std::nullopt;
        }
        const local_instant wanted = local(from) - change_;
        const auto found = search.first_from(std::max(gap_begin(), wanted));
        return found && *found < local(begin_) ? std::optional(at_before(*found)) : std::nullopt;
    }

    std::optional<instant> last_moved(instant until, backward_search& search) const noexcept
    {
        if (!moves() || until < begin_) return std::nullopt;
        const bool shifts = of_.dst_ == dst_policy::shift;
        const local_instant wanted = shifts ? local(until) - change_ + one_tick : local(begin_);
        const auto found = search.last_before(std::min(local(begin_), wanted));
        if (!found || *found < gap_begin()) return std::nullopt;
        return shifts ? at_before(*found) : begin_;
    }

    /** How many moved instants lie in [from, to], without those that the pattern has there
     * anyway. */
    std::int64_t count_moved(instant from, instant to) const noexcept
    {
        std::int64_t count = 0;
        // Most gaps hold none, and a search would find that only at the next match.
        if (!moves() || of_.times_.count(gap_begin(), local(begin_)) == 0) return count;
        forward_search search(of_.times_);
        for (auto t = first_moved(from, search); t && *t <= to;
             t = first_moved(*t + one_tick, search))
            if (!of_.times_.contains(local(*t))) ++count;
        return count;
    }

    const zoned_pattern& of_;
    instant begin_;
    instant end_;
    std::chrono::seconds offset_;
    std::chrono::seconds change_;
};

std::optional<instant> zoned_pattern::next_after(instant t) const noexcept
{
    if (t >= instant{end_of_dates.time_since_epoch()} + 48h) return std::nullopt;
    const instant from = std::max(t + one_tick, instant{begin_of_dates.time_since_epoch()} - 48h);
    forward_search search(times_);
    for (std::size_t i = zone_.period_at(from); i < zone_.periods().size(); ++i) {
        const period p(*this, i);
        if (const auto found = p.first_from(std::max(from, p.begin()), search)) return found;
    }
    return std::nullopt;
}

std::optional<instant> zoned_pattern::last_until(instant t) const noexcept
{
    if (t <= instant{begin_of_dates.time_since_epoch()} - 48h) return std::nullopt;
    const instant until = std::min(t, instant{end_of_dates.time_since_epoch()} + 48h);
    backward_search search(times_);
    for (std::size_t i = zone_.period_at(until) + 1; i-- > 0;) {
        const period p(*this, i);
        if (const auto found = p.last_until(until, search)) return found;
    }
    return std::nullopt;
}

std::int64_t zoned_pattern::count(instant from, instant to) const noexcept
{
    from = std::max(from, instant{begin_of_dates.time_since_epoch()} - 48h);
    to = std::min(to, instant{end_of_dates.time_since_epoch()} + 48h);
    std::int64_t count = 0;
    if (from > to) return count;
    const std::size_t last = zone_.period_at(to);
    for (std::size_t i = zone_.period_at(from); i <= last; ++i)
        count += period(*this, i).count(from, to);
    return count;
}

} // namespace carillon

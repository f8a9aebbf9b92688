#include "runner/plan/used_names.hpp"

#include <algorithm>
#include <iterator>

namespace carillon::detail {
namespace {

/// Each step of the clock backwards, and each stop, adds two at most. Each boot adds one if ticks
/// count from it.
constexpr std::size_t most_spans = 16;

bool spans(const used_span& u, instant at) noexcept { return u.from <= at && at <= u.to; }

bool is_use_of(const used_span& u, const grid& ticks, instant at) noexcept
{
    if (!spans(u, at)) return false;
    if (u.ticks == ticks || u.ticks.every == microseconds{0}) return true;
    return (at - u.ticks.anchor) % u.ticks.every == microseconds{0};
}

/** Edits the spans of one job. Those of the same ticks do not overlap. */
class span_editor {
public:
    span_editor(const schedule& s, std::vector<used_span>& used, const grid& ticks)
        : used_(used), ticks_(ticks), instants_(s, ticks)
    {}

    /** An instant that is in no span counts as never used. */
    void change(instant at, std::int64_t by)
    {
        const auto known = std::find_if(used_.begin(), used_.end(), [&](const used_span& u) {
            return u.ticks == ticks_ && spans(u, at);
        });
        std::int64_t times = by;
        iterator place = known;
        if (known != used_.end()) {
            times += known->times;
            place = cut_out(known, at);
        } else {
            place = std::find_if(
                used_.begin(), used_.end(), [&](const used_span& u) { return u.from > at; });
        }
        if (times <= 0) return;
        place = used_.insert(place, {ticks_, at, at, times});
        join(place);
    }

private:
    using iterator = std::vector<used_span>::iterator;

    /** Takes an instant out of a span. Returns the position that it would have. */
    iterator cut_out(iterator known, instant at)
    {
        const used_span old = *known;
        iterator place = used_.erase(known);
        if (old.to > at) {
            const instant from = std::min(old.to, instants_.next_after(at).value_or(old.to));
            place = used_.insert(place, {ticks_, from, old.to, old.times});
        }
        if (old.from < at) {
            const auto last = instants_.last_until(at - one_tick).value_or(old.from);
            place = used_.insert(place, {ticks_, old.from, std::max(old.from, last), old.times});
            ++place;
        }
        return place;
    }

    /** Joins a span with its neighbours if no instant lies between them. */
    void join(iterator at)
    {
        const auto next = std::next(at);
        if (next != used_.end() && is_followed(*at, *next)) {
            at->to = next->to;
            used_.erase(next);
        }
        if (at == used_.begin() || !is_followed(*std::prev(at), *at)) return;
        std::prev(at)->to = at->to;
        used_.erase(at);
    }

    bool is_followed(const used_span& a, const used_span& b) const
    {
        return a.ticks == b.ticks && a.times == b.times && instants_.next_after(a.to) == b.from;
    }

    std::vector<used_span>& used_;
    const grid& ticks_;
    occurrences instants_;
};

/** Takes away one span, but not that of the instant `at`, which was used just now: a clock that
 * is wrong at each boot comes to it again. */
void make_room(const schedule& s, std::vector<used_span>& used, const grid& ticks, instant at)
{
    const auto is_newest = [&](const used_span& u) { return u.ticks == ticks && spans(u, at); };
    const auto oldest = std::find_if_not(used.begin(), used.end(), is_newest);
    if (is_fixed_time(s)) {
        used.erase(oldest);
        return;
    }
    // No name of a rhythm becomes free: any time between two spans counts as used.
    const auto next = std::find_if_not(std::next(oldest), used.end(), is_newest);
    const bool overlap = next->from <= oldest->to;
    oldest->times = overlap ? oldest->times + next->times : std::max(oldest->times, next->times);
    oldest->to = std::max(oldest->to, next->to);
    oldest->ticks = any_time;
    used.erase(next);
}

} // namespace

std::int64_t uses_of(const std::vector<used_span>& used, const grid& ticks, instant at) noexcept
{
    std::int64_t out = 0;
    for (const used_span& u : used)
        if (is_use_of(u, ticks, at)) out += u.times;
    return out;
}

void add_use(const schedule& s, std::vector<used_span>& used, const grid& ticks, instant at)
{
    span_editor(s, used, ticks).change(at, 1);
    if (used.size() > most_spans) make_room(s, used, ticks, at);
}

void take_use_back(const schedule& s, std::vector<used_span>& used, const grid& ticks, instant at)
{
    span_editor(s, used, ticks).change(at, -1);
}

void adopt_uses(const schedule& now, bool is_same, std::vector<used_span>& used)
{
    if (!is_same)
        for (used_span& u : used) u.ticks = any_time;
    if (is_fixed_time(now))
        std::erase_if(used, [](const used_span& u) { return u.ticks == any_time; });
}

} // namespace carillon::detail

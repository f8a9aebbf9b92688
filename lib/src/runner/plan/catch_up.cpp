#include "runner/plan/catch_up.hpp"

#include <algorithm>
#include <utility>

namespace carillon::detail {
namespace {

class passed_judge {
public:
    passed_judge(const schedule& s, const passed_span& passed, instant now)
        : schedule_(s), ticks_(passed.ticks), instants_(s, passed.ticks), from_(passed.from),
          now_(now)
    {}

    /** The instants from `from_` to `to` are missed. `to` is one of them or before all. */
    void miss(instant to, reason why)
    {
        if (to < from_) return;
        out_.missed.push_back({from_, to, instants_.count(from_, to), why});
        from_ = instants_.next_after(to).value_or(instant::max());
    }

    /** Those up to `to` that are too old to be sent are missed. */
    void miss_old(instant to)
    {
        const instant oldest = now_ - schedule_.catch_up_window;
        if (oldest <= from_) return;
        if (const auto last = instants_.last_until(std::min(to, oldest - one_tick)))
            miss(*last, reason::window);
    }

    void defer(instant to)
    {
        if (to >= from_) out_.backlog = backlog_span{ticks_, from_, to, instants_.count(from_, to)};
    }

    std::optional<instant> before(instant t) const { return instants_.last_until(t - one_tick); }

    instant first() const { return from_; }
    verdict_on_passed& out() { return out_; }

private:
    const schedule& schedule_;
    grid ticks_;
    occurrences instants_;
    instant from_; // the first that is not judged yet
    instant now_;
    verdict_on_passed out_;
};

/** The n-th instant of a span; the first has n = 1. Halves the span, so that each part is counted
 * about once. */
instant nth(const occurrences& instants, const backlog_span& span, std::int64_t n)
{
    instant low = span.from;
    instant high = span.to;
    while (low < high) {
        const instant middle = low + (high - low) / 2;
        const std::int64_t in_front = instants.count(low, middle);
        if (in_front >= n) {
            high = middle;
        } else {
            n -= in_front;
            low = middle + one_tick;
        }
    }
    return low;
}

} // namespace

bool is_late(const schedule& s, instant due, instant now) noexcept
{
    constexpr microseconds limit = std::chrono::minutes{1};
    return now - due <= limit + s.accuracy;
}

verdict_on_passed judge_passed(const schedule& s, const passed_span& passed, instant now)
{
    passed_judge j(s, passed, now);
    const instant last_missed =
        passed.is_late ? j.before(passed.to).value_or(instant::min()) : passed.to;
    if (s.catch_up == catch_up_policy::none) {
        j.miss(last_missed, reason::window);
        if (passed.is_late) j.out().run = passed.to;
        return std::move(j.out());
    }
    j.miss_old(last_missed);
    const bool runs_last = passed.is_late || j.first() <= passed.to;
    if (s.catch_up == catch_up_policy::once) {
        if (const auto others = j.before(passed.to)) j.miss(*others, reason::coalesced);
        if (runs_last) j.out().run = passed.to;
    } else if (passed.is_late && j.first() == passed.to) {
        j.out().run = passed.to;
    } else {
        j.defer(passed.to);
    }
    return std::move(j.out());
}

std::vector<missed_part> coalesce_passed(const schedule& s, const passed_span& passed, instant now)
{
    passed_judge j(s, passed, now);
    if (s.catch_up != catch_up_policy::none) {
        j.miss_old(passed.to);
        j.miss(passed.to, reason::coalesced);
    } else {
        j.miss(passed.to, reason::window);
    }
    return std::move(j.out().missed);
}

void insert_by_age(std::vector<backlog_span>& backlog, const backlog_span& span)
{
    const auto behind = std::find_if(
        backlog.begin(), backlog.end(), [&](const backlog_span& o) { return o.from > span.from; });
    backlog.insert(behind, span);
}

backlog_span take_oldest(const schedule& s, std::vector<backlog_span>& backlog)
{
    backlog_span& first = backlog.front();
    const backlog_span out{first.ticks, first.from, first.from, 1};
    if (--first.count > 0)
        first.from = *occurrences(s, first.ticks).next_after(first.from);
    else
        backlog.erase(backlog.begin());
    return out;
}

void take_after(const schedule& s, std::vector<backlog_span>& backlog, instant now)
{
    for (backlog_span& o : backlog) {
        if (o.to <= now) continue;
        const occurrences instants(s, o.ticks);
        o.count -= instants.count(std::max(o.from, instants.next_after(now).value_or(o.to)), o.to);
        if (o.count > 0) o.to = *instants.last_until(now);
    }
    std::erase_if(backlog, [](const backlog_span& o) { return o.count == 0; });
}

std::vector<missed_part>
cut_to_window(const schedule& s, std::vector<backlog_span>& backlog, instant now)
{
    std::vector<missed_part> out;
    const instant oldest = now - s.catch_up_window;
    for (backlog_span& o : backlog) {
        if (o.from >= oldest) break;
        const occurrences instants(s, o.ticks);
        const instant last = *instants.last_until(std::min(o.to, oldest - one_tick));
        const std::int64_t count = instants.count(o.from, last);
        out.push_back({o.from, last, count, reason::window});
        o.count -= count;
        if (o.count > 0) o.from = *instants.next_after(last);
    }
    std::erase_if(backlog, [](const backlog_span& o) { return o.count == 0; });
    return out;
}

std::vector<missed_part>
cut_to_limit(const schedule& s, std::vector<backlog_span>& backlog, std::int64_t limit)
{
    std::int64_t excess = -limit;
    for (const backlog_span& o : backlog) excess += o.count;
    std::vector<missed_part> out;
    while (excess > 0) {
        backlog_span& oldest = backlog.front();
        if (oldest.count <= excess) {
            excess -= oldest.count;
            out.push_back({oldest.from, oldest.to, oldest.count, reason::limit});
            backlog.erase(backlog.begin());
            continue;
        }
        const occurrences instants(s, oldest.ticks);
        const instant low = nth(instants, oldest, excess);
        out.push_back({oldest.from, low, excess, reason::limit});
        oldest.from = *instants.next_after(low);
        oldest.count -= excess;
        excess = 0;
    }
    return out;
}

std::vector<missed_part> cut_to_catch_up(const schedule& s, std::vector<backlog_span>& backlog)
{
    std::vector<missed_part> out;
    if (s.catch_up == catch_up_policy::none)
        for (const backlog_span& o : std::exchange(backlog, {}))
            out.push_back({o.from, o.to, o.count, reason::window});
    const bool is_once = s.catch_up == catch_up_policy::once;
    const std::int64_t limit = is_once ? 1 : s.catch_up_limit + std::int64_t{1}; // one was late
    for (missed_part& m : cut_to_limit(s, backlog, limit)) {
        if (is_once) m.reason = reason::coalesced;
        out.push_back(m);
    }
    return out;
}

void recount(const schedule& s, std::vector<backlog_span>& backlog)
{
    for (backlog_span& o : backlog) {
        const occurrences instants(s, o.ticks);
        o.count = instants.count(o.from, o.to);
        if (o.count == 0) continue;
        o.from = *instants.next_after(o.from - one_tick);
        o.to = *instants.last_until(o.to);
    }
    std::erase_if(backlog, [](const backlog_span& o) { return o.count == 0; });
}

} // namespace carillon::detail

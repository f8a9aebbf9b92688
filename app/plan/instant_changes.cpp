#include "plan/instant_changes.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

namespace carillon::app {
namespace {

constexpr std::int64_t most_walked = 1'000'000;

/** What a job is due by; null where it is not due by itself. */
const schedule* schedule_of(const job_set& jobs, std::string_view name)
{
    const auto at = jobs.find(name);
    return at && jobs[*at].enabled ? std::get_if<schedule>(&jobs[*at].trigger) : nullptr;
}

/** The instants of one schedule within a span of time, one after another. */
class day_of_instants {
public:
    day_of_instants(const schedule* s, const time_origins& origins, instant from, instant to)
        : to_(to)
    {
        if (s == nullptr) return;
        instants_.emplace(*s, make_grid(*s, origins));
        advance(from);
    }

    const std::optional<instant>& next() const { return next_; }
    void step() { advance(*next_); }

    /** How many are left, the next one with them. */
    std::int64_t left() const { return next_ ? instants_->count(*next_, to_) : 0; }

private:
    void advance(instant t)
    {
        next_ = instants_->next_after(t);
        if (next_ && *next_ > to_) next_.reset();
    }

    instant to_;
    std::optional<occurrences> instants_;
    std::optional<instant> next_;
};

class comparison {
public:
    comparison(const time_origins& origins, instant now)
        : origins_(origins), from_(now), to_(now + std::chrono::hours{24})
    {}

    void compare(const std::string& job, const schedule* before, const schedule* after)
    {
        if (before == nullptr && after == nullptr) return;
        if (before != nullptr && after != nullptr && has_same_instants(*before, *after)) return;
        day_of_instants old(before, origins_, from_, to_);
        day_of_instants now(after, origins_, from_, to_);
        std::vector<instant> gone;
        std::vector<instant> come;
        for (; (old.next() || now.next()) && walked_ < most_walked; ++walked_) {
            const bool is_gone = !now.next() || (old.next() && *old.next() < *now.next());
            const bool is_new = !old.next() || (now.next() && *now.next() < *old.next());
            if (is_gone) gone.push_back(*old.next());
            if (is_new) come.push_back(*now.next());
            if (!is_new) old.step();
            if (!is_gone) now.step();
        }
        out_.vanish += old.left();
        out_.appear += now.left();
        add(job, gone, come);
    }

    instant_changes take() && { return std::move(out_); }

private:
    void
    add(const std::string& job, const std::vector<instant>& gone, const std::vector<instant>& come)
    {
        using enum instant_change::kind;
        if (gone.size() == come.size()) {
            out_.move += static_cast<std::int64_t>(come.size());
            for (std::size_t i = 0; i < come.size() && has_room(); ++i)
                out_.list.push_back({moves, job, come[i], gone[i]});
            return;
        }
        out_.vanish += static_cast<std::int64_t>(gone.size());
        out_.appear += static_cast<std::int64_t>(come.size());
        for (std::size_t i = 0; i < gone.size() && has_room(); ++i)
            out_.list.push_back({vanishes, job, gone[i]});
        for (std::size_t i = 0; i < come.size() && has_room(); ++i)
            out_.list.push_back({appears, job, come[i]});
    }

    bool has_room() const { return out_.list.size() < instant_changes::listed; }

    time_origins origins_;
    instant from_;
    instant to_;
    std::int64_t walked_ = 0;
    instant_changes out_;
};

} // namespace

instant_changes changes_of_the_coming_day(
    const job_set& before, const job_set& after, const time_origins& origins, instant now)
{
    comparison all(origins, now);
    for (const job& j : after.jobs())
        all.compare(j.name, schedule_of(before, j.name), schedule_of(after, j.name));
    for (const job& j : before.jobs())
        if (!after.find(j.name)) all.compare(j.name, schedule_of(before, j.name), nullptr);
    return std::move(all).take();
}

} // namespace carillon::app

#include "runner/plan/agenda.hpp"

#include <algorithm>
#include <utility>

namespace carillon::detail {
namespace {

/** The order of a heap with the earliest on top; ties by job, so that equal inputs give equal runs.
 */
constexpr auto later = [](const appointment& a, const appointment& b) {
    return a.due != b.due ? a.due > b.due : a.job > b.job;
};

} // namespace

void agenda::add(appointment a)
{
    put_back_batch();
    push(a);
}

void agenda::assign(std::vector<appointment> all)
{
    batch_.clear();
    heap_ = std::move(all);
    std::make_heap(heap_.begin(), heap_.end(), later);
}

void agenda::erase(const std::unordered_set<job_index>& jobs)
{
    put_back_batch();
    std::erase_if(heap_, [&](const appointment& a) { return jobs.contains(a.job); });
    std::make_heap(heap_.begin(), heap_.end(), later);
}

std::optional<instant> agenda::next_wake()
{
    if (batch_.empty()) {
        // Appointments are taken in the order of their due times, as long as they are due before
        // the earliest window end so far. All others are due after that, so their windows end after
        // it, too.
        instant end = instant::max();
        while (!heap_.empty() && heap_.front().due <= end) {
            batch_.push_back(pop());
            end = std::min(end, batch_.back().window_end);
        }
    }
    if (batch_.empty()) return std::nullopt;
    return batch_.back().due;
}

std::vector<appointment> agenda::take_due(instant now)
{
    const auto is_later = [](instant t, const appointment& a) { return t < a.due; };
    const auto end = std::upper_bound(batch_.begin(), batch_.end(), now, is_later);
    std::vector<appointment> due(batch_.begin(), end);
    batch_.erase(batch_.begin(), end);
    while (batch_.empty() && !heap_.empty() && heap_.front().due <= now) due.push_back(pop());
    return due;
}

appointment agenda::pop()
{
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const appointment a = heap_.back();
    heap_.pop_back();
    return a;
}

void agenda::push(appointment a)
{
    heap_.push_back(a);
    std::push_heap(heap_.begin(), heap_.end(), later);
}

void agenda::put_back_batch()
{
    for (const appointment& a : batch_) push(a);
    batch_.clear();
}

} // namespace carillon::detail

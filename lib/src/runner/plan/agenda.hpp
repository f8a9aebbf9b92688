#pragma once

#include <carillon/job/job_set.hpp>
#include <carillon/time/instant.hpp>

#include <cstddef>
#include <optional>
#include <unordered_set>
#include <vector>

namespace carillon::detail {

/** A job's next occurrence: not before `due`, and not after `window_end`. */
struct appointment {
    instant due;
    instant window_end;
    job_index job = 0;
};

/**
 * What is due when, and when to wake for it. Pure: it reads no clock and waits for nothing.
 *
 * Wake-ups coalesce within the appointments' windows: with E the earliest window end, the next
 * wake-up is at the latest due time that is not after E, so that a lone job is not delayed and no
 * one is late. A heap and the next wake-up's appointments: 24 bytes a job.
 */
class agenda {
public:
    /** Adds an appointment; `window_end` is not before `due`. */
    void add(appointment a);

    /** Replaces everything. Faster than adding one by one. */
    void assign(std::vector<appointment> all);

    /** Takes out all appointments of some jobs. The time is linear in all appointments. */
    void erase(const std::unordered_set<job_index>& jobs);

    /** When to wake next; nothing if there is no appointment. */
    std::optional<instant> next_wake();

    /** How many are due at the next wake-up. To be called right after @ref next_wake. */
    std::size_t next_size() const noexcept { return batch_.size(); }

    /** Takes all whose due time is at or before `now`, in the order of their due times. */
    std::vector<appointment> take_due(instant now);

    std::size_t size() const noexcept { return heap_.size() + batch_.size(); }

private:
    appointment pop();
    void push(appointment a);
    void put_back_batch();

    std::vector<appointment> heap_; // earliest due on top
    std::vector<appointment>
        batch_; // of the next wake-up, by due time; all before what the heap holds
};

} // namespace carillon::detail

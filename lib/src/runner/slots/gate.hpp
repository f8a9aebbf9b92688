#pragma once

#include <carillon/job/job.hpp>

namespace carillon {

/** What a chain's gate says to a run that is due. Not a public interface, like all here. */
enum class admission {
    start,
    /// Wait for the end of the last one.
    queue,
    /// Wait for it, and cancel it, and take the place of another that waits.
    replace,
    /// Wait for the end of whatever goes: it makes up for a missed instant.
    catch_up,
    /// Come to nothing.
    skip,
};

/** What a chain's runs come to while some go. Pure. */
struct gate {
    /// Runs that go, or are about to.
    int running = 0;
    /// Runs that wait for the end of those, or are about to.
    int waiting = 0;
    int skipped_in_a_row = 0;

    /** What becomes of a run that is due, by the chain's `overlap`; it is counted. */
    admission admit(overlap_policy policy) noexcept;

    /** The same of a run that makes up for a missed instant: it is never skipped. */
    admission admit_caught_up() noexcept;
};

/** Whether as many skips in a row are worth an alarm: three, six, twelve... */
bool is_alarming(int skips_in_a_row) noexcept;

} // namespace carillon

#pragma once

namespace carillon::detail {

/** How a run takes its slot that is due while others of its chain may be running. */
enum class admission {
    start,
    /// Wait for the end of the last one.
    queue,
    /// Wait for it, and cancel it, and take the slot of another that waits.
    replace,
    /// Wait for the end of whatever is running: it makes up for a missed instant.
    catch_up,
    /// It does not run.
    skip,
};

/** Whether as many skips in a row are worth an alarm: three, six, twelve... */
bool is_alarming(int skips_in_a_row) noexcept;

} // namespace carillon::detail

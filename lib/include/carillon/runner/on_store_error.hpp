#pragma once

namespace carillon {

/** Whether runs that are due are sent while the store fails. */
enum class on_store_error {
    /// It is not sent. A job's newest instant waits as long as it can be late or caught up with,
    /// and its backlog waits. Other instants count as missed.
    stop,
    /// It is sent without a stored claim, unless the delivery of a job of its chain is at most
    /// once. A crash may then lose it, or send it again.
    proceed,
};

} // namespace carillon

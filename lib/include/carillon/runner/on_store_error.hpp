#pragma once

namespace carillon {

/** What becomes of what is due while the store fails. */
enum class on_store_error {
    /// It is not sent: a job's newest instant waits as long as it can be late or caught up with,
    /// what is owed waits, others count as missed.
    stop,
    /// It is sent all the same, unless its delivery is at most once; a crash may then lose it, or
    /// send it again.
    go_on,
};

} // namespace carillon

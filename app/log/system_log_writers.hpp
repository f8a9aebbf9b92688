#pragma once

#include "log/line_writers.hpp"
#include <carillon/runner/log_entry.hpp>

#include <memory>

namespace carillon::app {

/** syslog(3)'s priority for a level; the journal uses the same numbers. */
int priority_of(log_level l);

/** Writes to systemd's journal, with its native fields (systemd.journal-fields(7)) beside
 * carillon's own. */
std::unique_ptr<line_writer> make_journal_writer();

/** Writes by syslog(3). One at a time: the connection is the process's. */
std::unique_ptr<line_writer> make_syslog_writer();

} // namespace carillon::app

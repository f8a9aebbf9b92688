#pragma once

#include "text/text_table.hpp"
#include <carillon/job/run.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

/** How runs are told to people. */
namespace carillon::app {

/** What an outcome, `missed` or `running` is coloured with. */
paint paint_of(std::string_view outcome);

/** The run's outcome; `running` where it has none. */
std::string_view outcome_word(const run_record& run);

/** The job's in a run; `waiting` or `running` where it has none. */
std::string_view outcome_word(const job_record& job);

/** `950ms`, `1.2s`, `2min 5s`, `3h 10min`: as exact as is of use. */
std::string format_length(microseconds span);

/** `3min ago`, `in 2h 5min`. */
std::string distance_in_words(instant t, instant now);

/** How long a run took, or has taken until now; nothing if a crash interrupted it. Never negative,
 * also where the clock was set. */
std::optional<microseconds> length_of(const run_record& run, instant now);

/** From a job's first request to its last reply. */
microseconds length_of(const job_record& job);

/** The run's record of a job. */
const job_record* find_job(const run_record& run, std::string_view job);

/** Why an attempt did not complete: `connection refused; in phase connect after 1ms`. */
std::string failure_text(const attempt_record& a);

/** What went wrong with the job, else what its reply says. */
std::string describe_end(const job_record& job);

/** The same of a run: of its first job that did not complete, else of its first; another job than
 * the chain's first is named. */
std::string describe_end(const run_record& run);

/** For a run that a crash interrupted and that has not been ended: it then shows as interrupted. */
void mark_interrupted(run_record& run, bool recovers);

/** The ids that begin as a text does: hexadecimal digits with or without dashes, at least 8;
 * nothing if it is no such text. */
std::optional<std::pair<run_id, run_id>> ids_beginning(std::string_view text);

} // namespace carillon::app

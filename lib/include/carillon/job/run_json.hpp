#pragma once

#include <carillon/job/run.hpp>

#include <boost/json/object.hpp>

namespace carillon {

/** A run as programs see it: `{run, chain, scheduled_at, trigger, outcome, ..., jobs: [...]}`; one
 * that has not ended has the outcome `running`. Texts that are no UTF-8 have U+FFFD in place of
 * what is wrong. */
boost::json::object to_json(const run_record& run);

/** A job of a run as programs see it. */
boost::json::object to_json(const job_record& job);

} // namespace carillon

#pragma once

#include <carillon/job/run.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace carillon::detail {

/** The jobs of a run as the store keeps them. */
std::string jobs_to_text(const std::vector<job_record>& jobs);

/** What @ref jobs_to_text gave; what cannot be read is left out. */
std::vector<job_record> jobs_from_text(std::string_view text);

/** A job of a run that has not ended, with what is needed to go on after a crash. */
std::string job_to_text(const job_record& job);
job_record job_from_text(std::string_view text);

} // namespace carillon::detail

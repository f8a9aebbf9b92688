#pragma once

#include <carillon/store/job_memory.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace carillon::detail {

/**
 * What is remembered of a job as the store keeps it, beside the job's name: JSON, times in
 * microseconds since 1970.
 *
 * What has its default is left out. A store never looks into it, so that a field more changes no
 * schema.
 */
std::string memory_to_text(const job_memory& m);

/** What @ref memory_to_text gave. What is not known is passed over. Nothing if the text is no
 * JSON object: something else than carillon has written it, or the file is damaged. */
std::optional<job_memory> memory_from_text(std::string job, std::string_view text);

} // namespace carillon::detail

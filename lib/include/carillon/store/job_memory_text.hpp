#pragma once

#include <carillon/store/job_memory.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/**
 * What is remembered of a job, beside its name, as one text: for stores that keep it whole. JSON,
 * times in microseconds since 1970; what has its default is left out.
 *
 * A store need not look into it, so that a field more changes no schema.
 */
std::string to_text(const job_memory& m);

/** What @ref to_text gave. What is not known is passed over. Nothing if the text is no JSON object:
 * something else than carillon has written it, or it is damaged. */
std::optional<job_memory> job_memory_from_text(std::string job, std::string_view text);

} // namespace carillon

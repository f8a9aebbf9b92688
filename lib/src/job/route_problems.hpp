#pragma once

#include <carillon/job/job.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::detail {

/** What is wrong with the way and the credentials of a job: keys as `tls.key_file`, and words. */
std::vector<std::pair<std::string, std::string>> find_route_problems(const job& j);

/** Why a URL, maybe with placeholders in path or query, cannot be sent to; empty where it can. */
std::string url_problem(std::string_view url);

} // namespace carillon::detail

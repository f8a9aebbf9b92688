#pragma once

#include <carillon/job/job.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::detail {

/** What is wrong with the route and the credentials of a job: keys such as `tls.key_file`, and
 * words. */
std::vector<std::pair<std::string, std::string>> find_route_problems(const job& j);

/** Why nothing can be sent to a URL, which may have placeholders in path and query; empty if it
 * can. */
std::string url_problem(std::string_view url);

} // namespace carillon::detail

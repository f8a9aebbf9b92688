#pragma once

#include <carillon/time/local_pattern.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace carillon::app {

/// So many times are listed one by one.
inline constexpr std::size_t listed_times = 6;

/** `a`, `a and b`, `a, b and c`. */
std::string listed(const std::vector<std::string>& words);

/** What a pattern of local times means, without its zone: `at 09:00 on Monday to Friday`. */
std::string in_english(const local_pattern& p);

/** The same of every n-th of its times: `at 09:00 on every second Monday`. */
std::string every_nth_in_english(const local_pattern& p, std::int64_t n);

} // namespace carillon::app

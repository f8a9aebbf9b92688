#pragma once

#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/local_pattern.hpp>

#include <string_view>
#include <variant>

namespace carillon {

/** A longer cron or calendar expression is a mistake. */
inline constexpr std::size_t max_expression_bytes = 1024;

/** What a cron expression means: local times, or with `@every` a rate. */
using cron_meaning = std::variant<local_pattern, microseconds>;

/**
 * Reads a cron expression: `minute hour day month weekday`, with `second` before them, or with
 * `second` before and `year` behind.
 *
 * The grammar of crontab(5) and its steps, names and lists; ranges may wrap around (`22-4`,
 * `FRI-MON`). As in Quartz `L`, `L-3`, `15W`, `LW`, `5L`, `TUE#2` and `?`; as in Jenkins `H`,
 * `H/15`, `H(0-29)/10`, which stand for values that `job_name` fixes; `@hourly`, `@daily` and the
 * like, and `@every SPAN`. Where day and weekday are both restricted, that is neither begins with
 * `*` or `?`, a date fits when either does (crontab(5)).
 *
 * Fails with the place of the first mistake and what is allowed there. That an expression means no
 * date at all, such as 30 February, is no mistake of grammar: its pattern is empty.
 */
parse_result<cron_meaning> parse_cron(std::string_view text, std::string_view job_name = {});

} // namespace carillon

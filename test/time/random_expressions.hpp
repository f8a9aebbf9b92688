#pragma once

#include <random>
#include <string>

namespace carillon::test {

/** A valid cron expression, drawn from the whole grammar: five to seven fields and macros, all
 * forms of items, names in mixed case. Most fire from once to a few hundred times a month, many
 * between 00:00 and 03:59, where clocks change; some never. None is `@every`. */
std::string random_cron(std::mt19937_64& random);

/** A valid calendar event, drawn from the whole grammar in the same spirit: also shorthands,
 * `@SECONDS`, fractions of seconds and, now and then, a zone. */
std::string random_calendar(std::mt19937_64& random);

} // namespace carillon::test

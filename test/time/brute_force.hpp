#pragma once

#include <carillon/time/instant.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace carillon::test {

enum class expression_kind { cron, calendar };

/** How times in gaps and folds of local time are read. */
enum class dst_rule { run, skip, both, shift };

/** All instants in (from, to] at which the expression fires, in ascending order, found by looking
 * at every minute in turn.
 *
 * An oracle for tests, written apart from what it judges: it shares neither parsers nor zone
 * arithmetic with the library, but asks the C library for the offset of every minute of UTC. It
 * therefore sets `TZ` while it runs, and puts back what was there: call it only while no other
 * thread asks for local time or the environment. The first call for a zone takes a twentieth of a
 * second for each year in the range, half a second from 2038 on; later ones take milliseconds. An
 * expression that fires every second fills the vector accordingly.
 *
 * @param zone an IANA name; one that a calendar expression itself names goes before it.
 * @param job_name what `H` of cron expressions is hashed from.
 * @throws std::invalid_argument where the expression or the zone is not valid. */
std::vector<instant> brute_force(
    expression_kind kind,
    std::string_view expression,
    const std::string& zone,
    instant from,
    instant to,
    dst_rule dst = dst_rule::run,
    std::string_view job_name = {});

} // namespace carillon::test

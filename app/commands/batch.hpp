#pragma once

#include "base/zone_cache.hpp"

#include <cstdio>
#include <string>
#include <string_view>

namespace carillon::app {

/** Answers `carillon next --batch`: one line an expression. */
class batch {
public:
    /**
     * The answer to a line `kind TAB expression TAB zone TAB from TAB count`, then if wanted
     * `TAB name=JOB` and `TAB dst=POLICY`.
     *
     * Instants with a blank between them, microseconds of a span, `infinity`, `never`, or `error: `
     * and the reason.
     */
    std::string answer(std::string_view line);

private:
    zone_cache zones_;
};

/** Answers each line of `in` on `out`; false where `out` cannot be written. */
bool answer_lines(std::FILE* in, std::FILE* out);

} // namespace carillon::app

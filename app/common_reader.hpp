#pragma once

#include "table_reader.hpp"
#include <carillon/job/job.hpp>

#include <string>

namespace carillon::app {

/** Reads the keys that `[defaults]` and jobs have in common, but for `base_url`, over what stands
 * in `out`. `in` reads the table, which is in `file`. */
void read_common(reading& r, const std::string& file, table_reader& in, job& out);

/** Calls `f` for a value, or for each of a list. */
template <class F>
void for_each_value(const toml::node& n, F f)
{
    if (const auto* list = n.as_array())
        for (const auto& item : *list) f(item);
    else
        f(n);
}

} // namespace carillon::app

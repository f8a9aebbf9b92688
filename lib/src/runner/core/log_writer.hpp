#pragma once

#include <carillon/runner/log_entry.hpp>

#include <functional>

namespace carillon::detail {

/** Hands what `make` makes to Boost.Log's sinks. Where none wants a record of this level, `make` is
 * not called. */
void write_if_wanted(log_level level, const std::function<log_entry()>& make);

} // namespace carillon::detail

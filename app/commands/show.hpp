#pragma once

#include "base/terminal.hpp"
#include <carillon/job/run.hpp>
#include <carillon/store/store_reader.hpp>

#include <boost/system/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/** Why no run is shown, in words, and whether the reason is that the text is no id. */
struct no_run {
    std::string why;
    bool is_no_id = false;
};

/** Lets `result<..., no_run>::value()` throw `std::invalid_argument`. */
[[noreturn]] void throw_exception_from_error(const no_run& e, const boost::source_location&);

/** The run whose id is, or alone begins with, a text; a run that has not ended and whose process is
 * gone counts as interrupted. */
boost::system::result<run_record, no_run> find_run(store_reader& store, std::string_view text);

/** How many characters of these ids are enough for @ref find_run; at least those that tell the
 * millisecond. */
std::size_t short_id_length(store_reader& store, const std::vector<std::string>& ids);

/** All that is known of a run, for people. */
std::string describe_run(const run_record& run, instant now, const screen& to);

} // namespace carillon::app

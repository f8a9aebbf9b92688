#pragma once

#include "base/bad_text.hpp"
#include <carillon/job/job_set.hpp>
#include <carillon/store/history.hpp>
#include <carillon/store/store_reader.hpp>

#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/** What `carillon history` was asked for, as it was written. */
struct history_options {
    /// Or a chain; empty means all.
    std::string job{};
    std::size_t limit = 100;
    std::optional<std::int64_t> before{};
    std::string since{};
    std::string outcome{};
    bool as_json = false;
};

/** The chains in which a job takes part: those that begin with it, or with a job that it comes
 * after. Empty where there is no such job. */
std::vector<std::string> chains_with(const job_set& jobs, std::string_view job);

/** The query; its outcome may also be `running`, which no store knows. A name that is no job is
 * taken as a chain's. Local times are those of `zone`. */
boost::system::result<history_query, bad_text> read_history_query(
    const history_options& o, const job_set& jobs, instant now, const time_zone& zone);

/** Why no page of this history can have ended with a cursor; nothing if one may have. */
std::optional<bad_text> check_cursor(store_reader& store, std::optional<std::int64_t> before);

/** Whether the store knows a run or a missed instant of this chain. */
bool knows_chain(store_reader& store, const std::string& chain);

/**
 * The part of the history that is asked for. The first page begins with the runs that have not
 * ended, which do not count toward its limit: without an outcome, or `interrupted` where their
 * process is gone.
 */
history_page read_history(store_reader& store, const history_query& q);

/** `{"runs": [...], "next": CURSOR or null}` */
std::string as_json(const history_page& page);

} // namespace carillon::app

#pragma once

#include "config/job_tables.hpp"
#include "config/table_reader.hpp"
#include <carillon/job/job_set.hpp>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace carillon::app {

/**
 * Finds for the problems of jobs the places in the files where the values were written.
 *
 * Make it when all has been read. A key whose value could not be read has been reported by then,
 * and problems that follow from it are dropped.
 */
class problem_places {
public:
    explicit problem_places(reading& r);

    /** Problems of the defaults by themselves. */
    void tell_defaults(const table_place& place, const std::vector<problem>& problems);

    /** A problem of a job, unless it comes from the defaults and is reported there: at the key in
     * the job's table, else at the table around it, else at the job's head. */
    void tell_job(const table_place& place, const problem& p);

    /** Something in a job that is not wrong, but worth a warning. */
    void warn_job(const table_place& place, const problem& p);

private:
    void
    add(const table_place& place,
        const std::string& outer_key,
        const problem& p,
        const toml_node* value);

    reading& reading_;
    std::set<std::string> unreadable_; // keys
    std::set<std::pair<std::string, std::string>> of_defaults_;
    std::set<std::pair<std::string, std::string>> told_;
};

} // namespace carillon::app

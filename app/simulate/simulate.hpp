#pragma once

#include "base/bad_text.hpp"
#include "simulate/simulation.hpp"

#include <boost/system/result.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/** What `carillon simulate` was asked for, as it was written. */
struct simulate_options {
    /// Else now.
    std::string from{};
    std::string span = "1d";
    std::string boot{};
    std::vector<std::string> down{};
    std::vector<std::string> off{};
    std::vector<std::string> step{};
    std::vector<std::string> replies{};
    bool as_json = false;
};

/** The scenario; local times are those of UTC. */
boost::system::result<scenario, bad_text>
read_scenario(const simulate_options& o, const job_set& jobs, instant now);

/** A line for programs; empty for an incident of the machine. */
std::string as_json_line(const simulated_event& e);

/** A line for people. */
std::string as_line(const simulated_event& e);

/** What is worth a look in a whole simulation: how much ran, which runs overlapped, which seconds
 * were crowded.
 */
class simulation_summary {
public:
    void add(const simulated_event& e);

    std::string text() const;

private:
    struct counts {
        std::int64_t runs = 0;
        std::int64_t overlaps = 0;
        std::map<reason, std::int64_t> missed{};
    };

    struct second {
        instant begin{};
        int starts = 0;
    };

    void count_start(instant at);

    std::map<std::string, counts, std::less<>> jobs_;
    std::map<outcome, std::int64_t> outcomes_;
    std::int64_t skipped_ = 0;
    second current_;
    second busiest_;
    std::int64_t crowded_ = 0;
};

} // namespace carillon::app

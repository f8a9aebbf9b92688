#pragma once

#include "print.hpp"
#include "runner/machine.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::test {

/** A machine whose requests are told by job and attempt, and whose replies may be slow. */
struct slow_machine : machine {
    using strings = std::vector<std::string>;

    slow_machine()
    {
        answer = [this](const http::request& r) {
            return http::reply_with(200, R"({"id":"x17"})", delay[field(r, "Carillon-Job")]);
        };
    }

    static job hourly(std::string name)
    {
        return make(std::move(name), schedule{.every = std::chrono::hours{1}});
    }

    static job
    waiting_for(std::string name, std::string parent, condition when = condition::succeeded)
    {
        return make(std::move(name), after{{std::move(parent), when}});
    }

    /** `JOB ATTEMPT` of each request. */
    strings sent() const
    {
        strings out;
        for (const auto& s : requests)
            out.push_back(s.job + " " + field(s.request, "Carillon-Attempt"));
        return out;
    }

    std::string header(std::size_t i, std::string_view name) const
    {
        return field(requests.at(i).request, name);
    }

    run_record last_run(const std::string& chain) const { return store.runs(chain).back(); }

    std::map<std::string, microseconds> delay; // of a job's replies
};

} // namespace carillon::test

#pragma once

#include "simulate/simulation.hpp"
#include <carillon/http/scripted_transport.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/** An API whose replies bring each job to the outcome that is asked for. */
class simulated_api {
public:
    using outcomes = std::map<std::string, simulated_reply, std::less<>>;

    /** Both must outlive it. */
    simulated_api(const job_set& jobs, const outcomes& wanted);

    http::scripted_reply answer(const http::request& r) const;

private:
    const job_set& jobs_;
    std::string expected_body(const job& j) const;

    const outcomes& wanted_;
    // The values of a job's reply that other jobs are sent with: JSON pointers.
    std::map<std::string, std::vector<std::string>, std::less<>> sent_on_;
};

} // namespace carillon::app

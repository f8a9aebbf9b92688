#pragma once

#include <carillon/job/job.hpp>

#include <string>
#include <utility>

namespace carillon::test {

/** A job with a request that nobody looks at. */
inline job make(std::string name, trigger t = std::monostate{})
{
    return {.name = std::move(name), .trigger = std::move(t), .url = "http://localhost:8000/x"};
}

} // namespace carillon::test

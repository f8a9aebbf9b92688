#pragma once

#include <carillon/error.hpp>
#include <carillon/time/zone.hpp>

#include <map>
#include <string>
#include <string_view>

namespace carillon::app {

/** Time zones that are read once, however many expressions name them. */
class zone_cache {
public:
    const parse_result<time_zone>& find(std::string_view name)
    {
        auto at = zones_.find(name);
        if (at == zones_.end()) at = zones_.emplace(name, time_zone::load(name)).first;
        return at->second;
    }

private:
    std::map<std::string, parse_result<time_zone>, std::less<>> zones_;
};

} // namespace carillon::app

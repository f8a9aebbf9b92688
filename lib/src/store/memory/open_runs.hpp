#pragma once

#include <carillon/store/claim.hpp>
#include <carillon/store/store_reader.hpp>

#include <boost/container_hash/hash.hpp>

#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace carillon::detail {

/** Runs that are claimed and have not ended, by occurrence and by run. */
class open_runs {
public:
    using occurrence = std::pair<std::string, instant>; // chain and instant

    struct owned_run {
        open_run run;
        int owner = 0; // none
    };

    /** The run that is open for an occurrence; null where there is none. */
    owned_run* find(const occurrence& at);

    /** The open run of this id; null where there is none. */
    owned_run* find(run_id id) const;

    bool has_chain(const std::string& chain) const;

    /** Their ids, in any order. */
    std::vector<run_id> ids() const;

    /** All of them, those with the earliest claim first. */
    std::vector<unended_run> all() const;

    /** In place of what was open for the same occurrence. */
    void put(occurrence at, owned_run run);

    /** Forgets what is open for an occurrence, if anything is. */
    void erase(const occurrence& at);

    /** What was this owner's is nobody's. */
    void disown(int owner);

private:
    using place = std::map<occurrence, owned_run>::iterator;

    std::map<occurrence, owned_run> runs_;
    std::unordered_multimap<run_id, place, boost::hash<run_id>> by_id_;
};

} // namespace carillon::detail

#pragma once

#include <carillon/detail/sqlite.hpp>
#include <carillon/job/run.hpp>
#include <carillon/store/job_memory.hpp>

#include <boost/uuid/uuid.hpp>

#include <cstdint>
#include <string>
#include <vector>

/** How values stand in a store's columns. */
namespace carillon::detail::sqlite {

inline std::int64_t number_of(instant t) { return t.time_since_epoch().count(); }
inline instant instant_of(std::int64_t us) { return instant{microseconds{us}}; }

inline void bind_uuid(statement& s, int at, const boost::uuids::uuid& id)
{
    s.bind_bytes(at, id.data, sizeof id.data);
}

/// Who owns a claim that was given back: nobody, and nothing of its run has begun.
inline constexpr std::int64_t nobody_unbegun = 0;
/// Nobody likewise; something of it may have begun before.
inline constexpr std::int64_t nobody = -1;

/** Of a column that holds none, the nil UUID. */
boost::uuids::uuid uuid_at(const statement& s, int at);

/** Debts as JSON, in microseconds; empty for none. */
std::string owed_to_text(const std::vector<owed_span>& owed);
std::vector<owed_span> owed_from_text(std::string_view text);

/** Used names likewise. */
std::string used_to_text(const std::vector<used_span>& used);
std::vector<used_span> used_from_text(std::string_view text);

} // namespace carillon::detail::sqlite

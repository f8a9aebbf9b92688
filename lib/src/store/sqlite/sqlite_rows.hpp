#pragma once

#include <carillon/detail/sqlite.hpp>
#include <carillon/job/run.hpp>

#include <boost/uuid/uuid.hpp>

#include <cstdint>

/** How values stand in a store's columns. */
namespace carillon::detail::sqlite {

inline std::int64_t number_of(instant t) { return t.time_since_epoch().count(); }
inline instant instant_of(std::int64_t us) { return instant{microseconds{us}}; }

inline void bind_uuid(statement& s, int at, const boost::uuids::uuid& id)
{
    s.bind_bytes(at, id.data, sizeof id.data);
}

/** The same of an id that lives until the statement has run. */
inline void lend_uuid(statement& s, int at, const boost::uuids::uuid& id)
{
    s.lend_bytes(at, id.data, sizeof id.data);
}

/// Who owns a claim that was given back: nobody, and nothing of its run has begun.
inline constexpr std::int64_t nobody_unbegun = 0;
/// Nobody likewise; something of it may have begun before.
inline constexpr std::int64_t nobody = -1;

/** Of a column that holds none, the nil UUID. */
boost::uuids::uuid uuid_at(const statement& s, int at);

} // namespace carillon::detail::sqlite

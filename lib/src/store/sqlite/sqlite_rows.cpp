#include "store/sqlite/sqlite_rows.hpp"

#include <algorithm>

namespace carillon::detail::sqlite {

boost::uuids::uuid uuid_at(const statement& s, int at)
{
    boost::uuids::uuid out{};
    const std::string_view bytes = s.bytes(at);
    if (bytes.size() == sizeof out.data) std::copy(bytes.begin(), bytes.end(), out.data);
    return out;
}

} // namespace carillon::detail::sqlite

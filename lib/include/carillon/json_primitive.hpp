#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

namespace carillon {

/** A JSON value that holds no other (RFC 8259 section 1); null where none is given. A number is
 * whole or not, as it was written. */
using json_primitive =
    std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string>;

} // namespace carillon

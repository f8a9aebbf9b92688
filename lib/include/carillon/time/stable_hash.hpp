#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace carillon {

/**
 * A number that depends on some texts alone: equal on every machine and in every version, well
 * spread, and no secret.
 *
 * FNV-1a of 64 bits over the texts with 0x1F between them, then MurmurHash3's fmix64, since the low
 * bits of FNV alone are poor.
 */
std::uint64_t stable_hash(std::initializer_list<std::string_view> parts) noexcept;

} // namespace carillon

#include <carillon/time/stable_hash.hpp>

namespace carillon {
namespace {

constexpr std::uint64_t mix(std::uint64_t h) noexcept
{
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccd;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53;
    h ^= h >> 33;
    return h;
}

} // namespace

std::uint64_t stable_hash(std::initializer_list<std::string_view> parts) noexcept
{
    std::uint64_t h = 14695981039346656037U;
    const auto add = [&](char c) {
        h ^= static_cast<unsigned char>(c);
        h *= 1099511628211U;
    };
    bool is_first = true;
    for (const std::string_view part : parts) {
        if (!is_first) add('\x1f');
        is_first = false;
        for (const char c : part) add(c);
    }
    return mix(h);
}

} // namespace carillon

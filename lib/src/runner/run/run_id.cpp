#include "runner/run/run_id.hpp"

#include <array>
#include <cstdint>

namespace carillon::detail {

run_id make_run_id(instant now, std::mt19937_64& random)
{
    const auto ms = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count());
    const std::array<std::uint64_t, 2> words{
        ms << 16U | 0x7000U | (random() & 0xFFFU), (random() >> 2U) | 0x8000'0000'0000'0000U};
    run_id id{};
    for (std::size_t i = 0; i < 16; ++i)
        id.data[i] = static_cast<std::uint8_t>(words[i / 8] >> (8 * (7 - i % 8)));
    return id;
}

} // namespace carillon::detail

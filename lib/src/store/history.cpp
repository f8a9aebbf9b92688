#include <carillon/store/history.hpp>

namespace carillon {

std::string_view fate_of(reason r) noexcept
{
    return r == reason::overlap || r == reason::shutdown ? "skipped" : "missed";
}

} // namespace carillon

#include <carillon/detail/text.hpp>
#include <carillon/http/transport.hpp>

#include <algorithm>

namespace carillon::http {

const std::string* response::find(std::string_view name) const noexcept
{
    const auto at = std::find_if(fields.begin(), fields.end(), [&](const field& f) {
        return carillon::detail::equals_ignoring_case(f.name, name);
    });
    return at == fields.end() ? nullptr : &at->value;
}

} // namespace carillon::http

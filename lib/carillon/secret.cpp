#include <carillon/detail/text.hpp>
#include <carillon/secret.hpp>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <algorithm>
#include <array>
#include <ostream>

namespace carillon {
namespace {

std::string in_json(std::string_view text)
{
    const std::string quoted = boost::json::serialize(boost::json::string_view(text));
    return quoted.substr(1, quoted.size() - 2);
}

} // namespace

std::ostream& operator<<(std::ostream& out, const secret&) { return out << "***"; }

void masker::add(std::string_view text)
{
    if (text.size() < min_length) return;
    insert(std::string(text));
    insert(in_json(text));
    insert(detail::percent_encode(text));
}

void masker::add(const masker& other)
{
    for (const auto& text : other.texts_) insert(text);
}

void masker::insert(std::string text)
{
    const auto longer_first = [](const std::string& a, const std::string& b) {
        return a.size() != b.size() ? a.size() > b.size() : a < b;
    };
    const auto at = std::lower_bound(texts_.begin(), texts_.end(), text, longer_first);
    if (at == texts_.end() || *at != text) texts_.insert(at, std::move(text));
}

std::string masker::hide(std::string_view text) const
{
    std::string out(text);
    for (const auto& hidden : texts_) {
        for (std::size_t at = out.find(hidden); at != std::string::npos;
             at = out.find(hidden, at + 3))
            out.replace(at, hidden.size(), "***");
    }
    return out;
}

bool masker::finds(std::string_view text) const
{
    return std::any_of(texts_.begin(), texts_.end(), [&](const std::string& hidden) {
        return text.find(hidden) != std::string_view::npos;
    });
}

bool is_secret_header(std::string_view name)
{
    static constexpr std::array<std::string_view, 4> names{
        "authorization", "x-api-key", "cookie", "proxy-authorization"};
    return std::any_of(names.begin(), names.end(), [&](std::string_view known) {
        return detail::equals_ignoring_case(name, known);
    });
}

} // namespace carillon

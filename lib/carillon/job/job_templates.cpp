#include <carillon/job/job_templates.hpp>

#include <algorithm>
#include <variant>

namespace carillon {

void for_each_template(
    const job& j, const std::function<void(std::string_view key, const std::string& text)>& f)
{
    const auto tell = [&](std::string_view key, const std::string& text) {
        if (has_placeholders(text)) f(key, text);
    };
    tell("url", j.url);
    for (const header& h : *j.headers)
        if (has_placeholders(h.value.reveal())) f("headers." + h.name, h.value.reveal());
    tell("body", j.body);
    if (const auto* bearer = std::get_if<bearer_auth>(&*j.auth))
        tell("auth.bearer", bearer->token.reveal());
    if (*j.poll) tell("poll.url", (*j.poll)->url);
}

std::vector<reply_reference> reply_references(const job& j)
{
    std::vector<reply_reference> out;
    for_each_template(j, [&](std::string_view, const std::string& text) {
        for (reply_reference& r : reply_references(text))
            if (std::find(out.begin(), out.end(), r) == out.end()) out.push_back(std::move(r));
    });
    return out;
}

std::string without_placeholders(std::string_view url)
{
    std::string out;
    while (!url.empty()) {
        const std::size_t begin = std::min(url.find("{{"), url.size());
        out += url.substr(0, begin);
        url.remove_prefix(begin);
        if (url.empty()) break;
        const std::size_t end = url.find("}}");
        if (end == std::string_view::npos) return out.append(url);
        out += 'x';
        url.remove_prefix(end + 2);
    }
    return out;
}

} // namespace carillon

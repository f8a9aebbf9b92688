#include <carillon/job/endpoint.hpp>
#include <carillon/job/job_templates.hpp>
#include <carillon/secret.hpp>

#include <algorithm>
#include <variant>

namespace carillon {
namespace {

constexpr std::string_view header_key = "headers.";

} // namespace

void for_each_template(
    const job& j, const std::function<void(std::string_view key, const std::string& text)>& f)
{
    const auto tell = [&](std::string_view key, const std::string& text) {
        if (has_placeholders(text)) f(key, text);
    };
    tell("url", j.url);
    for (const header& h : *j.headers)
        if (has_placeholders(h.value.reveal()))
            f(std::string(header_key) + h.name, h.value.reveal());
    tell("body", j.body);
    if (const auto* bearer = std::get_if<bearer_auth>(&*j.auth))
        tell("auth.bearer", bearer->token.reveal());
    if (*j.poll) tell("poll.url", (*j.poll)->url);
}

std::vector<sent_value> sent_values(const job& j)
{
    std::vector<sent_value> out;
    const auto add = [&](std::string_view text, bool is_secret) {
        for (reply_reference& r : reply_references(text)) {
            const auto known = std::find_if(
                out.begin(), out.end(), [&](const sent_value& v) { return v.from == r; });
            if (known == out.end())
                out.push_back({std::move(r), is_secret});
            else
                known->is_secret = known->is_secret || is_secret;
        }
    };
    for_each_template(j, [&](std::string_view key, const std::string& text) {
        add(text, key.starts_with("auth.") || (key.starts_with(header_key) &&
                                               is_secret_header(key.substr(header_key.size()))));
        if (key != "url" && key != "poll.url") return;
        for (const url_part& p : secret_url_parts(text))
            add(std::string_view(text).substr(p.begin, p.end - p.begin), true);
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
        if (url.starts_with("{{{{")) { // two literal braces
            out += "{{";
            url.remove_prefix(4);
            continue;
        }
        const std::size_t end = url.find("}}");
        if (end == std::string_view::npos) return out.append(url);
        out += 'x';
        url.remove_prefix(end + 2);
    }
    return out;
}

} // namespace carillon

#include "http/redirect.hpp"

#include <carillon/detail/text.hpp>

#include <algorithm>
#include <utility>

namespace carillon::http::detail {
namespace {

/** Whether a field tells of the body. */
bool is_of_body(std::string_view name)
{
    return name.size() > 8 && carillon::detail::equals_ignoring_case(name.substr(0, 8), "content-");
}

void make_get(request& req)
{
    if (req.method != "HEAD") req.method = "GET";
    req.body.clear();
    std::erase_if(req.fields, [](const field& f) { return is_of_body(f.name); });
}

/** Takes out what is meant for the first origin alone. */
void leave_origin(request& req)
{
    std::erase_if(req.fields, [](const field& f) { return f.is_credential; });
    route r = *req.route;
    r.tls.cert_file.clear();
    r.tls.key_file.clear();
    // It is the first origin's name, too.
    r.tls.server_name.clear();
    req.route = std::move(r);
}

/** A reference's pieces (RFC 3986 appendix B), each with what marks it: `http:`, `//host`, `/path`,
 * `?query`. The fragment is left out. */
struct url_pieces {
    std::string_view scheme;
    std::string_view authority;
    std::string_view path;
    std::string_view query;
};

url_pieces split_reference(std::string_view text)
{
    text = text.substr(0, text.find('#'));
    const auto take = [&text](std::size_t size) {
        const std::string_view piece = text.substr(0, size);
        text.remove_prefix(piece.size());
        return piece;
    };
    url_pieces out;
    const std::size_t mark = text.find_first_of(":/?");
    if (mark != std::string_view::npos && text[mark] == ':') out.scheme = take(mark + 1);
    if (text.starts_with("//")) out.authority = take(text.find_first_of("/?", 2));
    out.path = take(text.find('?'));
    out.query = text;
    return out;
}

/** RFC 3986 section 5.2.4. */
std::string without_dot_segments(std::string_view path)
{
    std::string out;
    while (!path.empty()) {
        const std::size_t end = std::min(path.find('/', 1), path.size());
        const std::string_view segment = path.substr(0, end);
        path.remove_prefix(end);
        const bool leads_up = segment == "/..";
        if (leads_up) out.resize(std::min(out.rfind('/'), out.size()));
        if (!leads_up && segment != "/.")
            out += segment;
        else if (path.empty())
            out += '/';
    }
    return out;
}

/** RFC 3986 section 5.2.3: the reference in place of the base's last segment. */
std::string merged(std::string_view base, std::string_view path)
{
    return std::string(base.substr(0, base.rfind('/') + 1)).append(path);
}

explained_error refuse(std::string why) { return {errc::bad_redirect, std::move(why)}; }

} // namespace

bool is_redirect(int status) noexcept
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/** RFC 3986 section 5.2.2. By hand: Boost.URL (1.81) decodes what is percent-encoded, `%2F` too,
 * and leaves `..` at the top of a path. */
parse_result<endpoint> resolve_reference(const endpoint& from, std::string_view reference)
{
    const url_pieces ref = split_reference(reference);
    const url_pieces base = split_reference(from.target);
    std::string out(ref.scheme);
    if (out.empty()) out = from.scheme + ":";
    const bool is_elsewhere = !ref.scheme.empty() || !ref.authority.empty();
    if (is_elsewhere)
        out += ref.authority;
    else
        out += from.origin().substr(out.size());
    if (!is_elsewhere && ref.path.empty()) {
        out.append(base.path).append(ref.query.empty() ? base.query : ref.query);
        return parse_endpoint(out);
    }
    const bool is_whole = is_elsewhere || ref.path.starts_with('/');
    out += without_dot_segments(is_whole ? std::string(ref.path) : merged(base.path, ref.path));
    return parse_endpoint(out.append(ref.query));
}

boost::system::result<request, explained_error>
redirected(request req, endpoint target, bool keeps_body)
{
    if (!keeps_body) make_get(req);
    if (target.origin() != req.target.origin()) {
        if (!req.route->unix_socket.empty())
            return refuse("it leads to " + target.origin() + ", away from the unix socket");
        if (keeps_body && req.body_is_credential)
            return refuse(
                "it would take the body, which holds a secret, to " + target.origin() +
                ", another origin");
        leave_origin(req);
    }
    req.target = std::move(target);
    return req;
}

boost::system::result<request, explained_error> follow(request req, const response& res)
{
    const std::string* const location = res.find("Location");
    if (location == nullptr) return refuse("it has no Location");
    auto target = resolve_reference(req.target, *location);
    if (!target) return refuse("its Location " + *location + ": " + target.error().what);
    return redirected(std::move(req), std::move(*target), res.status == 307 || res.status == 308);
}

} // namespace carillon::http::detail

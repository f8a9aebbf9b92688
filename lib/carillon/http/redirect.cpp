#include <carillon/detail/text.hpp>
#include <carillon/http/redirect.hpp>

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <boost/url/url_view.hpp>

#include <utility>

namespace urls = boost::urls;

namespace carillon::http {
namespace {

/** Whether a field tells of the body. */
bool is_of_body(std::string_view name)
{
    return name.size() > 8 && detail::equals_ignoring_case(name.substr(0, 8), "content-");
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

explained_error refuse(std::string why) { return {errc::bad_redirect, std::move(why)}; }

} // namespace

bool is_redirect(int status) noexcept
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

parse_result<endpoint> resolve_reference(const endpoint& from, std::string_view reference)
{
    const auto ref = urls::parse_uri_reference(reference);
    if (!ref) return parse_error{0, "not a URL"};
    const std::string from_text = from.origin() + from.target; // which the next refers to
    const auto base = urls::parse_uri(from_text);
    if (!base) return parse_error{0, "not a URL"};
    urls::url out;
    if (const auto done = urls::resolve(*base, *ref, out); !done)
        return parse_error{0, "not a URL"};
    return parse_endpoint(std::string_view(out.buffer().data(), out.buffer().size()));
}

boost::system::result<request, explained_error>
redirected(request req, endpoint target, bool keeps_body)
{
    if (!keeps_body) make_get(req);
    if (target.origin() != req.target.origin()) {
        if (!req.route->unix_socket.empty())
            return refuse("it leads to " + target.origin() + ", away from the unix socket");
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

} // namespace carillon::http

#include "runner/attempt/request_maker.hpp"

#include "base/json_parse.hpp"
#include "http/redirect.hpp"
#include "job/request_fields.hpp"
#include <carillon/detail/json_text.hpp>
#include <carillon/detail/text.hpp>
#include <carillon/job/expectation.hpp>
#include <carillon/job/job_templates.hpp>

#include <boost/json/value.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <algorithm>
#include <utility>

namespace json = boost::json;

namespace carillon::detail {
namespace {

/** How a body's placeholders are filled in, by its Content-Type. */
placement placement_of_body(const job& j)
{
    const auto type = std::find_if(j.headers->begin(), j.headers->end(), [](const header& h) {
        return equals_ignoring_case(h.name, "Content-Type");
    });
    if (type == j.headers->end()) return placement::text;
    const std::string& value = type->value.reveal();
    if (value.find("json") != std::string::npos) return placement::json;
    if (value.find("x-www-form-urlencoded") != std::string::npos) return placement::form;
    return placement::text;
}

const std::string* find_value(const run_record& run, const reply_reference& wanted)
{
    for (const job_record& j : run.jobs) {
        if (j.job != wanted.job) continue;
        for (const reply_value& v : j.values)
            if (v.pointer == wanted.pointer) return &v.value;
    }
    return nullptr;
}

/** A value as it stands in a header. */
std::string as_sent(const json::value& v)
{
    return v.is_string() ? std::string(v.get_string()) : json_text(v);
}

/** Fills in the texts of one request. Remembers the first one that it could not fill in. */
class request_filler {
public:
    explicit request_filler(const request_context& c) : context_(c) {}

    std::string fill(std::string text, placement where, bool is_secret = false)
    {
        if (!has_placeholders(text)) return text;
        auto filled = fill_in(text, where, values(is_secret));
        if (filled) return std::move(*filled);
        if (problem.empty()) problem = filled.error().what;
        return {};
    }

    std::string problem;

private:
    template_values values(bool is_secret)
    {
        if (run_.empty()) {
            run_ = boost::uuids::to_string(context_.run.id);
            scheduled_at_ = format_utc(context_.run.scheduled_at);
        }
        return {
            .job = context_.job.name,
            .run = run_,
            .scheduled_at = scheduled_at_,
            .attempt = context_.attempt,
            .reply = [this, is_secret](const reply_reference& r) {
                return reply_value_of(r, is_secret);
            }};
    }

    /** Lives until the next one is asked for. */
    const json::value* reply_value_of(const reply_reference& r, bool is_secret)
    {
        const std::string* const text = find_value(context_.run, r);
        if (text == nullptr) return nullptr;
        auto read = parse_json(*text, max_reply_depth);
        if (!read) return nullptr;
        reply_value_ = std::move(*read);
        if (is_secret) context_.secrets.add(as_sent(reply_value_));
        return &reply_value_;
    }

    const request_context& context_;
    std::string run_;
    std::string scheduled_at_;
    json::value reply_value_;
};

/** Adds the job's fields, filled in. A field is for this origin alone if it is secret, holds a
 * secret, or has a value from the reply of another endpoint. */
void add_fields(
    const request_context& c, const endpoint& target, request_filler& f, http::request& out)
{
    const attempt_identity identity{
        .run = c.run, .job = c.job, .attempt = c.attempt, .span_id = c.span_id};
    auto fields = request_fields(identity, target.user_info);
    out.fields.reserve(fields.size() + 1); // a signature may follow
    for (auto& [name, value] : fields) {
        const bool is_secret = is_secret_header(name);
        const bool has_reply_value = has_placeholders(value) && !reply_references(value).empty();
        std::string filled = f.fill(std::move(value), placement::header, is_secret);
        out.fields.push_back({std::move(name), std::move(filled), is_secret || has_reply_value});
    }
    // All secrets are known only now.
    for (http::field& field : out.fields)
        field.is_credential = field.is_credential || c.secrets.finds(field.value);
    out.body_is_credential = c.secrets.finds(out.body);
}

parse_result<endpoint> fill_url(const std::string& url, request_filler& f)
{
    return parse_endpoint(f.fill(url, placement::url));
}

} // namespace

unfilled bad_url(std::string why) { return {std::move(why), outcome::rejected}; }

boost::system::result<http::request, unfilled> make_request(const request_context& c)
{
    request_filler f(c);
    http::request out{.method = c.job.method, .target = {}, .route = c.job.route};
    out.body = f.fill(c.job.body, placement_of_body(c.job));
    auto target = fill_url(c.job.url, f);
    if (!f.problem.empty()) return unfilled{f.problem};
    // The job was validated with this URL. Only a value can have made it invalid.
    if (!target) return bad_url("the url with its values filled in: " + target.error().what);
    add_fields(c, *target, f, out);
    if (!f.problem.empty()) return unfilled{f.problem};
    out.target = std::move(*target);
    return out;
}

void sign(const job& j, instant now, http::request& r)
{
    const auto* hmac = std::get_if<hmac_auth>(&*j.auth);
    if (hmac == nullptr) return;
    std::erase_if(r.fields, [&](const http::field& f) { return f.name == hmac->header; });
    const auto own = parse_endpoint(without_placeholders(j.url));
    if (own && own->origin() == r.target.origin())
        r.fields.push_back({hmac->header, signature(*hmac, r.body, now), true});
}

boost::system::result<http::request, unfilled> make_poll(const http::request& from, endpoint at)
{
    http::request asks = from;
    asks.method = "GET";
    auto out = http::detail::redirected(std::move(asks), std::move(at), false);
    if (!out) return bad_url("the url to poll: " + out.error().detail);
    return std::move(*out);
}

boost::system::result<endpoint, unfilled> poll_target(const request_context& c)
{
    request_filler f(c);
    auto target = fill_url((*c.job.poll)->url, f);
    if (!f.problem.empty()) return unfilled{f.problem};
    if (!target) return bad_url("poll.url with its values filled in: " + target.error().what);
    return std::move(*target);
}

void keep_values(
    const std::vector<wanted_value>& wanted,
    std::string_view body,
    run_secrets& secrets,
    job_record& out)
{
    out.values.clear();
    if (wanted.empty()) return;
    const auto root = parse_reply(body);
    if (!root) return;
    for (const auto& [pointer, is_secret] : wanted) {
        error_code ec;
        const json::value* const found = root->find_pointer(pointer, ec);
        if (found == nullptr) continue;
        if (is_secret) secrets.add(as_sent(*found));
        if (std::string text = json_text(*found); text.size() <= max_filled_value_bytes)
            out.values.push_back({pointer, std::move(text)});
    }
}

} // namespace carillon::detail

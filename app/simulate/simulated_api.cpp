#include "simulate/simulated_api.hpp"

#include <carillon/detail/json_text.hpp>
#include <carillon/error.hpp>
#include <carillon/job/job_templates.hpp>

#include <boost/asio/error.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace asio = boost::asio;
namespace json = boost::json;

namespace carillon::app {
namespace {

/** One step of a JSON pointer, RFC 6901 section 4. */
std::string unescaped(std::string_view token)
{
    std::string out;
    for (std::size_t i = 0; i < token.size(); ++i) {
        const bool is_escape = token[i] == '~' && i + 1 < token.size();
        out += is_escape ? (token[++i] == '1' ? '/' : '~') : token[i];
    }
    return out;
}

/** Puts a value at a pointer's place, making only objects on the way: a pointer's number is also
 * found as an object's key. */
void set_at(json::value& root, std::string_view pointer, const json::value& v)
{
    json::value* at = &root;
    while (!pointer.empty()) {
        pointer.remove_prefix(1);
        const std::string_view token = pointer.substr(0, pointer.find('/'));
        pointer.remove_prefix(token.size());
        if (!at->is_object()) at->emplace_object();
        at = &at->get_object()[unescaped(token)];
    }
    *at = v;
}

json::value accepted_value(const json_check& check)
{
    if (!check.any_of.empty()) return detail::to_value(check.any_of.front());
    const bool has_min = check.min != json_primitive();
    return detail::to_value(has_min ? check.min : check.max);
}

/** A status that the job refuses, and which it retries if it retries any. */
int refused_status(const job& j)
{
    for (int status = 500; status >= 100; --status)
        if (!contains(j.expect->status, status)) return status;
    return 599;
}

} // namespace

simulated_api::simulated_api(const job_set& jobs, const outcomes& wanted)
    : jobs_(jobs), wanted_(wanted)
{
    for (const job& j : jobs.jobs())
        for (sent_value& v : sent_values(j))
            sent_on_[v.from.job].push_back(std::move(v.from.pointer));
}

/** A body with the values that the job expects and that other jobs are sent with. */
std::string simulated_api::expected_body(const job& j) const
{
    json::value body = json::object{{"status", "completed"}, {"message", "simulated"}};
    for (const json_check& check : j.expect->json)
        set_at(body, check.pointer, accepted_value(check));
    const auto sent_on = sent_on_.find(j.name);
    if (sent_on == sent_on_.end()) return detail::json_text(body);
    for (const std::string& pointer : sent_on->second) {
        error_code ec;
        if (body.find_pointer(pointer, ec) == nullptr) set_at(body, pointer, "simulated");
    }
    return detail::json_text(body);
}

http::scripted_reply simulated_api::answer(const http::request& r) const
{
    std::string_view name;
    for (const auto& field : r.fields)
        if (field.name == "Carillon-Job") name = field.value;
    const job& j = jobs_[jobs_.find(name).value()];
    const auto at = wanted_.find(name);
    const simulated_reply wanted = at != wanted_.end() ? at->second : simulated_reply{};
    http::scripted_reply out =
        http::reply_with(j.expect->status.front().first, expected_body(j), wanted.after);
    switch (wanted.outcome) {
    case outcome::timed_out:
        out.error = errc::timed_out;
        break;
    case outcome::unreachable:
        out.error = asio::error::connection_refused;
        out.reply = {.phase = phase::connect};
        break;
    case outcome::rejected:
        out.error = errc::malformed_reply;
        break;
    case outcome::failed:
        out.reply.status = refused_status(j);
        break;
    default:
        break;
    }
    return out;
}

} // namespace carillon::app

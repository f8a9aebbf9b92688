#include <carillon/detail/json_text.hpp>
#include <carillon/job/run_json.hpp>
#include <carillon/time/timestamp.hpp>

#include <boost/json/array.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <optional>
#include <string_view>
#include <utility>

namespace json = boost::json;

namespace carillon {
namespace {

json::string_view view(std::string_view text) { return {text.data(), text.size()}; }

json::value in_ms(microseconds span) { return static_cast<double>(span.count()) / 1000; }

template <class T>
json::value name_or_null(const std::optional<T>& v)
{
    return v ? json::value(view(to_string(*v))) : json::value();
}

json::object to_json(const attempt_record& a, json::storage_ptr memory)
{
    json::object o(
        {{"attempt", a.attempt},
         {"started_at", format_utc(a.started_at)},
         {"latency_ms", in_ms(a.latency)},
         {"outcome", view(to_string(a.outcome))},
         {"http_status", a.http_status != 0 ? json::value(a.http_status) : json::value()},
         {"phase", name_or_null(a.phase)},
         {"error", a.error.empty() ? json::value() : json::value(detail::as_utf8(a.error))}},
        std::move(memory));
    if (a.phase) o["phase_ms"] = in_ms(a.phase_time);
    return o;
}

} // namespace

json::object to_json(const job_record& j, json::storage_ptr memory)
{
    json::object o({{"job", view(j.job)}, {"outcome", name_or_null(j.outcome)}}, memory);
    if (j.reason) o["reason"] = view(to_string(*j.reason));
    if (!j.status.empty()) o["status"] = detail::as_utf8(j.status);
    o["message"] = detail::as_utf8(j.message);
    const attempt_record* const last = j.attempts.empty() ? nullptr : &j.attempts.back();
    o["http_status"] =
        last != nullptr && last->http_status != 0 ? json::value(last->http_status) : json::value();
    o["phase"] = last != nullptr ? name_or_null(last->phase) : json::value();
    json::array& attempts = o["attempts"].emplace_array();
    for (const attempt_record& a : j.attempts) attempts.push_back(to_json(a, memory));
    return o;
}

json::object to_json(const run_record& r)
{
    json::object o{
        {"run", boost::uuids::to_string(r.id)},
        {"chain", view(r.chain)},
        {"scheduled_at", format_utc(r.scheduled_at)},
        {"trigger", view(to_string(r.trigger))},
        {"outcome", r.outcome ? view(to_string(*r.outcome)) : view("running")},
        {"reason", name_or_null(r.reason)},
        {"started_at", format_utc(r.started_at)},
        {"ended_at", r.ended_at ? json::value(format_utc(*r.ended_at)) : json::value()},
        {"lateness_ms", in_ms(r.lateness)},
        {"fence", r.fence}};
    json::array& jobs = o["jobs"].emplace_array();
    for (const job_record& j : r.jobs) jobs.push_back(to_json(j));
    return o;
}

} // namespace carillon

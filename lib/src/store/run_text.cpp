#include "store/run_text.hpp"

#include "base/json_parse.hpp"
#include "job/run_members.hpp"
#include <carillon/detail/json_text.hpp>
#include <carillon/job/expectation.hpp>
#include <carillon/job/run_json.hpp>
#include <carillon/time/timestamp.hpp>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <utility>

namespace json = boost::json;

namespace carillon::detail {
namespace {

/// Replies' values are nested as deep as a reply may be; ours add little.
constexpr std::size_t max_depth = max_reply_depth + 8;

/// Of a job with one attempt.
constexpr std::size_t usual_job_size = 384;

/** Writes an object of JSON: each run that ends is written once, and a tree of it would cost more
 * than the rest of its record. */
class text_members {
public:
    explicit text_members(std::string& to) : to_(to) {}

    void add(const char* key, std::string_view name)
    {
        add_key(key);
        append_json(to_, name);
    }

    void add(const char* key, int number)
    {
        add_key(key);
        const fmt::format_int digits(number);
        to_.append(digits.data(), digits.size());
    }

    void add(const char* key, double number)
    {
        add_key(key);
        append_json(to_, number);
    }

    void add_text(const char* key, std::string_view text) { add(key, text); }

    void add_null(const char* key)
    {
        add_key(key);
        to_ += "null";
    }

    template <class Record>
    void add_list(const char* key, const std::vector<Record>& records)
    {
        add_key(key);
        append_list(to_, records);
    }

    /** Each record has a member at least. */
    template <class Record>
    static void append_list(std::string& out, const std::vector<Record>& records)
    {
        out += '[';
        for (const Record& r : records) {
            if (&r != records.data()) out += ',';
            text_members one(out);
            add_members(one, r);
            out += '}';
        }
        out += ']';
    }

private:
    void add_key(const char* key)
    {
        to_ += is_first_ ? "{\"" : ",\"";
        is_first_ = false;
        to_ += key;
        to_ += "\":";
    }

    std::string& to_;
    bool is_first_ = true;
};

/** What a job that has not ended needs to go on after a crash. */
void add_progress(const job_record& j, json::object& o)
{
    if (j.may_be_sent) o["may_be_sent"] = true;
    if (j.polled) o["polled"] = as_utf8(*j.polled);
    if (j.values.empty()) return;
    json::object& values = o["values"].emplace_object();
    for (const reply_value& v : j.values)
        if (auto value = parse_json(v.value, max_depth)) values[v.pointer] = std::move(*value);
}

const json::value* member(const json::object& o, const char* key)
{
    const json::value* const v = o.if_contains(key);
    return v == nullptr || v->is_null() ? nullptr : v;
}

std::string text_of(const json::object& o, const char* key)
{
    const json::value* const v = member(o, key);
    return v != nullptr && v->is_string() ? std::string(v->get_string()) : "";
}

int number_of(const json::object& o, const char* key)
{
    const json::value* const v = member(o, key);
    return v != nullptr && v->is_int64() ? static_cast<int>(v->get_int64()) : 0;
}

microseconds span_of(const json::object& o, const char* key)
{
    const json::value* const v = member(o, key);
    error_code ec;
    const double ms = v != nullptr && v->is_number() ? v->to_number<double>(ec) : 0;
    return microseconds{std::llround(ms * 1000)};
}

attempt_record attempt_from(const json::object& o)
{
    attempt_record a;
    a.attempt = number_of(o, "attempt");
    if (const auto t = parse_instant(text_of(o, "started_at"))) a.started_at = *t;
    a.latency = span_of(o, "latency_ms");
    a.outcome = outcome_from(text_of(o, "outcome")).value_or(outcome::interrupted);
    a.http_status = number_of(o, "http_status");
    a.phase = phase_from(text_of(o, "phase"));
    a.phase_time = span_of(o, "phase_ms");
    a.error = text_of(o, "error");
    return a;
}

job_record job_from(const json::object& o)
{
    job_record j;
    j.job = text_of(o, "job");
    j.outcome = outcome_from(text_of(o, "outcome"));
    j.reason = reason_from(text_of(o, "reason"));
    j.status = text_of(o, "status");
    j.message = text_of(o, "message");
    if (const json::value* all = member(o, "attempts"); all != nullptr && all->is_array())
        for (const json::value& a : all->get_array())
            if (a.is_object()) j.attempts.push_back(attempt_from(a.get_object()));
    j.may_be_sent = member(o, "may_be_sent") != nullptr;
    if (member(o, "polled") != nullptr) j.polled = text_of(o, "polled");
    if (const json::value* all = member(o, "values"); all != nullptr && all->is_object())
        for (const auto& [pointer, value] : all->get_object())
            j.values.push_back({std::string(pointer), json_text(value)});
    return j;
}

} // namespace

std::string jobs_to_text(const std::vector<job_record>& jobs)
{
    std::string out;
    out.reserve(jobs.size() * usual_job_size + 2);
    text_members::append_list(out, jobs);
    return out;
}

std::vector<job_record> jobs_from_text(std::string_view text)
{
    std::vector<job_record> out;
    const auto read = parse_json(text, max_depth);
    if (!read || !read->is_array()) return out;
    for (const json::value& j : read->get_array())
        if (j.is_object()) out.push_back(job_from(j.get_object()));
    return out;
}

std::string job_to_text(const job_record& job)
{
    json::object o = to_json(job);
    add_progress(job, o);
    return json_text(o);
}

job_record job_from_text(std::string_view text)
{
    const auto read = parse_json(text, max_depth);
    if (read && read->is_object()) return job_from(read->get_object());
    // Nothing is sent again of which it is not known that it may be.
    return {.job = {}, .may_be_sent = true};
}

} // namespace carillon::detail

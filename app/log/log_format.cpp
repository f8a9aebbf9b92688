#include "log/log_format.hpp"

#include <carillon/detail/text.hpp>
#include <carillon/time/span.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace json = boost::json;

namespace carillon::app {
namespace {

/** A JSON string (RFC 8259 section 7) in which nothing is hidden; what is no UTF-8 becomes U+FFFD.
 */
std::string json_string(std::string_view text)
{
    std::string out = "\"";
    for (std::size_t i = 0; i < text.size();) {
        const detail::character c = detail::character_at(text, i);
        if (c.value == U'"' || c.value == U'\\')
            (out += '\\') += text[i];
        else if (const auto known = detail::short_escape(c.value.value_or(0)); !known.empty())
            out += known;
        else if (c.value && !detail::is_hidden(*c.value))
            out += text.substr(i, c.size);
        else
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(c.value.value_or(0xFFFD)));
        i += c.size;
    }
    return out + '"';
}

double in_ms(microseconds span) { return static_cast<double>(span.count()) / 1000; }

std::string in_whole_ms(microseconds span)
{
    return format_span(std::chrono::ceil<std::chrono::milliseconds>(span));
}

/** Where an attempt ended and what may help: `; in phase connect after 1ms: is it up?`. */
std::string phase_text(const log_entry& e)
{
    if (e.phase.empty()) return {};
    std::string out = fmt::format("; in phase {}", e.phase);
    if (e.phase_time) out += " after " + in_whole_ms(*e.phase_time);
    if (!e.advice.empty()) out += fmt::format(": {}", e.advice);
    return out;
}

std::string as_text(const log_entry& e)
{
    std::string out = fmt::format("{} {:<7} ", format_local_ms(e.time), to_string(e.level));
    if (!e.job.empty()) out += e.job + ": ";
    if (e.event == "job_ended") {
        out += std::string(e.outcome);
        if (e.latency) out += " in " + in_whole_ms(*e.latency);
        out += ": ";
    }
    // An error that begins with the message says more than it; any other stands beside the reply's
    // own word.
    const bool says_more = !e.error.empty() && e.error.starts_with(e.message);
    if (!e.error.empty()) out += detail::visible(e.error);
    if (!e.error.empty() && !says_more) out += e.http_status != 0 ? "; the reply says: " : "; ";
    if (!says_more) out += detail::visible(e.message);
    out += phase_text(e);
    if (e.attempt > 1 && e.event == "job_ended") out += fmt::format(" (attempt {})", e.attempt);
    if (!e.run.empty()) out += fmt::format(" [{}]", e.run);
    return out;
}

json::object fields(const log_entry& e)
{
    json::object o;
    const auto add = [&](const char* key, std::string_view value) {
        if (!value.empty()) o[key] = json::string_view(value.data(), value.size());
    };
    add("time", format_utc(e.time));
    add("level", to_string(e.level));
    add("event", e.event);
    add("job", e.job);
    add("chain", e.chain);
    add("run", e.run);
    if (e.attempt != 0) o["attempt"] = e.attempt;
    add("outcome", e.outcome);
    if (e.http_status != 0) o["http_status"] = e.http_status;
    if (e.latency) o["latency_ms"] = in_ms(*e.latency);
    if (e.lateness) o["lateness_ms"] = in_ms(*e.lateness);
    add("message", e.message);
    add("error", e.error);
    add("phase", e.phase);
    if (e.phase_time) o["phase_ms"] = in_ms(*e.phase_time);
    add("advice", e.advice);
    return o;
}

/** A value of @ref fields; numbers as people write them, 12.5 and not 1.25E1. */
std::string json_text(const json::value& v)
{
    if (const auto* text = v.if_string()) return json_string(*text);
    return v.is_double() ? fmt::format("{}", v.get_double()) : json::serialize(v);
}

std::string as_json(const log_entry& e)
{
    std::string out = "{";
    for (const auto& [key, value] : fields(e)) {
        if (out.size() > 1) out += ',';
        out += json_string(key) + ":" + json_text(value);
    }
    return out + "}";
}

std::string as_logfmt(const log_entry& e)
{
    std::string out;
    for (const auto& [key, value] : fields(e)) {
        if (!out.empty()) out += ' ';
        out += std::string(key) + "=";
        const json::string* text = value.if_string();
        const bool plain = text != nullptr && text->find_first_of(" =\"\\") == json::string::npos &&
                           detail::visible(*text) == std::string_view(*text);
        out += plain ? std::string(*text) : json_text(value);
    }
    return out;
}

std::string classic_line(const log_entry& e)
{
    if (e.event == "run_started") return fmt::format("Starting {} job...", e.job);
    if (e.event == "run_ended") {
        std::string name = e.job;
        name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
        return name + " job completed.";
    }
    if (e.event == "job_started" && e.job != e.chain) return fmt::format("Running {}...", e.title);
    if (e.event != "job_ended") return {};
    if (e.outcome == "skipped") return fmt::format("SKIPPED: {}: {}", e.title, e.message);
    return fmt::format(
        "{}: status={}, message={}", e.outcome == "completed" ? "SUCCESS" : "FAILED", e.status,
        e.message);
}

} // namespace

std::string format_entry(const log_entry& e, log_format format)
{
    switch (format) {
    case log_format::text:
        return as_text(e);
    case log_format::json:
        return as_json(e);
    case log_format::logfmt:
        return as_logfmt(e);
    case log_format::classic:
        break;
    }
    const std::string line = classic_line(e);
    if (line.empty()) return line;
    std::string out = format_local(e.time);
    out.reserve(out.size() + line.size() + 3);
    out.insert(0, "[").append("] ");
    detail::append_visible(out, line);
    return out;
}

} // namespace carillon::app

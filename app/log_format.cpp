#include "log_format.hpp"

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

/** C1 controls and the Unicode line ends, as UTF-8: some viewers break or colour lines at them. */
bool is_hidden_sequence(std::string_view text, std::size_t at)
{
    const auto byte = [&](std::size_t n) {
        return at + n < text.size() ? static_cast<unsigned char>(text[at + n]) : 0U;
    };
    return (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) <= 0x9F) ||
           (byte(0) == 0xE2 && byte(1) == 0x80 && (byte(2) == 0xA8 || byte(2) == 0xA9));
}

std::string escape(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n')
            out += "\\n";
        else if (c == '\r')
            out += "\\r";
        else if (c == '\t')
            out += "\\t";
        else if (detail::is_control(c) || is_hidden_sequence(text, i))
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        else
            out += c;
    }
    return out;
}

double in_ms(microseconds span) { return static_cast<double>(span.count()) / 1000; }

std::string as_text(const log_entry& e)
{
    std::string out = fmt::format("{} {:<7} ", format_local_ms(e.time), to_string(e.level));
    if (!e.job.empty()) out += e.job + ": ";
    if (e.event == "job_ended") {
        out += std::string(e.outcome);
        if (e.latency)
            out += fmt::format(
                " in {}", format_span(std::chrono::ceil<std::chrono::milliseconds>(*e.latency)));
        out += ": ";
    }
    out += escape(e.message);
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
    return o;
}

std::string number(double value) { return fmt::format("{:g}", value); }

std::string as_json(const log_entry& e)
{
    // Boost.JSON escapes C0 controls; numbers are written as people do, 12.5 and not 1.25E1.
    std::string out = "{";
    for (const auto& [key, value] : fields(e)) {
        if (out.size() > 1) out += ',';
        out += fmt::format("\"{}\":", std::string_view(key.data(), key.size()));
        out += value.is_double() ? number(value.get_double()) : json::serialize(value);
    }
    return out + "}";
}

std::string as_logfmt(const log_entry& e)
{
    std::string out;
    for (const auto& [key, value] : fields(e)) {
        if (!out.empty()) out += ' ';
        out += std::string(key) + "=";
        if (value.is_double())
            out += number(value.get_double());
        else if (!value.is_string())
            out += json::serialize(value);
        else {
            const std::string text(value.get_string());
            const bool plain =
                text.find_first_of(" =\"\\") == std::string::npos && escape(text) == text;
            out += plain ? text : json::serialize(value);
        }
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
    return line.empty() ? line : fmt::format("[{}] {}", format_local(e.time), escape(line));
}

} // namespace carillon::app

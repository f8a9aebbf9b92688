#include "config/schedule_reader.hpp"

#include "base/words.hpp"
#include "text/cron_hint.hpp"
#include <carillon/time/timestamp.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace carillon::app {
namespace {

class schedule_table {
public:
    schedule_table(reading& r, table_reader& t, std::string_view job_name)
        : reading_(r), t_(t), job_name_(job_name)
    {}

    void read()
    {
        // The zone and the policy first: what is read after them depends on both.
        read_zone();
        t_.word<dst_policy>("dst", dst_words, out_.dst);
        read_instants();
        t_.span("on_boot", out_.on_boot);
        t_.span("on_start", out_.on_start);
        t_.span("accuracy", out_.accuracy);
        t_.span("jitter", out_.jitter);
        read_window();
        read_nth();
        read_exclusions();
        read_catch_up();
        t_.finish();
    }

    schedule take() && { return std::move(out_); }

private:
    void read_zone()
    {
        std::string name;
        if (!t_.text("timezone", name)) return;
        has_zone_ = true;
        const auto& zone = reading_.zones.find(name);
        if (zone)
            zone_ = *zone;
        else
            t_.fail("timezone", zone.error().what);
    }

    /** Exactly one of the keys that give instants; a rate may also be `on_boot` or `on_start`
     * alone.
     */
    void read_instants()
    {
        const bool has_every = t_.any("every") != nullptr;
        if (has_every) t_.span("every", out_.every);
        const char* first = has_every ? "every" : nullptr;
        const auto read_one = [&](const char* key, auto read) {
            const toml_node* n = t_.any(key);
            if (n == nullptr) return;
            if (first != nullptr)
                t_.fail(key, fmt::format("a schedule has either {} or {}, not both", first, key));
            else
                read(*n);
            first = key;
        };
        read_one("cron", [&](const auto&) { read_cron(); });
        read_one("calendar", [&](const auto&) { read_calendar(); });
        read_one("at", [&](const toml_node& n) { read_at(n); });
        for (const char* key : {"on_boot", "on_start"})
            if (t_.any(key) != nullptr && first != nullptr && !has_every)
                t_.fail(key, fmt::format("may stand beside every, not beside {}", first));
    }

    void read_cron()
    {
        std::string text;
        if (!t_.text("cron", text)) return;
        const auto times = schedule_from_cron(text, zone_, job_name_);
        if (!times) return t_.fail("cron", at_column(times.error()) + cron_hint(text));
        take_times("cron", times);
    }

    void read_calendar()
    {
        std::string text;
        if (!t_.text("calendar", text)) return;
        const auto times = schedule_from_calendar(text, zone_);
        take_times("calendar", times);
        if (times && times->expression && has_zone_ && times->expression->zone != zone_)
            t_.fail(
                "calendar", fmt::format(
                                "names the zone {}, but timezone is {}; one of them is enough",
                                times->expression->zone.name(), zone_.name()));
    }

    void take_times(const char* key, const parse_result<schedule>& times)
    {
        if (!times) return t_.fail(key, at_column(times.error()));
        out_.every = times->every;
        out_.expression = times->expression;
        out_.at = times->at;
    }

    void read_at(const toml_node& given)
    {
        for_each_value(given, [&](const toml_node& n) {
            const auto written = read_timestamp(n, "at");
            if (!written) return;
            const auto instants = instants_of(*written, zone_, out_.dst);
            if (instants.empty())
                t_.fail_at(
                    n, "at",
                    fmt::format("{} has no such time: its clocks pass over it", zone_.name()));
            out_.at.insert(out_.at.end(), instants.begin(), instants.end());
        });
        std::sort(out_.at.begin(), out_.at.end());
        out_.at.erase(std::unique(out_.at.begin(), out_.at.end()), out_.at.end());
    }

    std::optional<timestamp> read_timestamp(const toml_node& n, const char* key)
    {
        const auto* text = n.as_text();
        if (text == nullptr) {
            t_.fail_at(n, key, "must be a text such as \"2026-01-31 09:00\"");
            return std::nullopt;
        }
        const auto filled = t_.filled_in(n, key, *text);
        if (!filled) return std::nullopt;
        const auto written = parse_timestamp(*filled);
        if (written) return *written;
        t_.fail_at(n, key, at_column(written.error()));
        return std::nullopt;
    }

    void read_window()
    {
        if (const toml_node* n = t_.any("start"))
            if ((start_ = read_timestamp(*n, "start")))
                out_.start = first_instant_of(*start_, zone_);
        if (const toml_node* n = t_.any("end"))
            if (auto written = read_timestamp(*n, "end")) {
                // A date without a time means the whole day.
                if (auto* date = std::get_if<local_date>(&*written)) *date += std::chrono::days{1};
                out_.end = first_instant_of(*written, zone_);
            }
        if (out_.start && out_.end && *out_.end <= *out_.start)
            t_.fail("end", "must be later than start");
    }

    void read_nth()
    {
        every_nth nth;
        if (!t_.integer("nth", nth.n)) return;
        if (t_.any("start") == nullptr)
            t_.fail("nth", "needs start, which says where the counting begins");
        if (start_ && out_.expression) nth.from = local_start(out_.expression->zone);
        out_.nth = nth;
    }

    /** The start by the clocks of the expression's zone, which may be another than that in which
     * the start is written. */
    local_instant local_start(const time_zone& zone) const
    {
        return zone == zone_ ? local_time_of(*start_, zone) : zone.to_local(*out_.start);
    }

    void read_exclusions()
    {
        const toml_node* given = t_.any("exclude");
        if (given == nullptr) return;
        for_each_value(*given, [&](const toml_node& n) {
            const auto* text = n.as_text();
            if (text == nullptr)
                return t_.fail_at(
                    n, "exclude",
                    "must be a date such as \"2026-12-24\", a calendar expression, or a list of "
                    "them");
            const auto filled = t_.filled_in(n, "exclude", *text);
            if (!filled) return;
            auto excluded = parse_exclusion(*filled, zone_);
            if (excluded)
                out_.exclude.push_back(std::move(*excluded));
            else
                t_.fail_at(n, "exclude", at_column(excluded.error()));
        });
    }

    void read_catch_up()
    {
        t_.word<catch_up_policy>("catch_up", catch_up_words, out_.catch_up);
        const toml_node* window = t_.any("catch_up_window");
        if (window != nullptr && (window->as_text() == nullptr || *window->as_text() != "infinity"))
            t_.span("catch_up_window", out_.catch_up_window, "infinity");
        std::int64_t limit = out_.catch_up_limit;
        if (t_.integer("catch_up_limit", limit))
            out_.catch_up_limit = static_cast<std::int32_t>(
                std::clamp<std::int64_t>(limit, 0, max_catch_up_limit + 1));
    }

    reading& reading_;
    table_reader& t_;
    std::string_view job_name_;
    time_zone zone_;
    bool has_zone_ = false;
    std::optional<timestamp> start_;
    schedule out_;
};

} // namespace

std::optional<schedule>
read_schedule(reading& r, const std::string& file, table_reader& in, std::string_view job_name)
{
    const std::size_t errors_before = r.errors.size();
    const toml_node* given = in.any("schedule");
    if (given->is(toml_node::kind::text)) {
        std::string text;
        if (!in.text("schedule", text)) return std::nullopt;
        auto out = schedule_from_cron(text, {}, job_name);
        if (out) return std::move(*out);
        in.fail("schedule", at_column(out.error()) + cron_hint(text));
        return std::nullopt;
    }
    if (!given->is(toml_node::kind::table)) {
        in.fail("schedule", "must be a cron expression such as \"0 9 * * MON-FRI\", or a table");
        return std::nullopt;
    }
    table_reader t(r, file, *given->as_table(), {"schedule", &in.path()});
    schedule_table table(r, t, job_name);
    table.read();
    if (r.errors.size() != errors_before) return std::nullopt;
    return std::move(table).take();
}

} // namespace carillon::app

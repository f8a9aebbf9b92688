#include "config/store_config.hpp"

#include <carillon/job/job.hpp>

#include <algorithm>

namespace carillon::app {
namespace {

constexpr const char* file_name = "/carillon.db";

/// Less would not hold the runs under way, and the file would be trimmed without end.
constexpr std::size_t least_bytes = std::size_t{1024} * 1024;

void read_limits(table_reader& t, history_limits& out)
{
    t.span("keep", out.keep);
    if (out.keep <= microseconds{0} || out.keep > max_span)
        t.fail("keep", "must be longer than zero and at most 100 years");
    std::int64_t runs = out.keep_runs;
    if (t.integer("keep_runs", runs) && (runs < 1 || runs > 1'000'000'000))
        t.fail("keep_runs", "must be from 1 to 1000000000");
    out.keep_runs = runs;
    auto bytes = static_cast<std::size_t>(out.keep_bytes);
    if (t.size("keep_bytes", bytes) && bytes < least_bytes)
        t.fail("keep_bytes", "must be at least 1MiB");
    out.keep_bytes = static_cast<std::int64_t>(bytes);
}

} // namespace

std::string default_store_path(const variables& from, bool is_root)
{
    const auto value = [&](const char* name) { return from.environment(name).value_or(""); };
    // Several are separated by colons; the first is the service's own.
    const std::string state = value("STATE_DIRECTORY");
    if (!state.empty()) return state.substr(0, state.find(':')) + file_name;
    if (is_root) return std::string("/var/lib/carillon") + file_name;
    const std::string xdg = value("XDG_STATE_HOME");
    if (!xdg.empty()) return xdg + "/carillon" + file_name;
    const std::string home = value("HOME");
    return home.empty() ? "" : home + "/.local/state/carillon" + file_name;
}

void read_store(reading& r, const std::string& file, const toml_table& table, store_options& out)
{
    table_reader t(r, file, table, {"store"});
    {
        const values_needed needed(r);
        if (t.text("path", out.path) && out.path.empty()) t.fail("path", "must not be empty");
    }
    read_limits(t, out.limits);
    t.word<on_store_error>(
        "on_error", {{"stop", on_store_error::stop}, {"continue", on_store_error::proceed}},
        out.on_error);
    t.finish();
}

} // namespace carillon::app

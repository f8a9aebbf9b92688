#include "commands/store_commands.hpp"

#include "base/exit_code.hpp"
#include "base/terminal.hpp"
#include "base/watched_screen.hpp"
#include "commands/history_table.hpp"
#include "commands/show.hpp"
#include "commands/status.hpp"
#include "service/one_run.hpp"
#include "service/open_store.hpp"
#include "text/describe.hpp"
#include <carillon/detail/json_text.hpp>
#include <carillon/detail/text.hpp>
#include <carillon/job/run_json.hpp>
#include <carillon/store/store_reader.hpp>
#include <carillon/store/store_unusable.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <signal.h>
#include <utility>
#include <vector>

namespace carillon::app {
namespace {

using store_use = std::function<int(store_reader& store, const time_source& time)>;

/** Opens the store, and tells why where it cannot be read. */
int with_store(const configuration& config, const store_use& f)
{
    try {
        const auto store = open_store_reader(config.store);
        if (!store) {
            print_error("the store is in memory: only the daemon itself knows");
            return exit_no_daemon;
        }
        boost::asio::io_context ctx;
        const system_time_source time(ctx.get_executor());
        return f(*store, time);
    } catch (const store_unusable& e) {
        print_error(detail::visible(e.what()));
    } catch (const boost::system::system_error& e) {
        print_error(detail::visible(config.store.path + ": " + e.what()));
    }
    return exit_cannot_start;
}

int tell(const no_run& why)
{
    print_error(detail::visible(why.why));
    return why.is_no_id ? exit_usage : exit_no_job;
}

std::string
table_of(store_reader& store, const history_page& page, const std::string& job, instant now)
{
    std::vector<std::string> ids;
    for (const history_entry& e : page.entries)
        if (const auto* run = std::get_if<run_record>(&e.what))
            ids.push_back(boost::uuids::to_string(run->id));
    return as_table(
        page, {.now = now,
               .id_length = short_id_length(store, ids),
               .job = job,
               .to = standard_output()});
}

} // namespace

int show_history(const configuration& config, const history_options& o)
{
    return with_store(config, [&](store_reader& store, const time_source& time) {
        // Without the zone's file local times are those of UTC, as in the log.
        const auto zone = time_zone::load("local");
        const auto query =
            read_history_query(o, config.jobs, time.now(), zone ? *zone : time_zone());
        if (!query) {
            print_error(to_string(query.error()));
            return exit_usage;
        }
        if (const auto bad = check_cursor(store, o.before)) {
            print_error(to_string(*bad));
            return exit_usage;
        }
        if (!o.job.empty() && !config.jobs.find(o.job) && !knows_chain(store, o.job)) {
            print_error(detail::visible(no_such_job(config.jobs, o.job)));
            return exit_no_job;
        }
        const history_page page = read_history(store, *query);
        return print_result(
            o.as_json ? as_json(page) + "\n" : table_of(store, page, o.job, time.now()));
    });
}

int show_run(const configuration& config, const std::string& id, bool as_json)
{
    return with_store(config, [&](store_reader& store, const time_source& time) {
        const auto run = find_run(store, id);
        if (!run) return tell(run.error());
        return print_result(
            as_json ? detail::json_text(to_json(*run)) + "\n"
                    : describe_run(*run, time.now(), standard_output()));
    });
}

int watch_status(configuration config)
{
    if (!is_at_terminal()) {
        print_error("--watch needs a terminal");
        return exit_usage;
    }
    constexpr std::chrono::seconds between{1};
    const auto jobs = std::make_shared<const job_set>(std::move(config.jobs));
    int ended_by = 0;
    const int code = with_store(config, [&](store_reader& store, const time_source& time) {
        watched_screen at;
        bool is_shown = true;
        do {
            const status_report report = read_status(store, *jobs, time);
            is_shown =
                at.show(as_table(report, *jobs, time.now(), standard_output()) + "\nq leaves\n");
        } while (is_shown && at.wait(between));
        ended_by = at.signal_number();
        return 0;
    });
    // The terminal is as it was: now the signal may do what it does to any other program.
    if (ended_by != 0) ::raise(ended_by);
    return code;
}

int show_status(configuration config, bool as_json)
{
    const auto jobs = std::make_shared<const job_set>(std::move(config.jobs));
    return with_store(config, [&](store_reader& store, const time_source& time) {
        const status_report report = read_status(store, *jobs, time);
        return print_result(
            as_json ? app::as_json(report, *jobs) + "\n"
                    : as_table(report, *jobs, time.now(), standard_output()));
    });
}

int retry_run(configuration config, const std::string& id)
{
    std::optional<run_id> run;
    const int code = with_store(config, [&](store_reader& store, const time_source&) {
        const auto found = find_run(store, id);
        if (!found) return tell(found.error());
        run = found->id;
        return 0;
    });
    return run ? one_run(std::move(config)).retry(*run) : code;
}

} // namespace carillon::app

#include "demo/demo.hpp"

#include "base/terminal.hpp"
#include "demo/ops_api.hpp"
#include "service/daemon.hpp"
#include <carillon/carillon.hpp>

#include <boost/asio/detached.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <stdlib.h> // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

constexpr const char* demo_key = "demo-key-of-no-value";

/** A folder that is removed at its end, unless someone named it. */
class state_folder {
public:
    explicit state_folder(const std::string& named) : path_(named), temporary_(named.empty())
    {
        if (!temporary_) {
            std::filesystem::create_directories(path_);
            return;
        }
        std::string pattern =
            (std::filesystem::temp_directory_path() / "carillon-demo-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw boost::system::system_error(
                errno, boost::system::system_category(), "cannot make " + pattern);
        path_ = pattern;
    }
    state_folder(const state_folder&) = delete;
    state_folder& operator=(const state_folder&) = delete;
    ~state_folder()
    {
        std::error_code ignored; // what is left behind is a temporary folder
        if (temporary_) std::filesystem::remove_all(path_, ignored);
    }

    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
    bool temporary_;
};

job_set demo_jobs(std::uint16_t port)
{
    const std::string base = fmt::format("http://127.0.0.1:{}/ops/jobs/", port);
    const shared_value<std::vector<header>> headers(std::vector<header>{
        {"X-API-Key", secret(demo_key)}, {"Content-Type", secret("application/json")}});
    const shared_value<retry_policy> retry(retry_policy{.attempts = 3});
    const shared_value<expectation> expect(expectation{.json = {{"/status", {"completed"}}}});
    return job_set::create({{.name = "compute-stickiness",
                             .trigger = schedule{.every = 10s, .on_start = 0s},
                             .url = base + "compute-stickiness",
                             .headers = headers,
                             .retry = retry,
                             .expect = expect},
                            {.name = "detect-silent-churn",
                             .title = "silent churn detection",
                             .trigger = after{{"compute-stickiness", condition::finished}},
                             .url = base + "detect-silent-churn",
                             .headers = headers,
                             .retry = retry,
                             .expect = expect}})
        .value();
}

std::string describe_rows(const std::vector<segment_row>& rows)
{
    std::string out = fmt::format(
        "{:<24} {:>7} {:>7} {:>10}  {:<8} {}\n", "customer", "days 7", "days 30", "stickiness",
        "trend", "churn");
    for (const segment_row& r : rows)
        out += fmt::format(
            "{:<24} {:>7} {:>7} {:>10.2f}  {:<8} {}\n", r.customer, r.active_days_7d,
            r.active_days_30d, r.stickiness, r.trend, r.silent_churn ? "silent" : "");
    return out;
}

} // namespace

int run_demo(const demo_options& options)
{
    const state_folder folder(options.directory);
    configuration config;
    config.store.path = (folder.path() / "carillon.db").string();
    daemon d(std::move(config));
    ops_api api(
        d.context().get_executor(),
        {.database = (folder.path() / "ops.db").string(), .api_key = secret(demo_key)});
    const std::uint16_t port = api.start().value();
    print_out(fmt::format(
        "An ops API stands in for yours on http://127.0.0.1:{}; its database is {}.\n"
        "carillon calls it each 10 seconds. Ctrl-C ends the demo.\n\n",
        port, (folder.path() / "ops.db").string()));
    d.on_stopped([&] { api.stop(); });
    api.async_run(boost::asio::detached);

    int done = 0;
    bool failed = false;
    d.runner().on_event([&](const event& e) {
        const auto* ended = std::get_if<run_ended>(&e);
        if (ended == nullptr) return;
        const bool good = ended->run.outcome == outcome::completed;
        failed = failed || !good;
        ++done;
        api.async_rows(10, [&, good, n = done](error_code, const std::vector<segment_row>& rows) {
            d.flush_log();
            print_out(fmt::format(
                "\n{} (run {}); the first of ops_customer_segments:\n{}",
                good ? "the chain ran" : "the chain failed", n, describe_rows(rows)));
            if (options.runs && n >= *options.runs) d.stop();
        });
    });
    d.runner().set_jobs(demo_jobs(port));
    const int code = d.run();
    return code != 0 || failed ? 1 : 0;
}

} // namespace carillon::app

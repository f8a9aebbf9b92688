// Usage: carillon_bench_store [FOLDER [OCCURRENCES [ROWS]]]
// Durable occurrences per second, each of them claimed, and recorded when it has ended: a hundred
// in a commit beside one by one, in turns, through the store with ROWS of history in place.

#include <carillon/detail/sqlite.hpp>
#include <carillon/store/sqlite_store.hpp>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <stdlib.h> // NOLINT(modernize-deprecated-headers): mkdtemp is POSIX
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace carillon;
using namespace std::chrono_literals;

namespace {

constexpr int jobs = 1000;
constexpr std::size_t batch_size = 100;
constexpr int turns = 5;

constexpr history_limits all_is_kept{
    .keep = std::chrono::years{100},
    .keep_runs = 1'000'000'000,
    .keep_bytes = std::int64_t{1} << 40};

[[noreturn]] void fail(const error_code& ec)
{
    fmt::print(stderr, "carillon_bench_store: {}\n", describe(ec));
    std::exit(1);
}

class bench {
public:
    bench(std::string path, std::size_t max_group)
        : store_(
              ctx_.get_executor(),
              {.path = std::move(path), .limits = all_is_kept, .max_group = max_group})
    {}

    /** Brings so many occurrences to their end, so many of them at a time: how many a second. */
    double measure(std::size_t count, std::size_t at_a_time)
    {
        const auto begun = std::chrono::steady_clock::now();
        for (std::size_t done = 0; done < count; done += at_a_time) {
            auto batch = std::make_shared<store_changes>();
            for (std::size_t i = 0; i < at_a_time; ++i) batch->claims.push_back(next());
            store_.async_commit(
                batch, now_, [&, batch](const error_code& ec, const std::vector<claim>& claims) {
                    if (ec) fail(ec);
                    for (std::size_t i = 0; i < claims.size(); ++i)
                        record(batch->claims[i], claims[i]);
                });
            run();
        }
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
        return static_cast<double>(count) / took.count();
    }

private:
    claim_request next()
    {
        const std::uint64_t n = ++number();
        if (n % jobs == 0) now_ += 1s;
        run_id id{};
        for (int i = 0; i < 8; ++i) id.data[i] = static_cast<std::uint8_t>(n >> (56 - 8 * i));
        id.data[15] = 1;
        return {
            .chain = fmt::format("job-{:04}", n % jobs),
            .scheduled_at = now_,
            .run = id,
            .due = now_};
    }

    /** One sequence for all, since they share the file. */
    static std::uint64_t& number()
    {
        static std::uint64_t last = 0;
        return last;
    }

    void record(const claim_request& asked, const claim& won)
    {
        if (!won.won) fail(errc::already_claimed);
        auto r = std::make_shared<run_record>();
        r->id = asked.run;
        r->chain = asked.chain;
        r->scheduled_at = asked.scheduled_at;
        r->fence = won.fence;
        r->outcome = outcome::completed;
        r->started_at = asked.scheduled_at;
        r->ended_at = asked.scheduled_at + 1s;
        job_record& j = r->jobs.emplace_back();
        j.job = asked.chain;
        j.outcome = outcome::completed;
        j.status = "completed";
        j.message = "Stickiness computation completed";
        j.attempts.push_back(
            {.started_at = asked.scheduled_at, .latency = 123456us, .http_status = 200});
        store_.async_finish(r, [](const error_code& ec) {
            if (ec) fail(ec);
        });
    }

    void run()
    {
        ctx_.restart();
        ctx_.run();
    }

    asio::io_context ctx_;
    sqlite_store store_;
    static inline instant now_ = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
};

/** History as a busy machine has it, for many chains. */
void fill(const std::string& path, std::int64_t rows)
{
    detail::sqlite::database db(path);
    const std::string sql = fmt::format(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) "
        "INSERT INTO history (chain, scheduled_at, run, trigger, outcome, started_at, ended_at,"
        " lateness, fence, jobs) SELECT printf('job-%04d', i % {}), i * 1000, "
        "CAST(printf('%016d', i) AS BLOB), 'schedule', 'completed', i * 1000, i * 1000 + 500, 10,"
        " i, '[{{\"job\":\"x\",\"outcome\":\"completed\",\"message\":\"Stickiness computation "
        "completed\",\"attempts\":[{{\"attempt\":1,\"latency_ms\":123.4,\"http_status\":200}}]}}]'"
        " FROM n",
        rows, jobs);
    db.execute(sql.c_str(), "cannot fill the history");
}

int play(const std::string& folder, std::size_t occurrences, std::int64_t rows)
{
    const std::string path = folder + "/carillon.db";
    {
        asio::io_context ctx;
        const sqlite_store made(ctx.get_executor(), {.path = path, .limits = all_is_kept});
    }
    if (rows > 0) fill(path, rows);
    std::vector<double> ratios;
    for (int turn = 0; turn < turns; ++turn) {
        double grouped = 0;
        double single = 0;
        {
            bench b(path, 512);
            grouped = b.measure(occurrences, batch_size);
        }
        {
            bench b(path, 1);
            single = b.measure(occurrences / 10, 1);
        }
        ratios.push_back(grouped / single);
        fmt::print(
            "{:>8.0f} occurrences/s in groups, {:>6.0f} one by one: {:.1f} times\n", grouped,
            single, ratios.back());
    }
    std::sort(ratios.begin(), ratios.end());
    fmt::print(
        "median {:.1f} times, with {} rows of history, {:.0f} MiB\n", ratios[turns / 2], rows,
        static_cast<double>(std::filesystem::file_size(path)) / (1 << 20));
    return 0;
}

} // namespace

int main(int argc, char** argv)
{
    const std::size_t occurrences = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 20'000;
    const std::int64_t rows = argc > 3 ? std::strtoll(argv[3], nullptr, 10) : 0;
    std::string folder =
        (std::filesystem::path(argc > 1 ? argv[1] : ".") / "bench-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) fail({errno, boost::system::system_category()});
    int code = 1;
    try {
        code = play(folder, occurrences, rows);
    } catch (const std::exception& e) {
        fmt::print(stderr, "carillon_bench_store: {}\n", e.what());
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    return code;
}

#include "demo/ops_api.hpp"

#include "print.hpp"
#include <carillon/detail/sqlite.hpp>
#include <carillon/detail/use_tuple.hpp>
#include <carillon/http/client.hpp>
#include <carillon/job/endpoint.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace json = boost::json;
using namespace carillon;
using namespace carillon::app;
using namespace std::chrono_literals;

namespace ops_api_suite {

using carillon::detail::use_tuple;
constexpr const char* compute = "/ops/jobs/compute-stickiness";
constexpr const char* detect = "/ops/jobs/detect-silent-churn";

std::string text_of(const http::response& res, const char* key)
{
    boost::system::error_code ec;
    const json::value v = json::parse(res.body, ec);
    const json::value* found = ec || !v.is_object() ? nullptr : v.get_object().if_contains(key);
    return found != nullptr && found->is_string() ? std::string(found->get_string()) : "(none)";
}

/** An API under way and a client for it; what a test does is a coroutine beside them. */
struct api_fixture {
    void start(const std::string& database = ":memory:", const secret& key = "demo-key")
    {
        api.emplace(
            ctx.get_executor(), ops_api_options{.database = database, .api_key = key, .seed = 112});
        const auto bound = api->start();
        BOOST_REQUIRE(bound.has_value());
        port = *bound;
        api->async_run([this](error_code ec) { outcome = ec; });
    }

    void run(asio::awaitable<void> body)
    {
        auto ended = [this](const std::exception_ptr& thrown) {
            client.close_idle();
            api->stop();
            if (thrown) std::rethrow_exception(thrown);
        };
        asio::co_spawn(ctx, std::move(body), std::move(ended));
        ctx.run_for(30s);
        BOOST_TEST(ctx.stopped(), "work is left");
        BOOST_TEST(outcome == error_code());
    }

    asio::awaitable<http::response> send(
        const std::string& method,
        const std::string& target,
        const std::optional<std::string>& key = "demo-key")
    {
        const std::string url = "http://127.0.0.1:" + std::to_string(port) + target;
        http::request req{
            .method = method, .target = parse_endpoint(url).value(), .fields = {}, .body = ""};
        if (key) req.fields.push_back({"X-API-Key", *key});
        return exchange(std::move(req));
    }

    asio::awaitable<http::response> exchange(http::request req)
    {
        const http::limits limits;
        auto [ec, res] = co_await client.async_send(std::move(req), limits, use_tuple);
        BOOST_TEST(!ec, ec.message());
        co_return std::move(res);
    }

    asio::io_context ctx{1};
    http::client client{ctx.get_executor()};
    std::optional<ops_api> api;
    std::uint16_t port = 0;
    std::optional<error_code> outcome;
};

struct file {
    file()
    {
        path = (std::filesystem::temp_directory_path() / "ops-api-XXXXXX").string();
        const int fd = ::mkstemp(path.data());
        BOOST_REQUIRE_GE(fd, 0);
        ::close(fd);
    }
    file(const file&) = delete;
    file& operator=(const file&) = delete;
    ~file() { std::remove(path.c_str()); }

    std::string path;
};

} // namespace ops_api_suite

BOOST_FIXTURE_TEST_SUITE(ops_api_suite, api_fixture)

BOOST_AUTO_TEST_CASE(the_jobs_do_their_work)
{
    start();
    auto body = [&]() -> asio::awaitable<void> {
        const http::response computed = co_await send("POST", compute);
        BOOST_TEST(computed.status == 200);
        BOOST_TEST(*computed.find("Content-Type") == "application/json");
        BOOST_TEST(text_of(computed, "status") == "completed");
        BOOST_TEST(
            text_of(computed, "message") ==
            "Stickiness computation completed: 40 customer segments refreshed");

        const http::response detected = co_await send("POST", detect);
        BOOST_TEST(detected.status == 200);
        BOOST_TEST(text_of(detected, "status") == "completed");
        BOOST_TEST(
            text_of(detected, "message") ==
            "Silent churn detection completed: 5 customers flagged");

        auto [ec, rows] = co_await api->async_rows(6, use_tuple);
        BOOST_TEST(!ec);
        BOOST_TEST(rows.size() == 6U);
        for (std::size_t i = 0; i < rows.size(); ++i) BOOST_TEST(rows[i].silent_churn == (i < 5));
    };
    run(body());
}

BOOST_AUTO_TEST_CASE(every_run_changes_something)
{
    start();
    auto body = [&]() -> asio::awaitable<void> {
        std::vector<int> events;
        for (int i = 0; i < 3; ++i) {
            co_await send("POST", compute);
            auto [ec, rows] = co_await api->async_rows(100, use_tuple);
            events.push_back(0);
            for (const segment_row& r : rows) events.back() += r.events_7d;
        }
        BOOST_TEST(events[0] < events[1]);
        BOOST_TEST(events[1] < events[2]);
    };
    run(body());
}

BOOST_AUTO_TEST_CASE(requests_that_are_refused)
{
    struct row {
        const char* method;
        const char* target;
        std::optional<std::string> key;
        int status;
        const char* message;
    };
    const std::vector<row> rows = {
        {"POST", compute, std::nullopt, 401, "invalid API key"},
        {"POST", compute, "", 401, "invalid API key"},
        {"POST", compute, "demo-kez", 401, "invalid API key"},
        {"POST", compute, "demo-ke", 401, "invalid API key"},
        {"POST", compute, "demo-keydemo-key", 401, "invalid API key"},
        {"POST", detect, "Demo-key", 401, "invalid API key"},
        {"GET", compute, "demo-key", 405, "method not allowed"},
        {"DELETE", detect, "demo-key", 405, "method not allowed"},
        {"POST", "/healthz", "demo-key", 405, "method not allowed"},
        {"POST", "/ops/jobs/compute-stickiness/", "demo-key", 404, "no such route"},
        {"GET", "/", "demo-key", 404, "no such route"},
    };
    start();
    auto body = [&]() -> asio::awaitable<void> {
        for (const row& r : rows) {
            const http::response res = co_await send(r.method, r.target, r.key);
            BOOST_TEST(res.status == r.status, r.method << " " << r.target << " " << res.status);
            BOOST_TEST(text_of(res, "status") == "error");
            BOOST_TEST(text_of(res, "message") == r.message);
            BOOST_TEST((res.find("Allow") != nullptr) == (r.status == 405));
        }
        auto [ec, found] = co_await api->async_rows(100, use_tuple);
        BOOST_TEST(found.empty()); // nothing was computed
    };
    run(body());
}

BOOST_AUTO_TEST_CASE(what_a_refusal_says)
{
    start();
    auto body = [&]() -> asio::awaitable<void> {
        const http::response res = co_await send("POST", compute, "wrong");
        BOOST_TEST(res.body == R"({"status":"error","message":"invalid API key"})");
    };
    run(body());
}

BOOST_AUTO_TEST_CASE(an_empty_key_lets_nobody_in)
{
    start(":memory:", "");
    auto body = [&]() -> asio::awaitable<void> {
        const http::response empty = co_await send("POST", compute, "");
        BOOST_TEST(empty.status == 401);
        const http::response none = co_await send("POST", compute, std::nullopt);
        BOOST_TEST(none.status == 401);
    };
    run(body());
}

BOOST_AUTO_TEST_CASE(health_needs_no_key)
{
    start();
    auto body = [&]() -> asio::awaitable<void> {
        const http::response get = co_await send("GET", "/healthz?verbose=1", std::nullopt);
        BOOST_TEST(get.status == 200);
        BOOST_TEST(text_of(get, "status") == "ok");
        const http::response head = co_await send("HEAD", "/healthz", std::nullopt);
        BOOST_TEST(head.status == 200);
        BOOST_TEST(head.body.empty());
    };
    run(body());
}

BOOST_AUTO_TEST_CASE(a_failure_of_the_database_is_a_500)
{
    const file f;
    start(f.path);
    auto body = [&]() -> asio::awaitable<void> {
        detail::sqlite::database(f.path).execute(
            "ALTER TABLE ops_customer_segments RENAME TO lost", "test");
        const http::response res = co_await send("POST", compute);
        BOOST_TEST(res.status == 500);
        BOOST_TEST(text_of(res, "status") == "error");
        BOOST_TEST(
            text_of(res, "message") ==
            "cannot refresh ops_customer_segments: no such table: ops_customer_segments");
        auto [ec, rows] = co_await api->async_rows(100, use_tuple);
        BOOST_TEST(ec.failed());
        BOOST_TEST(rows.empty());

        detail::sqlite::database(f.path).execute(
            "ALTER TABLE lost RENAME TO ops_customer_segments", "test");
        const http::response again = co_await send("POST", compute);
        BOOST_TEST(again.status == 200);
    };
    run(body());
}

BOOST_AUTO_TEST_CASE(many_requests_take_turns)
{
    start();
    int completed = 0;
    auto one = [&](const char* target) -> asio::awaitable<void> {
        const http::response res = co_await send("POST", target);
        BOOST_TEST(res.status == 200);
        ++completed;
    };
    const auto count = [&](const std::exception_ptr&) {
        if (completed < 20) return;
        client.close_idle();
        api->stop();
    };
    for (int i = 0; i < 10; ++i) {
        asio::co_spawn(ctx, one(compute), count);
        asio::co_spawn(ctx, one(detect), count);
    }
    ctx.run_for(30s);
    BOOST_TEST(ctx.stopped());
    BOOST_TEST(completed == 20);
}

BOOST_AUTO_TEST_CASE(a_database_that_cannot_be_opened_fails_the_start)
{
    ops_api broken(ctx.get_executor(), {.database = "/nowhere/at/all.db", .api_key = "k"});
    const auto bound = broken.start();
    BOOST_REQUIRE(bound.has_error());
    BOOST_TEST(bound.error().message() == "unable to open database file");
    std::optional<error_code> rows_ec;
    broken.async_rows(1, [&](error_code ec, const std::vector<segment_row>&) { rows_ec = ec; });
    BOOST_TEST(!rows_ec.has_value());
    ctx.run();
    BOOST_TEST(rows_ec.value() == error_code(errc::not_running));
}

BOOST_AUTO_TEST_SUITE_END()

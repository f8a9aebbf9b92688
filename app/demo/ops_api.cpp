#include "demo/ops_api.hpp"

#include <carillon/detail/pending.hpp>
#include <carillon/detail/spawn.hpp>
#include <carillon/detail/use_tuple.hpp>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <future>
#include <string_view>
#include <tuple>

namespace asio = boost::asio;
namespace json = boost::json;

namespace carillon::app {
namespace {

using detail::use_tuple;

instant wall_clock() { return std::chrono::floor<microseconds>(std::chrono::system_clock::now()); }

server_response reply(int status, const json::object& body)
{
    return {
        .status = status,
        .content_type = "application/json",
        .body = json::serialize(body),
        .fields = {}};
}

server_response error_reply(int status, std::string_view message)
{
    return reply(status, {{"status", "error"}, {"message", message}});
}

server_response wrong_method(std::string_view allowed)
{
    server_response res = error_reply(405, "method not allowed");
    res.fields.push_back({"Allow", std::string(allowed)});
    return res;
}

/** Takes the same time wherever the texts differ: a key cannot be guessed piece by piece. */
bool equal_in_constant_time(std::string_view given, std::string_view expected)
{
    unsigned difference = given.size() != expected.size() ? 1U : 0U;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const char other = expected.empty() ? '\0' : expected[i % expected.size()];
        difference |= static_cast<unsigned>(static_cast<unsigned char>(given[i] ^ other));
    }
    return difference == 0;
}

bool may_enter(const server_request& req, const secret& key)
{
    const std::string* given = req.find("X-API-Key");
    return given != nullptr && !key.empty() && equal_in_constant_time(*given, key.reveal());
}

server_response compute_stickiness(segments& s)
{
    const instant now = wall_clock();
    s.add_recent_events(now);
    const stickiness_summary found = s.compute_stickiness(now);
    return reply(
        200, {{"status", "completed"},
              {"message", fmt::format(
                              "Stickiness computation completed: {} customer segments refreshed",
                              found.segments)},
              {"segments", found.segments},
              {"rising", found.rising},
              {"steady", found.steady},
              {"falling", found.falling}});
}

server_response detect_silent_churn(segments& s)
{
    const int flagged = s.detect_silent_churn(wall_clock());
    return reply(
        200, {{"status", "completed"},
              {"message",
               fmt::format("Silent churn detection completed: {} customers flagged", flagged)},
              {"flagged", flagged}});
}

/** Does `work` on the thread that it is called on, with a code for what it throws. */
template <class T, class Work>
std::tuple<error_code, T> perform(std::optional<segments>& on, const Work& work)
{
    if (!on) return {errc::not_running, T{}};
    try {
        return {error_code(), work(*on)};
    } catch (...) {
        return {detail::code_of(std::current_exception()), T{}};
    }
}

} // namespace

ops_api::ops_api(asio::any_io_executor ex, ops_api_options options)
    : executor_(std::move(ex)), options_(std::move(options)),
      server_(executor_, [this](server_request req) { return answer(std::move(req)); })
{}

ops_api::~ops_api() { worker_.join(); }

result<std::uint16_t> ops_api::start()
{
    std::packaged_task<error_code()> fill([this]() -> error_code {
        try {
            segments_.emplace(options_.database);
            segments_->generate(options_.seed, wall_clock());
            return {};
        } catch (...) {
            segments_.reset(); // half filled is no database either
            return detail::code_of(std::current_exception());
        }
    });
    auto filled = fill.get_future();
    asio::post(worker_, std::move(fill));
    const error_code ec = filled.get();
    if (ec) return ec;
    const auto bound = server_.listen({asio::ip::address_v4::loopback(), 0});
    if (!bound) return bound.error();
    return bound->port();
}

asio::awaitable<server_response> ops_api::answer(server_request req)
{
    const std::string_view path = std::string_view(req.target).substr(0, req.target.find('?'));
    if (path == "/healthz") {
        if (req.method != "GET" && req.method != "HEAD") co_return wrong_method("GET, HEAD");
        const json::object healthy{{"status", "ok"}};
        co_return reply(200, healthy);
    }
    job work = nullptr;
    if (path == "/ops/jobs/compute-stickiness") work = compute_stickiness;
    if (path == "/ops/jobs/detect-silent-churn") work = detect_silent_churn;
    if (work == nullptr) co_return error_reply(404, "no such route");
    if (req.method != "POST") co_return wrong_method("POST");
    if (!may_enter(req, options_.api_key)) co_return error_reply(401, "invalid API key");
    co_return co_await run_job(work);
}

/**
 * Has the thread do `work`: `void(error_code, T)`, with a code for what it throws.
 *
 * Not cancellable: the thread finishes what it has begun. The server's connections bound how much
 * waits for it.
 */
template <class T, class Work, class CompletionToken>
auto ops_api::async_on_worker(Work work, CompletionToken&& token)
{
    return asio::async_initiate<CompletionToken, void(error_code, T)>(
        [](auto handler, ops_api* self, Work todo) {
            detail::pending<void(error_code, T)> op(self->executor_, std::move(handler));
            auto task = [self, todo = std::move(todo), op = std::move(op)]() mutable {
                auto [ec, value] = perform<T>(self->segments_, todo);
                std::move(op).complete(ec, std::move(value));
            };
            asio::post(self->worker_, std::move(task));
        },
        token, this, std::move(work));
}

asio::awaitable<server_response> ops_api::run_job(job work)
{
    auto task = [work](segments& s) {
        try {
            return work(s);
        } catch (const std::exception& e) {
            return error_reply(500, e.what());
        }
    };
    auto running = async_on_worker<server_response>(std::move(task), use_tuple);
    auto [ec, res] = co_await std::move(running);
    if (ec) co_return error_reply(500, describe(ec));
    co_return std::move(res);
}

void ops_api::read_rows(std::size_t limit, rows_handler handler)
{
    auto read = [limit](segments& s) { return s.rows(limit); };
    async_on_worker<std::vector<segment_row>>(std::move(read), std::move(handler));
}

} // namespace carillon::app

// A loop by hand that sends the requests of its jobs when they are due: one thread, kept-alive
// connections, no plan, no retries. raw_loop.cpp is no more than this; durable_loop.cpp adds a
// database. The arguments are those of every peer: see test/bench/compare/peers.py.

#pragma once

#include <boost/asio.hpp>
#include <boost/beast.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace http = boost::beast::http;

/** Microseconds since 1970. */
using instant = std::int64_t;

struct settings {
    unsigned short port = 0;
    int jobs = 1;
    std::int64_t every_ms = 0;
    int groups = 1;
    std::int64_t at = 0; // Unix seconds
    int seconds = 60;
    int connections = 100;
    std::string log = "/dev/null";
    std::string store;

    static settings from(int argc, char** argv)
    {
        std::map<std::string, std::string> given;
        for (int i = 1; i < argc; ++i) {
            const std::string word = argv[i];
            const std::size_t equals = word.find('=');
            if (equals != std::string::npos)
                given[word.substr(2, equals - 2)] = word.substr(equals + 1);
        }
        const auto number = [&](const char* name, std::int64_t otherwise) {
            return given.contains(name) ? std::atoll(given[name].c_str()) : otherwise;
        };
        settings s;
        s.port = static_cast<unsigned short>(number("port", 0));
        s.jobs = static_cast<int>(number("jobs", 1));
        s.every_ms = number("every", 0);
        s.groups = static_cast<int>(number("groups", 1));
        s.at = number("at", 0);
        s.seconds = static_cast<int>(number("seconds", 60));
        s.connections = static_cast<int>(number("connections", 100));
        if (given.contains("log")) s.log = given["log"];
        s.store = given["store"];
        return s;
    }
};

/** A job's run: which job, and when it was due. */
struct due_run {
    int job;
    instant at;
};

inline std::string job_name(int job)
{
    char text[40];
    std::snprintf(text, sizeof text, "tenant-%07d-refresh", job);
    return text;
}

inline std::string utc_text(instant at)
{
    const std::time_t seconds = at / 1'000'000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[40];
    const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    std::snprintf(text + length, sizeof text - length, ".%06dZ", static_cast<int>(at % 1'000'000));
    return text;
}

inline instant now()
{
    using namespace std::chrono;
    return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}

class send_loop {
public:
    explicit send_loop(settings s)
        : settings_(std::move(s)), under_way_(static_cast<std::size_t>(settings_.jobs)),
          log_(std::fopen(settings_.log.c_str(), "a"), &std::fclose)
    {
        more_.expires_at(asio::steady_timer::time_point::max());
    }
    virtual ~send_loop() = default;

    void run()
    {
        for (int i = 0; i < settings_.connections; ++i) asio::co_spawn(ctx_, send_all(), fail);
        asio::co_spawn(ctx_, fire_all(), fail);
        std::puts("ready");
        std::fflush(stdout);
        ctx_.run_for(std::chrono::seconds{settings_.seconds});
    }

protected:
    /** Called with all runs of an instant before the first is sent. */
    virtual void claim(const std::vector<due_run>&) {}

    /** Called with runs that have ended. */
    virtual void record(const std::vector<due_run>&) {}

    const settings& given() const { return settings_; }

private:
    static void fail(const std::exception_ptr& e)
    {
        if (e) std::rethrow_exception(e);
    }

    asio::awaitable<void> fire_all()
    {
        asio::system_timer timer(ctx_);
        const instant period = settings_.at ? 0 : settings_.every_ms * 1000 / settings_.groups;
        // A loop that is late takes the instants that it has missed, too.
        instant next = settings_.at ? settings_.at * 1'000'000 : (now() / period + 1) * period;
        do {
            timer.expires_at(
                std::chrono::system_clock::time_point{std::chrono::microseconds{next}});
            co_await timer.async_wait(asio::use_awaitable);
            fire(next, settings_.at ? 0 : static_cast<int>(next / period % settings_.groups));
            next += period;
        } while (period);
    }

    /** Queues the jobs of a group, but for those whose last run has not ended. */
    void fire(instant at, int group)
    {
        std::vector<due_run> due;
        for (int job = group; job < settings_.jobs; job += settings_.groups)
            if (!under_way_[static_cast<std::size_t>(job)]) due.push_back({job, at});
        claim(due);
        for (const due_run& run : due) {
            under_way_[static_cast<std::size_t>(run.job)] = true;
            queue_.push_back(run);
            more_.cancel_one();
        }
    }

    asio::awaitable<void> send_all()
    {
        boost::beast::tcp_stream stream(ctx_);
        boost::beast::flat_buffer buffer;
        stream.expires_never();
        const asio::ip::tcp::endpoint target(asio::ip::address_v4::loopback(), settings_.port);
        co_await stream.async_connect(target, asio::use_awaitable);
        for (;;) {
            while (queue_.empty()) {
                boost::system::error_code woken;
                co_await more_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
            }
            const due_run run = queue_.front();
            queue_.pop_front();
            const instant begun = now();
            ++in_flight_;
            http::request<http::empty_body> request(http::verb::post, "/run", 11);
            request.set(http::field::host, "127.0.0.1");
            request.set("Carillon-Job", job_name(run.job));
            request.set("Carillon-Scheduled-At", utc_text(run.at));
            request.prepare_payload();
            stream.expires_after(std::chrono::seconds{60});
            co_await http::async_write(stream, request, asio::use_awaitable);
            http::response<http::string_body> reply;
            co_await http::async_read(stream, buffer, reply, asio::use_awaitable);
            end(run, reply.result_int(), now() - begun);
        }
    }

    void end(const due_run& run, unsigned status, instant took)
    {
        --in_flight_;
        under_way_[static_cast<std::size_t>(run.job)] = false;
        std::fprintf(
            log_.get(), "%s %s: %u in %.3f ms\n", utc_text(now()).c_str(),
            job_name(run.job).c_str(), status, static_cast<double>(took) / 1000);
        ended_.push_back(run);
        if ((queue_.empty() && in_flight_ == 0) || ended_.size() >= 500) {
            record(ended_);
            ended_.clear();
        }
    }

    const settings settings_;
    asio::io_context ctx_{1};
    std::deque<due_run> queue_;
    int in_flight_ = 0;
    std::vector<bool> under_way_;
    std::vector<due_run> ended_;
    asio::steady_timer more_{ctx_};
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> log_;
};

#include "sinks.hpp"

#include "line_writers.hpp"

#include <boost/log/attributes/value_extraction.hpp>
#include <boost/log/core/core.hpp>
#include <boost/log/core/record_view.hpp>
#include <boost/log/sinks/async_frontend.hpp>
#include <boost/log/sinks/basic_sink_backend.hpp>
#include <boost/log/sinks/bounded_fifo_queue.hpp>
#include <boost/make_shared.hpp>
#include <boost/smart_ptr/shared_ptr.hpp>
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <utility>

namespace logging = boost::log;
namespace sinks = boost::log::sinks;

namespace carillon::app {
namespace {

constexpr auto retry_after = std::chrono::minutes{1};

// Boost.Log makes the overflow strategy itself, so its count cannot belong to an object of ours.
std::atomic<std::uint64_t> dropped_records{
    0}; // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

/** What a queue does with a record that finds no room. */
struct count_and_drop {
    template <class Lock>
    static bool on_overflow(const logging::record_view&, Lock&)
    {
        dropped_records.fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    static void on_queue_space_available() {}
    static void interrupt() {}
};

const log_entry* entry_of(const logging::attribute_value_set& attributes)
{
    return logging::extract<log_entry>("Entry", attributes).get_ptr();
}

/** Formats and writes on the sink's own thread; keeps trying, but complains once. */
class line_backend : public sinks::basic_sink_backend<sinks::synchronized_feeding> {
public:
    line_backend(const sink_options& options, bool is_only_one)
        : options_(options), is_only_one_(is_only_one), writer_(make_writer(options))
    {}

    void consume(const logging::record_view& record)
    {
        const log_entry* entry = entry_of(record.attribute_values());
        if (entry == nullptr) return;
        const auto now = std::chrono::steady_clock::now();
        if (failed_ && now < next_try_) return;
        tell_drops();
        std::string line = format_entry(*entry, options_.format);
        if (line.empty()) return;
        const error_code ec = writer_->write(*entry, std::move(line));
        if (ec) next_try_ = now + retry_after;
        if (ec && !failed_) complain(*entry, ec);
        failed_ = static_cast<bool>(ec);
    }

private:
    void tell_drops()
    {
        const std::uint64_t dropped = dropped_records.load(std::memory_order_relaxed);
        if (dropped == told_drops_) return;
        log_entry e{.level = log_level::warning, .event = "records_dropped"};
        e.time = std::chrono::floor<microseconds>(std::chrono::system_clock::now());
        e.message = fmt::format(
            "{} log records were dropped: a sink could not keep up", dropped - told_drops_);
        told_drops_ = dropped;
        const std::string line = format_entry(e, options_.format);
        if (!line.empty()) writer_->write(e, line);
    }

    void complain(const log_entry& at, const error_code& ec) const
    {
        static constexpr const char* names[] = {"console", "file", "journal", "syslog"};
        log_entry e{.level = log_level::warning, .event = "sink_failed"};
        e.time = at.time;
        e.message = fmt::format(
            "cannot write to the log sink {}{}{}: {}; trying again each minute",
            names[static_cast<int>(options_.type)], options_.path.empty() ? "" : " ", options_.path,
            describe(ec));
        if (is_only_one_)
            fmt::print(stderr, "carillon: {}\n", e.message);
        else
            write_log(std::move(e));
    }

    sink_options options_;
    bool is_only_one_;
    std::unique_ptr<line_writer> writer_;
    bool failed_ = false;
    std::chrono::steady_clock::time_point next_try_;
    std::uint64_t told_drops_ = dropped_records.load(std::memory_order_relaxed);
};

using frontend = sinks::asynchronous_sink<
    line_backend,
    sinks::bounded_fifo_queue<log_sinks::queue_size, count_and_drop>>;

boost::shared_ptr<frontend> make_sink(const sink_options& options, bool is_only_one)
{
    auto sink =
        boost::make_shared<frontend>(boost::make_shared<line_backend>(options, is_only_one));
    // Filtered before the queue, so that what no one wants takes no room.
    sink->set_filter([options](const logging::attribute_value_set& attributes) {
        const log_entry* e = entry_of(attributes);
        return e != nullptr && e->level >= options.level &&
               (options.chain.empty() || e->chain == options.chain) &&
               (options.job.empty() || e->job == options.job);
    });
    return sink;
}

} // namespace

class log_sinks::impl {
public:
    ~impl() { retire(std::exchange(sinks_, {})); }

    void replace(std::vector<sink_options> options)
    {
        if (options.empty()) options.emplace_back();
        std::vector<boost::shared_ptr<frontend>> added;
        for (const auto& o : options) added.push_back(make_sink(o, options.size() == 1));
        auto before = std::exchange(sinks_, std::move(added));
        for (const auto& s : sinks_) logging::core::get()->add_sink(s);
        retire(std::move(before));
    }

    void flush()
    {
        for (const auto& s : sinks_) s->flush();
    }

private:
    static void retire(std::vector<boost::shared_ptr<frontend>> old)
    {
        for (const auto& s : old) {
            logging::core::get()->remove_sink(s);
            s->stop();
            s->flush();
        }
    }

    std::vector<boost::shared_ptr<frontend>> sinks_;
};

log_sinks::log_sinks() : impl_(std::make_unique<impl>()) {}

log_sinks::~log_sinks() = default;

void log_sinks::replace(std::vector<sink_options> options) { impl_->replace(std::move(options)); }

void log_sinks::flush() { impl_->flush(); }

std::uint64_t log_sinks::dropped() noexcept
{
    return dropped_records.load(std::memory_order_relaxed);
}

} // namespace carillon::app

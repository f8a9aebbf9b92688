#include "log/line_sink.hpp"

#include "base/terminal.hpp"
#include "log/line_writers.hpp"
#include <carillon/detail/thread_name.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace carillon::app {
namespace {

constexpr auto retry_after = std::chrono::minutes{1};

/// Records that are written together: enough that the system's calls cost little beside them.
constexpr std::size_t largest_batch = 256;

/// How long a record waits for others, unless it is a warning. Where much is logged, waking the
/// thread for each record would cost more than writing it.
constexpr auto gathering = std::chrono::milliseconds{5};

/** A record of the sink's own. */
log_entry about_sink(std::string_view event, std::string message)
{
    log_entry e{.level = log_level::warning, .event = event};
    e.time = std::chrono::floor<microseconds>(std::chrono::system_clock::now());
    e.message = std::move(message);
    return e;
}

std::string name_of(const sink_options& o)
{
    static constexpr const char* names[] = {"console", "file", "journal", "syslog"};
    const char* type = names[static_cast<int>(o.type)];
    return o.path.empty() ? type : fmt::format("{} {}", type, o.path);
}

} // namespace

/** Shared with the thread, which may outlive the sink. */
class line_sink::state {
public:
    state(sink_options o, complaint complain)
        : options(std::move(o)), complain_(std::move(complain)), writer_(make_writer(options))
    {}

    const sink_options options;

    bool works()
    {
        const std::lock_guard lock(mutex_);
        return works_;
    }

    bool has_ended()
    {
        const std::lock_guard lock(mutex_);
        return ended_;
    }

    bool push(shared_log_entry e)
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return false;
        if (waiting_.size() >= log_sinks::queue_size) {
            ++dropped_;
            return true;
        }
        is_urgent_ = is_urgent_ || e->level >= log_level::warning;
        waiting_.push_back(std::move(e));
        if (waiting_.size() == 1 || must_be_written()) changed_.notify_one();
        return true;
    }

    void close()
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        changed_.notify_one();
    }

    void wait_until_written(time_point until)
    {
        std::unique_lock lock(mutex_);
        is_urgent_ = true;
        changed_.notify_one();
        written_.wait_until(
            lock, until, [&] { return closed_ ? ended_ : waiting_.empty() && !busy_; });
    }

    /** The thread. No failure here may end the process, not even a lack of memory. */
    void work()
    {
        detail::name_this_thread("carillon-log");
        try {
            write_queue();
        } catch (const std::exception& e) {
            print_error(std::string("a log sink has ended: ") + e.what());
        }
        const std::lock_guard lock(mutex_);
        closed_ = true;
        ended_ = true;
        waiting_.clear();
        written_.notify_all();
    }

private:
    void write_queue()
    {
        // Before the first record, so that a wrong path is known at the start and not hours later.
        note(writer_->open());
        std::unique_lock lock(mutex_);
        busy_ = false;
        written_.notify_all();
        for (;;) {
            changed_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
            changed_.wait_for(lock, gathering, [&] { return must_be_written(); });
            if (waiting_.empty()) break;
            take_batch();
            busy_ = true;
            lock.unlock();
            consume_batch();
            lock.lock();
            busy_ = false;
            if (waiting_.empty()) written_.notify_all();
        }
    }

    /** Whether what waits does not wait for more. */
    bool must_be_written() const
    {
        return closed_ || is_urgent_ || waiting_.size() >= largest_batch;
    }

    void take_batch()
    {
        const auto end = waiting_.begin() +
                         static_cast<std::ptrdiff_t>(std::min(waiting_.size(), largest_batch));
        batch_.assign(std::move_iterator(waiting_.begin()), std::move_iterator(end));
        waiting_.erase(waiting_.begin(), end);
        if (waiting_.empty()) is_urgent_ = false;
    }

    void consume_batch()
    {
        for (const auto& e : batch_)
            if (std::string line = format_entry(*e, options.format); !line.empty())
                lines_.push_back({e.get(), std::move(line)});
        if (!lines_.empty()) write_lines();
        lines_.clear();
        batch_.clear();
    }

    void write_lines()
    {
        const bool is_due = works() || std::chrono::steady_clock::now() >= next_try_;
        std::size_t written = 0;
        if (is_due && tell_drops()) note(writer_->write(lines_, written));
        drop_from(written);
    }

    /** Those of the batch, from one on, that cannot be written. */
    void drop_from(std::size_t first)
    {
        for (std::size_t i = first; i < lines_.size(); ++i)
            // A failure of another sink that this one was to show must not get lost.
            if (lines_[i].entry->event == "sink_failed") print_error(lines_[i].entry->message);
        const std::lock_guard lock(mutex_);
        dropped_ += lines_.size() - first;
    }

    /** Writes how many records have been dropped; false where even that cannot be written. */
    bool tell_drops()
    {
        std::unique_lock lock(mutex_);
        const std::uint64_t count = std::exchange(dropped_, 0);
        lock.unlock();
        if (count == 0) return true;
        const log_entry e = about_sink(
            "records_dropped",
            fmt::format("{} log records were dropped: the sink could not take them", count));
        const std::vector<log_line> line{{&e, format_entry(e, options.format)}};
        if (line.front().text.empty()) {
            complain_(e); // a format without such lines leaves it to the others
            return true;
        }
        std::size_t written = 0;
        const error_code ec = writer_->write(line, written);
        note(ec);
        lock.lock();
        if (ec) dropped_ += count;
        return !ec;
    }

    /** Takes the result of a write. The first failure in a row is reported. */
    void note(const error_code& ec)
    {
        if (ec) next_try_ = std::chrono::steady_clock::now() + retry_after;
        std::unique_lock lock(mutex_);
        const bool worked = std::exchange(works_, !ec);
        lock.unlock();
        if (ec && worked)
            complain_(about_sink(
                "sink_failed", fmt::format(
                                   "cannot write to the log sink {}: {}; trying again each minute",
                                   name_of(options), ec.message())));
    }

    // The thread's own.
    complaint complain_;
    std::unique_ptr<line_writer> writer_;
    time_point next_try_{};
    std::vector<shared_log_entry> batch_;
    std::vector<log_line> lines_; // of it

    std::mutex mutex_; // for all below
    std::condition_variable changed_;
    std::condition_variable written_;
    std::deque<shared_log_entry> waiting_;
    bool is_urgent_ = false; // one of them, or someone waits until they are written
    std::uint64_t dropped_ = 0;
    bool works_ = true;
    bool busy_ = true; // opening
    bool closed_ = false;
    bool ended_ = false; // the thread
};

line_sink::line_sink(sink_options options, complaint complain)
    : state_(std::make_shared<state>(std::move(options), std::move(complain))),
      thread_([s = state_] { s->work(); })
{}

line_sink::~line_sink()
{
    close();
    // The last report may be what kept all sinks alive.
    if (has_ended() && thread_.get_id() != std::this_thread::get_id())
        thread_.join();
    else
        thread_.detach();
}

const sink_options& line_sink::options() const noexcept { return state_->options; }

bool line_sink::wants(const log_entry& e) const
{
    const sink_options& o = state_->options;
    return e.level >= o.level && (o.chain.empty() || e.chain == o.chain) &&
           (o.job.empty() || e.job == o.job);
}

bool line_sink::works() const { return state_->works(); }

bool line_sink::push(shared_log_entry e) { return state_->push(std::move(e)); }

bool line_sink::has_ended() const { return state_->has_ended(); }

void line_sink::close() { state_->close(); }

void line_sink::wait_until_written(time_point until) { state_->wait_until_written(until); }

} // namespace carillon::app

#include "log/sinks.hpp"

#include "base/terminal.hpp"
#include "log/line_sink.hpp"

#include <boost/log/attributes/attribute_value_set.hpp>
#include <boost/log/attributes/value_extraction.hpp>
#include <boost/log/core/core.hpp>
#include <boost/log/core/record_view.hpp>
#include <boost/log/sinks/basic_sink_backend.hpp>
#include <boost/log/sinks/unlocked_frontend.hpp>
#include <boost/make_shared.hpp>
#include <boost/smart_ptr/shared_ptr.hpp>

#include <algorithm>
#include <mutex>
#include <utility>

namespace logging = boost::log;

namespace carillon::app {
namespace {

/** The sinks as they are now, for a thread that has a record for them. */
class line_sinks : public std::enable_shared_from_this<line_sinks> {
public:
    using time_point = line_sink::time_point;

    void push(const shared_log_entry& e)
    {
        const std::lock_guard lock(mutex_);
        const bool must_be_shown = is_about_all(*e);
        bool told = false;
        for (const auto& s : sinks_) {
            if (!s->wants(*e)) continue;
            const bool shows = must_be_shown && would_show(*s, *e);
            if (s->push(e) && shows) told = true;
        }
        if (must_be_shown && !told) push_to_last_resort(e);
    }

    void replace(std::vector<sink_options> options)
    {
        const std::lock_guard lock(mutex_);
        auto before = sinks_;
        std::vector<std::shared_ptr<line_sink>> next;
        for (sink_options& o : options) {
            const auto same = std::find_if(
                before.begin(), before.end(), [&](const auto& s) { return s->options() == o; });
            next.push_back(same != before.end() ? *same : make(std::move(o)));
            if (same != before.end()) before.erase(same);
        }
        sinks_ = std::move(next);
        std::erase_if(leaving_, [](const auto& s) { return s->has_ended(); });
        for (auto& s : before) {
            s->close();
            leaving_.push_back(std::move(s));
        }
    }

    void wait_until_written(time_point until)
    {
        std::unique_lock lock(mutex_);
        auto sinks = sinks_;
        sinks.insert(sinks.end(), leaving_.begin(), leaving_.end());
        if (last_resort_) sinks.push_back(last_resort_);
        lock.unlock();
        for (const auto& s : sinks) s->wait_until_written(until);
    }

    void close()
    {
        const std::lock_guard lock(mutex_);
        for (const auto& s : sinks_) s->close();
        if (last_resort_) last_resort_->close();
    }

private:
    /** Whether an entry tells of a failure of the whole program, which nobody may miss: a reload
     * that was refused, say. */
    static bool is_about_all(const log_entry& e)
    {
        return e.level == log_level::error && e.chain.empty() && e.job.empty();
    }

    static bool would_show(const line_sink& s, const log_entry& e)
    {
        return s.works() && s.wants(e) && !format_entry(e, s.options().format).empty();
    }

    /** Standard error, where each sink's filter or format leaves the entry out. */
    void push_to_last_resort(const shared_log_entry& e)
    {
        try {
            if (!last_resort_)
                last_resort_ = std::make_shared<line_sink>(
                    sink_options{.to_stderr = true}, [](const log_entry&) {});
            last_resort_->push(e);
        } catch (const std::exception&) {
            // No thread can be started: a failure of logging must not end the program.
        }
    }

    std::shared_ptr<line_sink> make(sink_options o)
    {
        return std::make_shared<line_sink>(
            o, [weak = weak_from_this(), about = o](const log_entry& e) {
                const auto self = weak.lock();
                if (!self || !self->tell_others(about, e)) print_error(e.message);
            });
    }

    /** Has all sinks but one show an entry; whether any of them does. */
    bool tell_others(const sink_options& but, const log_entry& e)
    {
        const auto shared = std::make_shared<const log_entry>(e);
        const std::lock_guard lock(mutex_);
        bool told = false;
        for (const auto& s : sinks_) {
            const bool shows = !(s->options() == but) && would_show(*s, e);
            if (shows && s->push(shared)) told = true;
        }
        return told;
    }

    std::mutex mutex_;
    std::vector<std::shared_ptr<line_sink>> sinks_;
    std::vector<std::shared_ptr<line_sink>> leaving_; // closed, perhaps still writing
    std::shared_ptr<line_sink> last_resort_;          // once it was needed
};

/** Takes the entries of Boost.Log's records. A record and its attributes are never passed to
 * another thread. */
class entry_backend
    : public logging::sinks::basic_sink_backend<logging::sinks::concurrent_feeding> {
public:
    explicit entry_backend(std::shared_ptr<line_sinks> to) : to_(std::move(to)) {}

    void consume(const logging::record_view& record)
    {
        static const logging::attribute_name name("Entry");
        if (const auto entry = logging::extract<shared_log_entry>(name, record)) to_->push(*entry);
    }

private:
    std::shared_ptr<line_sinks> to_;
};

using frontend = logging::sinks::unlocked_sink<entry_backend>;

} // namespace

class log_sinks::impl {
public:
    explicit impl(std::chrono::milliseconds patience)
        : patience_(patience),
          frontend_(boost::make_shared<frontend>(boost::make_shared<entry_backend>(sinks_)))
    {
        logging::core::get()->add_sink(frontend_);
    }

    ~impl()
    {
        logging::core::get()->remove_sink(frontend_);
        // All are written before any is closed, since the others report a failure of one.
        if (!gave_up_) flush();
        sinks_->close();
        if (!gave_up_) flush();
    }

    void replace(std::vector<sink_options> options)
    {
        if (options.empty()) options.emplace_back();
        log_level least = log_level::error; // which nobody may miss
        for (const sink_options& o : options) least = std::min(least, o.level);
        sinks_->replace(std::move(options));
        frontend_->set_filter([least](const logging::attribute_value_set& attributes) {
            static const logging::attribute_name name("Severity");
            const auto level = logging::extract<log_level>(name, attributes);
            return level && *level >= least;
        });
    }

    void flush()
    {
        const auto until = std::chrono::steady_clock::now() + patience_;
        sinks_->wait_until_written(until);
        gave_up_ = std::chrono::steady_clock::now() >= until;
    }

private:
    std::chrono::milliseconds patience_;
    bool gave_up_ = false; // a sink is stuck: the end need not wait for it once more
    std::shared_ptr<line_sinks> sinks_ = std::make_shared<line_sinks>();
    boost::shared_ptr<frontend> frontend_;
};

log_sinks::log_sinks(std::chrono::milliseconds patience) : impl_(std::make_unique<impl>(patience))
{}

log_sinks::~log_sinks() = default;

void log_sinks::replace(std::vector<sink_options> options) { impl_->replace(std::move(options)); }

void log_sinks::flush() { impl_->flush(); }

} // namespace carillon::app

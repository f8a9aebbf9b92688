#pragma once

#include "log/log_format.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace carillon::app {

enum class sink_type { console, file, journal, syslog };

/** One `[[log.sinks]]`. */
struct sink_options {
    sink_type type = sink_type::console;
    log_format format = log_format::text;
    log_level level = log_level::info;
    /// Empty: any. A record without a chain or job does not pass such a filter.
    std::string chain{};
    std::string job{};
    /// Console alone: standard error, not standard output.
    bool to_stderr = false;
    /// File alone.
    std::string path{};
    std::size_t max_size = std::size_t{10} * 1024 * 1024;
    int max_files = 5;

    friend bool operator==(const sink_options&, const sink_options&) = default;
};

/**
 * The sinks of the process: registered with Boost.Log's core until the destructor.
 *
 * Each has a thread and a queue of at most @ref queue_size records, so that logging never blocks. A
 * record that does not fit is dropped and counted, and the count is logged when there is room
 * again. The failure of a sink is a warning on the others, or on standard error where none shows
 * it. So is an error of the whole program, such as a reload that was refused.
 */
class log_sinks {
public:
    static constexpr std::size_t queue_size = 65'536;

    /** `patience` is how long a flush and the end wait for a sink whose reader has stopped. */
    explicit log_sinks(std::chrono::milliseconds patience = std::chrono::seconds{5});
    ~log_sinks();
    log_sinks(const log_sinks&) = delete;
    log_sinks& operator=(const log_sinks&) = delete;

    /** Puts these sinks in place of those before; none named means one console. A sink whose
     * options have not changed stays open. A sink that was removed writes what it has. Does not
     * wait. */
    void replace(std::vector<sink_options> options);

    /** Waits until everything logged so far is written, as long as patience lasts. */
    void flush();

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace carillon::app

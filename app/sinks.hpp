#pragma once

#include "log_format.hpp"

#include <cstddef>
#include <cstdint>
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
    std::size_t max_size = 10 * 1024 * 1024;
    int max_files = 5;
};

/**
 * The sinks of the process: registered with Boost.Log's core from @ref replace on, flushed and
 * taken away by the destructor.
 *
 * Each has a thread and a queue of at most @ref queue_size records: logging never blocks; what does
 * not fit is dropped and counted, and the count is logged when there is room again.
 */
class log_sinks {
public:
    static constexpr std::size_t queue_size = 65'536;

    log_sinks();
    ~log_sinks();
    log_sinks(const log_sinks&) = delete;
    log_sinks& operator=(const log_sinks&) = delete;

    /** Puts these sinks in place of those before, which are flushed; none named means one console.
     */
    void replace(std::vector<sink_options> options);

    /** Waits until everything logged so far is written. */
    void flush();

    /** How many records have been dropped since the start of the process. */
    static std::uint64_t dropped() noexcept;

private:
    class impl;
    std::unique_ptr<impl> impl_;
};

} // namespace carillon::app

// Else the journal's records would have this file's path and line.
#define SD_JOURNAL_SUPPRESS_LOCATION

#include "log/system_log_writers.hpp"

#include <carillon/detail/last_error.hpp>

#include <fmt/format.h>
#include <systemd/sd-journal.h>

#include <cerrno>
#include <dlfcn.h>
#include <string>
#include <string_view>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>
#include <vector>

namespace carillon::app {
namespace {

using detail::last_error;

error_code find_socket(const char* path)
{
    return ::access(path, F_OK) == 0 ? error_code{} : last_error();
}

/** libsystemd, which is opened where the journal is written to: with the six libraries that it
 * needs it is a megabyte. Null where it is not installed. Stays open as long as the process. */
decltype(&::sd_journal_sendv) find_sendv()
{
    static void* const library = ::dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
    static const auto sendv =
        library != nullptr
            ? reinterpret_cast<decltype(&::sd_journal_sendv)>(::dlsym(library, "sd_journal_sendv"))
            : nullptr;
    return sendv;
}

class journal_writer final : public line_writer {
public:
    // Without a journal the library reports success: the socket tells.
    error_code open() override
    {
        if (sendv_ == nullptr) return {ELIBACC, boost::system::system_category()};
        return find_socket("/run/systemd/journal/socket");
    }

    error_code write(const std::vector<log_line>& lines, std::size_t& written) override
    {
        for (const log_line& l : lines) {
            // Also after an error: it is written to again without being opened.
            if (error_code ec = open()) return ec;
            if (error_code ec = send(*l.entry, l.text)) return ec;
            ++written;
        }
        return {};
    }

private:
    error_code send(const log_entry& e, const std::string& line)
    {
        std::vector<std::string> fields{
            "MESSAGE=" + line, fmt::format("PRIORITY={}", priority_of(e.level)),
            "SYSLOG_IDENTIFIER=carillon"};
        const auto add = [&](const char* name, std::string_view value) {
            if (!value.empty()) fields.push_back(fmt::format("CARILLON_{}={}", name, value));
        };
        add("EVENT", e.event);
        add("JOB", e.job);
        add("CHAIN", e.chain);
        add("RUN", e.run);
        add("OUTCOME", e.outcome);
        add("ERROR", e.error);
        if (e.attempt != 0) add("ATTEMPT", std::to_string(e.attempt));
        if (e.http_status != 0) add("HTTP_STATUS", std::to_string(e.http_status));
        if (e.latency)
            add("LATENCY_MS", fmt::format("{}", static_cast<double>(e.latency->count()) / 1000));
        if (e.lateness)
            add("LATENESS_MS", fmt::format("{}", static_cast<double>(e.lateness->count()) / 1000));

        std::vector<iovec> parts;
        parts.reserve(fields.size());
        for (std::string& f : fields) parts.push_back({f.data(), f.size()});
        const int r = sendv_(parts.data(), static_cast<int>(parts.size()));
        return r < 0 ? error_code(-r, boost::system::system_category()) : error_code{};
    }

    decltype(find_sendv()) sendv_ = find_sendv();
};

class syslog_writer final : public line_writer {
public:
    syslog_writer() { ::openlog("carillon", LOG_PID, LOG_DAEMON); }
    ~syslog_writer() override { ::closelog(); }

    error_code open() override { return find_socket("/dev/log"); }

    error_code write(const std::vector<log_line>& lines, std::size_t& written) override
    {
        for (const log_line& l : lines) {
            if (error_code ec = open()) return ec;
            ::syslog(priority_of(l.entry->level), "%s", l.text.c_str());
            ++written;
        }
        return {};
    }
};

} // namespace

int priority_of(log_level l)
{
    switch (l) {
    case log_level::debug:
        return LOG_DEBUG;
    case log_level::info:
        return LOG_INFO;
    case log_level::warning:
        return LOG_WARNING;
    case log_level::error:
        break;
    }
    return LOG_ERR;
}

std::unique_ptr<line_writer> make_journal_writer() { return std::make_unique<journal_writer>(); }

std::unique_ptr<line_writer> make_syslog_writer() { return std::make_unique<syslog_writer>(); }

} // namespace carillon::app

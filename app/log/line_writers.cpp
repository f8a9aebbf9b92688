#include "log/line_writers.hpp"

#include "log/system_log_writers.hpp"
#include <carillon/detail/last_error.hpp>

#include <climits>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <iterator>
#include <limits>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace carillon::app {
namespace {

using detail::last_error;

/** Writes the text, and cuts off what has been written. */
error_code write_all(int fd, std::string_view& text)
{
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) {
            // The parent process may have left the stream non-blocking; this thread may wait.
            pollfd room{.fd = fd, .events = POLLOUT, .revents = 0};
            if (::poll(&room, 1, -1) < 0 && errno != EINTR) return last_error();
            continue;
        }
        if (n < 0) return last_error();
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

/** Whether the journal reads what is written here (systemd.exec(5), JOURNAL_STREAM). */
bool is_read_by_journal(int fd)
{
    const char* stream = std::getenv("JOURNAL_STREAM"); // NOLINT(concurrency-mt-unsafe)
    struct stat st{};
    return stream != nullptr && ::fstat(fd, &st) == 0 &&
           fmt::format("{}:{}", st.st_dev, st.st_ino) == stream;
}

/** What one write to a descriptor may hold so that it stays in one piece among those of others. A
 * pipe promises no more than PIPE_BUF (pipe(7)). */
std::size_t largest_piece(int fd)
{
    struct stat st{};
    const bool is_file = ::fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    return is_file ? std::numeric_limits<std::size_t>::max() : std::size_t{PIPE_BUF};
}

/** Lines that are written together, in pieces that end with a line. */
class line_batch {
public:
    bool empty() const { return text_.empty(); }
    std::size_t size() const { return text_.size(); }

    void add(std::string_view text) { text_ += text; }

    void add_line(std::string_view text)
    {
        (text_ += text) += '\n';
        ends_.push_back(text_.size());
    }

    /** Writes them and counts those that are written whole. Holds none afterwards. */
    error_code write(int fd, std::size_t largest_piece, std::size_t& written)
    {
        error_code ec;
        std::size_t done = 0;
        while (!ec && done < text_.size()) {
            const std::size_t end = end_of_piece(done, largest_piece);
            std::string_view left = std::string_view(text_).substr(done, end - done);
            ec = write_all(fd, left);
            done = end - left.size();
        }
        written += static_cast<std::size_t>(
            std::upper_bound(ends_.begin(), ends_.end(), done) - ends_.begin());
        text_.clear();
        ends_.clear();
        // One that was once large, of a burst, is not kept.
        if (text_.capacity() > most_kept) text_.shrink_to_fit();
        return ec;
    }

private:
    /** As many lines as fit, or one that is longer. */
    std::size_t end_of_piece(std::size_t begin, std::size_t largest) const
    {
        if (text_.size() - begin <= largest) return text_.size();
        const auto after = std::upper_bound(ends_.begin(), ends_.end(), begin + largest);
        const bool has_fitting = after != ends_.begin() && *std::prev(after) > begin;
        return has_fitting ? *std::prev(after) : *after;
    }

    static constexpr std::size_t most_kept = std::size_t{256} * 1024;

    std::string text_;
    std::vector<std::size_t> ends_;
};

class console_writer final : public line_writer {
public:
    explicit console_writer(int fd)
        : fd_(fd), largest_piece_(largest_piece(fd)), is_journal_(is_read_by_journal(fd))
    {}

    error_code write(const std::vector<log_line>& lines, std::size_t& written) override
    {
        for (const log_line& l : lines) {
            // The journal takes it off and keeps it as the record's priority (sd-daemon(3)).
            if (is_journal_) batch_.add(fmt::format("<{}>", priority_of(l.entry->level)));
            batch_.add_line(l.text);
        }
        return batch_.write(fd_, largest_piece_, written);
    }

private:
    int fd_;
    std::size_t largest_piece_;
    bool is_journal_;
    line_batch batch_;
};

/**
 * A file that is rotated by size, and opened again when someone has moved it away (logrotate).
 *
 * Only a regular file under its own name is rotated. Behind a link, such as /dev/stdout, or a log
 * that stands on another disk, the name belongs to the one who made the link.
 */
class file_writer final : public line_writer {
public:
    explicit file_writer(sink_options o) : options_(std::move(o)) {}
    ~file_writer() override { close(); }

    error_code open() override
    {
        close();
        std::error_code ec;
        const std::filesystem::path path(options_.path);
        if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ec);
        if (ec) return {ec.value(), boost::system::system_category()};
        fd_ = ::open(options_.path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
        if (fd_ < 0) return last_error();
        struct stat st{};
        if (::fstat(fd_, &st) != 0) return last_error();
        inode_ = st.st_ino;
        device_ = st.st_dev;
        size_ = static_cast<std::size_t>(st.st_size);
        return {};
    }

    error_code write(const std::vector<log_line>& lines, std::size_t& written) override
    {
        // Once for all of them: where the file is moved meanwhile, some are in the old one.
        if (fd_ < 0 || was_moved()) {
            if (error_code ec = open()) return ec;
        }
        for (const log_line& l : lines) {
            const std::size_t before = size_ + batch_.size();
            if (before > 0 && before + l.text.size() + 1 > options_.max_size && has_own_name()) {
                if (error_code ec = write_batch(written)) return ec;
                if (error_code ec = rotate()) return ec;
            }
            if (batch_.empty() && ends_within_line()) batch_.add("\n");
            batch_.add_line(l.text);
        }
        return write_batch(written);
    }

private:
    error_code write_batch(std::size_t& written)
    {
        const std::size_t size = batch_.size();
        error_code ec = batch_.write(fd_, largest_piece(fd_), written);
        if (ec)
            close();
        else
            size_ += size;
        return ec;
    }

    void close()
    {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

    /** Whether a write was cut short, by a full disk or a crash: of this process or another. */
    bool ends_within_line() const
    {
        char last = '\n';
        struct stat st{};
        if (::fstat(fd_, &st) != 0 || st.st_size == 0) return false;
        return ::pread(fd_, &last, 1, st.st_size - 1) == 1 && last != '\n';
    }

    bool was_moved() const
    {
        struct stat st{};
        return ::stat(options_.path.c_str(), &st) != 0 || st.st_ino != inode_ ||
               st.st_dev != device_;
    }

    /** Whether the path is the open file itself, rather than a link to it, a pipe or a device. */
    bool has_own_name() const
    {
        struct stat st{};
        return ::lstat(options_.path.c_str(), &st) == 0 && S_ISREG(st.st_mode) &&
               st.st_ino == inode_ && st.st_dev == device_;
    }

    /** `x.log` becomes `x.log.1`, that `x.log.2`, and so on; `max_files` files are kept in all. */
    error_code rotate()
    {
        const auto name = [&](int n) {
            return n == 0 ? options_.path : fmt::format("{}.{}", options_.path, n);
        };
        std::error_code ec;
        if (options_.max_files == 1) std::filesystem::remove(name(0), ec);
        for (int n = options_.max_files - 1; n > 0; --n) {
            std::filesystem::rename(name(n - 1), name(n), ec);
            if (ec == std::errc::no_such_file_or_directory) ec.clear();
        }
        // Without the rename the file would grow without a bound.
        if (ec) return {ec.value(), boost::system::system_category()};
        return open();
    }

    sink_options options_;
    int fd_ = -1;
    ino_t inode_ = 0;
    dev_t device_ = 0;
    std::size_t size_ = 0;
    line_batch batch_;
};

} // namespace

std::unique_ptr<line_writer> make_writer(const sink_options& options)
{
    switch (options.type) {
    case sink_type::console:
        return std::make_unique<console_writer>(options.to_stderr ? STDERR_FILENO : STDOUT_FILENO);
    case sink_type::file:
        return std::make_unique<file_writer>(options);
    case sink_type::journal:
        return make_journal_writer();
    case sink_type::syslog:
        break;
    }
    return make_syslog_writer();
}

} // namespace carillon::app

#pragma once

#include <compare>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

namespace carillon::detail {

/** The identity of a file, which may have several names. */
struct file_id {
    ::dev_t device{};
    ::ino_t inode{};

    friend auto operator<=>(const file_id&, const file_id&) = default;
};

/** The file at a path, links followed; nothing if there is none. */
std::optional<file_id> file_at(const std::string& path) noexcept;

/**
 * Says that this process uses a file whose descriptors must not be closed meanwhile.
 *
 * close(2) of any descriptor of a file drops all POSIX record locks that the process holds on that
 * file (fcntl(2)), SQLite's among them. So a descriptor that is not needed any longer is kept here,
 * and closed when the last use of the file has ended. Safe from any thread.
 */
class file_use {
public:
    /** The use of no file. It keeps nothing open. */
    file_use() = default;
    explicit file_use(const file_id& file);
    file_use(file_use&& other) noexcept;
    file_use& operator=(file_use&& other) = delete;
    ~file_use();

    /** Keeps what closes a descriptor in its destructor until the last use has ended. */
    void park(std::shared_ptr<void> what) const;

private:
    std::optional<file_id> file_;
};

} // namespace carillon::detail

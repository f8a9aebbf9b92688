#pragma once

#include <carillon/error.hpp>

#include <cstdint>
#include <string>

namespace carillon {

/**
 * Says which processes are there: bytes of a file that each of them holds locked. Not a public
 * interface.
 *
 * The kernel lets go of a lock when its process ends, however it ends (fcntl(2), open file
 * description locks), so that no stale sign of life is left. Works between containers that share
 * the file, too.
 */
class owner_lock {
public:
    /** What the file is opened for. */
    enum class use {
        /// To be an owner, too: it is made where there is none.
        own,
        /// To look at who is there. Without a file nobody is.
        look,
    };

    /** Opens the file, and takes a number that nobody else has. Throws
     * `boost::system::system_error`. */
    explicit owner_lock(const std::string& path, use what = use::own);
    owner_lock(const owner_lock&) = delete;
    owner_lock& operator=(const owner_lock&) = delete;
    ~owner_lock();

    /** This owner's number, greater than zero; 0 for one that only looks. */
    std::int64_t number() const noexcept { return number_; }

    /** Becomes the one daemon: false where another process is. */
    bool become_daemon();

    /** Whether another process is the daemon. */
    bool has_daemon() const { return is_locked(0); }

    /** The process id of the daemon, as it wrote it; 0 where it is not known. */
    std::int64_t daemon_pid() const;

    /** Whether the file has been deleted: others would lock another one. */
    bool is_deleted() const noexcept;

    /** Whether the owner of this number is there; of none that is not greater than zero. */
    bool is_there(std::int64_t number) const;

private:
    bool lock(std::int64_t at) const;
    bool is_locked(std::int64_t at) const;

    int file_;
    std::int64_t number_ = 0;
};

} // namespace carillon

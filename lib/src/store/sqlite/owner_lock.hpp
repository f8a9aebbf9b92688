#pragma once

#include <carillon/detail/file_use.hpp>
#include <carillon/store/store_unusable.hpp>

#include <cstdint>
#include <string>

namespace carillon::detail {

/**
 * Says which processes use a store: bytes far beyond the end of its database that each of them
 * holds locked.
 *
 * The locks are on the database itself, so that no second name, link or mount of it has locks of
 * its own. The kernel drops a lock when its process ends, however it ends (fcntl(2), open file
 * description locks), and containers that share the file see each other's. SQLite's own locks are
 * on other bytes. Errors are @ref store_unusable.
 */
class owner_lock {
public:
    /** What the file is opened for. */
    enum class use {
        /// To write to the store: the file is made where there is none.
        own,
        /// To see who is there. Changes nothing, and needs the right to read alone.
        look,
    };

    /** Opens the file, whose path has no links in it. */
    explicit owner_lock(std::string path, use what = use::own);
    owner_lock(const owner_lock&) = delete;
    owner_lock& operator=(const owner_lock&) = delete;

    /** Unlocks everything at once. Where a database of the same path is open, that comes first. */
    ~owner_lock();

    /** Waits some seconds, at most, until no other process opens or closes the store. Those who
     * only look exclude owners, but not each other. */
    void begin_set_up();
    void end_set_up() noexcept;

    /** The same for a scope. */
    class set_up {
    public:
        explicit set_up(owner_lock& of) : of_(of) { of_.begin_set_up(); }
        set_up(const set_up&) = delete;
        set_up& operator=(const set_up&) = delete;
        ~set_up() { of_.end_set_up(); }

    private:
        owner_lock& of_;
    };

    /** Becomes the one daemon: false where another process is. */
    bool become_daemon();

    /** Lets others find the daemon's process id. SQLite unlocks it again where it opens a database
     * (it unlocks the whole file), so that it is called after that. */
    void show_pid() const noexcept;

    /** Takes a number that nobody else has. */
    void become_owner();

    /** This owner's number, greater than zero; 0 for one that only looks. */
    std::int64_t number() const noexcept { return number_; }

    /** Whether another process is the daemon. */
    bool has_daemon() const;

    /** The process id of the daemon; 0 where it is not known, as in another PID namespace. */
    std::int64_t daemon_pid() const noexcept;

    /** Whether there are other owners. */
    bool has_owners() const;

    /** Whether the owner of this number is there; of none that is not greater than zero. */
    bool is_there(std::int64_t number) const;

    /** Whether there are other owners, and somebody uses the file under another name, or by a
     * mount of the file alone: beside that name SQLite's log is another one. */
    bool is_used_elsewhere() const;

    /** Whether the path still leads to the file. */
    bool is_in_place() const noexcept;

    /** Takes all rights from those who are neither owner nor group: a copy that was put in place
     * may have given them. The files beside it get the same rights. What cannot be changed is left
     * as it is. */
    void protect() const noexcept;

private:
    /** A descriptor that is parked at its end, not closed. */
    class descriptor {
    public:
        explicit descriptor(int number);
        descriptor(const descriptor&) = delete;
        descriptor& operator=(const descriptor&) = delete;
        ~descriptor();

        int number() const noexcept { return number_; }
        const file_id& file() const noexcept { return file_; }

    private:
        int number_;
        file_id file_;
        file_use use_;
    };

    bool lock(std::int64_t first, short type) const;
    bool is_locked(std::int64_t first, std::int64_t count) const;

    std::string path_;
    bool is_owner_;
    descriptor file_;
    std::int64_t place_;
    std::int64_t number_ = 0;
};

} // namespace carillon::detail

#include "store/sqlite/owner_lock.hpp"

#include <boost/container_hash/hash.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <random>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace carillon::detail {
namespace {

using namespace std::chrono_literals;

// SQLite locks bytes 0x40000000 to 0x400001FF (its file format, "The Lock-Byte Page"). Owners'
// numbers are bytes behind those, and before these:
constexpr std::int64_t daemon_byte = std::int64_t{1} << 62;
constexpr std::int64_t pid_byte = daemon_byte + 1;
constexpr std::int64_t set_up_byte = daemon_byte + 2;
/// Each folder and name, by which the file is used, has one of these.
constexpr std::int64_t first_place = daemon_byte + (std::int64_t{1} << 40);
constexpr std::int64_t places = std::int64_t{1} << 40;
constexpr std::int64_t first_owner = std::int64_t{1} << 32;
constexpr std::int64_t last_owner = (std::int64_t{1} << 61) - 1;

/// A check of 64 MiB on a slow disk is part of it.
constexpr auto longest_set_up = 10s;
constexpr auto set_up_poll = 5ms;

[[noreturn]] void refuse_file(const std::string& path, const std::string& why)
{
    throw store_unusable(path + ": " + why);
}

[[noreturn]] void refuse_lock(const std::string& path)
{
    refuse_file(
        path,
        fmt::format(
            "the store cannot be used: its file system locks no files ({})", std::strerror(errno)));
}

std::string why_not_opened(int error, owner_lock::use what)
{
    const bool own = what == owner_lock::use::own;
    switch (error) {
    case ENOENT:
        return "there is no store: no such file";
    case ENOTDIR:
        return "the store cannot be opened: what should be its folder is a file";
    case EACCES:
    case EPERM:
        return own ? "the store cannot be opened: permission denied: the user that carillon runs "
                     "as must be allowed to read and write the file and its folder"
                   : "the store cannot be read: permission denied: read it as the user that "
                     "carillon runs as, or as one that has the right to read the file and to "
                     "search its folder";
    case EROFS:
        return "the store cannot be written: its file system is read-only";
    case ELOOP:
        return "the store cannot be opened: the path is a link to a file that is not there";
    case ENOSPC:
    case EDQUOT:
        return "the store cannot be written: the disk is full";
    default:
        return fmt::format("the store cannot be opened: {}", std::strerror(error));
    }
}

/** Before it is opened: to open a device may have effects. */
void require_regular_file(const std::string& path)
{
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0 || S_ISREG(found.st_mode)) return;
    refuse_file(
        path, S_ISDIR(found.st_mode)
                  ? "is a folder: the store needs the path of a file, such as carillon.db in it"
                  : "is a device or a pipe: the store needs the path of a regular file");
}

int open_file(const std::string& path, owner_lock::use what)
{
    require_regular_file(path);
    const int how = what == owner_lock::use::own ? O_RDWR | O_CREAT : O_RDONLY;
    // Only the user may read it: replies may hold what is not for all.
    const int file = ::open(path.c_str(), how | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (file < 0) refuse_file(path, why_not_opened(errno, what));
    return file;
}

file_id file_of(int descriptor)
{
    struct stat found{};
    ::fstat(descriptor, &found); // cannot fail for what is open
    return {found.st_dev, found.st_ino};
}

/** The same for all who have the same files beside theirs. */
std::int64_t place_of(const std::string& path)
{
    const std::filesystem::path whole(path);
    const std::string folder = whole.has_parent_path() ? whole.parent_path().string() : ".";
    const file_id in = file_at(folder).value_or(file_id{});
    std::size_t hash = 0;
    boost::hash_combine(hash, in.device);
    boost::hash_combine(hash, in.inode);
    boost::hash_combine(hash, whole.filename().string());
    return first_place + static_cast<std::int64_t>(hash % static_cast<std::size_t>(places));
}

struct flock range_of(std::int64_t first, std::int64_t count, short type)
{
    struct flock out{};
    out.l_type = type;
    out.l_whence = SEEK_SET;
    out.l_start = first;
    out.l_len = count;
    return out;
}

std::int64_t random_owner()
{
    std::random_device device;
    std::uniform_int_distribution<std::int64_t> draw(first_owner, last_owner);
    return draw(device);
}

} // namespace

owner_lock::descriptor::descriptor(int number)
    : number_(number), file_(file_of(number)), use_(file_)
{}

owner_lock::descriptor::~descriptor()
{
    use_.park(std::shared_ptr<void>(nullptr, [number = number_](void*) { ::close(number); }));
}

owner_lock::owner_lock(std::string path, use what)
    : path_(std::move(path)), is_owner_(what == use::own), file_(open_file(path_, what)),
      place_(place_of(path_))
{
    lock(place_, F_RDLCK);
}

owner_lock::~owner_lock()
{
    struct flock all = range_of(0, 0, F_UNLCK);
    ::fcntl(file_.number(), F_OFD_SETLK, &all);
    struct flock pid = range_of(pid_byte, 1, F_UNLCK);
    if (is_owner_) ::fcntl(file_.number(), F_SETLK, &pid);
}

void owner_lock::begin_set_up()
{
    const auto until = std::chrono::steady_clock::now() + longest_set_up;
    while (!lock(set_up_byte, is_owner_ ? F_WRLCK : F_RDLCK)) {
        if (std::chrono::steady_clock::now() >= until)
            refuse_file(
                path_, fmt::format(
                           "another carillon has been opening or closing the store for more than "
                           "{} seconds: try again",
                           longest_set_up.count()));
        std::this_thread::sleep_for(set_up_poll);
    }
}

void owner_lock::end_set_up() noexcept
{
    struct flock freed = range_of(set_up_byte, 1, F_UNLCK);
    ::fcntl(file_.number(), F_OFD_SETLK, &freed);
}

bool owner_lock::become_daemon() { return lock(daemon_byte, F_WRLCK); }

void owner_lock::show_pid() const noexcept
{
    // A lock of the process, not of the descriptor: only of those the kernel tells whose they are.
    struct flock wanted = range_of(pid_byte, 1, F_WRLCK);
    ::fcntl(file_.number(), F_SETLK, &wanted);
}

void owner_lock::become_owner()
{
    do number_ = random_owner();
    while (!lock(number_, F_WRLCK));
}

bool owner_lock::has_daemon() const { return is_locked(daemon_byte, 1); }

std::int64_t owner_lock::daemon_pid() const noexcept
{
    struct flock asked = range_of(pid_byte, 1, F_WRLCK);
    if (::fcntl(file_.number(), F_GETLK, &asked) != 0 || asked.l_type == F_UNLCK) return 0;
    return std::max<std::int64_t>(asked.l_pid, 0);
}

bool owner_lock::has_owners() const { return is_locked(first_owner, last_owner - first_owner + 1); }

bool owner_lock::is_there(std::int64_t number) const
{
    if (number < first_owner || number > last_owner) return false;
    return number == number_ || is_locked(number, 1);
}

bool owner_lock::is_used_elsewhere() const
{
    const std::int64_t end = first_place + places;
    return has_owners() && (is_locked(first_place, place_ - first_place) ||
                            is_locked(place_ + 1, end - place_ - 1));
}

bool owner_lock::is_in_place() const noexcept { return file_at(path_) == file_.file(); }

void owner_lock::protect() const noexcept
{
    constexpr mode_t of_others = 07;
    struct stat found{};
    ::fstat(file_.number(), &found);
    const mode_t mode = (found.st_mode & of_others) != 0 ? 0600 : found.st_mode & 07777;
    if (mode != (found.st_mode & 07777) && ::fchmod(file_.number(), mode) != 0) return;
    for (const char* end : {"-wal", "-shm"}) {
        const std::string beside = path_ + end;
        // By name: to close a descriptor of theirs would drop SQLite's locks.
        if (::lstat(beside.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
            (found.st_mode & 07777) != mode)
            static_cast<void>(::chmod(beside.c_str(), mode));
    }
}

/** Whether the byte is locked so now, or unlocked: false where another holds it. */
bool owner_lock::lock(std::int64_t at, short type) const
{
    struct flock wanted = range_of(at, 1, type);
    if (::fcntl(file_.number(), F_OFD_SETLK, &wanted) == 0) return true;
    if (errno != EAGAIN && errno != EACCES) refuse_lock(path_);
    return false;
}

/** Whether another holds one of the bytes. */
bool owner_lock::is_locked(std::int64_t first, std::int64_t count) const
{
    if (count == 0) return false; // to the kernel it means: to the end
    struct flock asked = range_of(first, count, F_WRLCK);
    if (::fcntl(file_.number(), F_OFD_GETLK, &asked) != 0) refuse_lock(path_);
    return asked.l_type != F_UNLCK;
}

} // namespace carillon::detail

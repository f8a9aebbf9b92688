#include <carillon/store/owner_lock.hpp>

#include <boost/system/system_error.hpp>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <random>
#include <sys/stat.h>
#include <unistd.h>

namespace carillon {
namespace {

/// The byte that the daemon holds; owners hold later ones, which need not be within the file.
constexpr std::int64_t daemon_byte = 0;

[[noreturn]] void fail(const char* what)
{
    throw boost::system::system_error(errno, boost::system::system_category(), what);
}

struct flock one_byte(std::int64_t at)
{
    struct flock out{};
    out.l_type = F_WRLCK;
    out.l_whence = SEEK_SET;
    out.l_start = at;
    out.l_len = 1;
    return out;
}

std::int64_t random_number()
{
    std::random_device device;
    const std::uint64_t drawn = std::uint64_t{device()} << 32U | device();
    return static_cast<std::int64_t>(drawn >> 2U) + 1;
}

} // namespace

owner_lock::owner_lock(const std::string& path, use what)
    : file_(
          ::open(path.c_str(), (what == use::own ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0600))
{
    if (what == use::look) {
        if (file_ < 0 && errno != ENOENT) fail("cannot open the lock file");
        return;
    }
    if (file_ < 0) fail("cannot open the lock file");
    try {
        do number_ = random_number();
        while (!lock(number_));
    } catch (...) {
        ::close(file_);
        throw;
    }
}

owner_lock::~owner_lock()
{
    if (file_ >= 0) ::close(file_);
}

bool owner_lock::is_deleted() const noexcept
{
    struct stat now{};
    return ::fstat(file_, &now) == 0 && now.st_nlink == 0;
}

/** Whether the byte is ours now: false where another holds it. */
bool owner_lock::lock(std::int64_t at) const
{
    struct flock wanted = one_byte(at);
    if (::fcntl(file_, F_OFD_SETLK, &wanted) == 0) return true;
    if (errno != EAGAIN && errno != EACCES) fail("cannot lock the lock file");
    return false;
}

bool owner_lock::become_daemon()
{
    if (!lock(daemon_byte)) return false;
    // Only for people: a full disk must not keep us from starting.
    const std::string pid = std::to_string(::getpid()) + "\n";
    [[maybe_unused]] const bool is_written =
        ::ftruncate(file_, 0) == 0 && ::pwrite(file_, pid.data(), pid.size(), 0) > 0;
    return true;
}

std::int64_t owner_lock::daemon_pid() const
{
    std::array<char, 32> text{};
    if (::pread(file_, text.data(), text.size() - 1, 0) <= 0) return 0;
    return std::strtoll(text.data(), nullptr, 10);
}

bool owner_lock::is_there(std::int64_t number) const
{
    return number > 0 && (number == number_ || is_locked(number));
}

/** Whether another holds the byte. */
bool owner_lock::is_locked(std::int64_t at) const
{
    if (file_ < 0) return false;
    struct flock asked = one_byte(at);
    if (::fcntl(file_, F_OFD_GETLK, &asked) != 0) fail("cannot look at the lock file");
    return asked.l_type != F_UNLCK;
}

} // namespace carillon

#include "base/read_file.hpp"

#include <carillon/detail/last_error.hpp>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace carillon::app {
namespace {

using detail::last_error;

class descriptor {
public:
    explicit descriptor(const std::string& path)
        : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY))
    {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor()
    {
        if (fd_ >= 0) ::close(fd_);
    }

    int get() const { return fd_; }

private:
    int fd_;
};

} // namespace

result<std::string> read_file(const std::string& path, std::size_t max_bytes)
{
    const descriptor file(path);
    if (file.get() < 0) return last_error();
    std::string out;
    std::array<char, 16384> buffer{};
    while (out.size() <= max_bytes) {
        const ssize_t n = ::read(file.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return last_error();
        if (n == 0) return out;
        out.append(buffer.data(), static_cast<std::size_t>(n));
    }
    return error_code(EFBIG, boost::system::system_category());
}

} // namespace carillon::app

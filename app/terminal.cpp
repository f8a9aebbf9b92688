#include "terminal.hpp"

#include <cstdio>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace carillon::app {

void open_standard_streams()
{
    // open(2) gives the lowest free number.
    int fd = 0;
    while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR);
    if (fd > STDERR_FILENO) ::close(fd);
}

// Not fmt::print: that throws where the disk is full or the reader gone.
bool print_out(std::string_view text)
{
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
           std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

void buffer_out(std::string_view text)
{
    if (!text.empty()) std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_error(std::string_view message)
{
    std::string line = "carillon: ";
    line.append(message).append("\n");
    if (std::fwrite(line.data(), 1, line.size(), stderr) != line.size()) std::clearerr(stderr);
}

} // namespace carillon::app

#include "base/terminal.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/ioctl.h>
#include <system_error>
#include <unistd.h>

namespace carillon::app {
namespace {

/** What the user has set comes before the terminal's own answer (POSIX, Base Definitions 8.3). */
std::size_t columns_of(std::string_view set)
{
    std::size_t columns = 0;
    const auto [end, ec] = std::from_chars(set.data(), set.data() + set.size(), columns);
    if (ec == std::errc{} && end == set.data() + set.size() && columns > 0) return columns;
    winsize size{};
    return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

} // namespace

void open_standard_streams()
{
    // open(2) gives the lowest free number.
    int fd = 0;
    while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR);
    if (fd > STDERR_FILENO) ::close(fd);
}

screen standard_output()
{
    if (::isatty(STDOUT_FILENO) == 0) return {};
    const auto variable = [](const char* name) {
        const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
        return std::string_view(value != nullptr ? value : "");
    };
    return {
        .has_colour = variable("NO_COLOR").empty() && variable("TERM") != "dumb", // no-color.org
        .columns = columns_of(variable("COLUMNS"))};
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

int print_result(std::string_view text)
{
    if (print_out(text)) return 0;
    print_error("cannot write to standard output");
    return 1;
}

} // namespace carillon::app

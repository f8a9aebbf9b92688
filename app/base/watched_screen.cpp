#include "base/watched_screen.hpp"

#include "base/terminal.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <poll.h>
#include <string>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace carillon::app {
namespace {

// ECMA-48, and of xterm the second screen.
constexpr std::string_view enter = "\x1b[?1049h\x1b[?25l"; // the second screen, no cursor
constexpr std::string_view leave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view home = "\x1b[H";
constexpr std::string_view end_of_line = "\x1b[K"; // erases what is left of it
constexpr std::string_view end_of_screen = "\x1b[J";

std::size_t rows_of_terminal()
{
    winsize size{};
    const bool is_known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1;
    return is_known ? size.ws_row : 24;
}

} // namespace

bool is_at_terminal() { return ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0; }

watched_screen::watched_screen()
{
    sigset_t taken;
    ::sigemptyset(&taken);
    for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) ::sigaddset(&taken, s);
    ::sigprocmask(SIG_BLOCK, &taken, &mask_before_); // NOLINT(concurrency-mt-unsafe)
    signals_ = ::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
    ::tcgetattr(STDIN_FILENO, &before_);
    termios keys = before_;
    keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &keys);
    print_out(enter);
}

watched_screen::~watched_screen()
{
    print_out(leave);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    ::close(signals_);
    ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr); // NOLINT(concurrency-mt-unsafe)
}

bool watched_screen::show(std::string_view text) const
{
    // Each line is written over the one before: a screen that is erased first flickers.
    std::string out(home);
    for (std::size_t row = 1; !text.empty() && row < rows_of_terminal(); ++row) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        out.append(text.substr(0, end)).append(end_of_line).append("\n");
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return print_out(out.append(end_of_screen));
}

bool watched_screen::wait(microseconds span)
{
    std::array<pollfd, 2> what{
        pollfd{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
        pollfd{.fd = signals_, .events = POLLIN, .revents = 0}};
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(span).count();
    const int ready = ::poll(what.data(), what.size(), static_cast<int>(milliseconds));
    if (ready <= 0) return ready == 0 || errno == EINTR;
    if (what[1].revents != 0 && !take_signal()) return false;
    return what[0].revents == 0 || take_keys();
}

bool watched_screen::take_keys()
{
    std::array<char, 64> keys{};
    const auto count = ::read(STDIN_FILENO, keys.data(), keys.size());
    if (count <= 0) return false;
    return std::none_of(
        keys.data(), keys.data() + count, [](char key) { return key == 'q' || key == 'Q'; });
}

bool watched_screen::take_signal()
{
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != sizeof info) return true;
    if (info.ssi_signo == SIGWINCH) return true;
    signal_ = static_cast<int>(info.ssi_signo);
    return false;
}

} // namespace carillon::app

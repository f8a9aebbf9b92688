#include "log/line_writers.hpp"

#include "temporary_folder.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace carillon;
using namespace carillon::app;

namespace written_lines {

/** No file of this process may grow beyond a size. */
class limited_files {
public:
    explicit limited_files(rlim_t bytes) : ignored_(std::signal(SIGXFSZ, SIG_IGN))
    {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    limited_files(const limited_files&) = delete;
    limited_files& operator=(const limited_files&) = delete;
    ~limited_files()
    {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, ignored_);
    }

private:
    void (*ignored_)(int);
    rlimit before_{};
};

/** Ten lines of ten bytes each, with their ends. */
struct ten_lines {
    log_entry entry{.event = "test"};
    std::vector<log_line> lines;

    ten_lines()
    {
        for (int i = 0; i < 10; ++i) lines.push_back({&entry, fmt::format("line {:04}", i)});
    }
};

} // namespace written_lines

BOOST_FIXTURE_TEST_SUITE(written_lines, ten_lines)

BOOST_AUTO_TEST_CASE(those_that_a_full_disk_takes_whole_are_counted)
{
    const carillon::test::temporary_folder folder;
    const std::string path = folder / "x.log";
    const auto writer = make_writer({.type = sink_type::file, .path = path});
    std::size_t written = 0;
    {
        const limited_files limit(35);
        BOOST_TEST((writer->write(lines, written) == boost::system::errc::file_too_large));
    }
    BOOST_TEST(written == 3U);
    BOOST_TEST(std::filesystem::file_size(path) == 35U);

    // What was cut short ends there, and the others follow.
    const std::vector<log_line> others(lines.begin() + 3, lines.end());
    BOOST_TEST(!writer->write(others, written));
    BOOST_TEST(written == 10U);
    std::ifstream in(path);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    BOOST_TEST_REQUIRE(all.size() == 11U);
    BOOST_TEST(all[3] == "line ");
    BOOST_TEST(all[4] == "line 0003");
    BOOST_TEST(all[10] == "line 0009");
}

BOOST_AUTO_TEST_CASE(lines_of_two_writers_stay_whole_in_a_pipe_that_is_full)
{
    const carillon::test::temporary_folder folder;
    const std::string pipe = folder / "pipe";
    BOOST_TEST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    // Each opens it for reading, too, as the file's writer does: none blocks.
    const int reader = ::open(pipe.c_str(), O_RDWR | O_CLOEXEC);
    BOOST_TEST_REQUIRE(::fcntl(reader, F_SETPIPE_SZ, 4096) >= 0);

    constexpr std::size_t batches = 20;
    const auto write = [&](char letter) {
        const auto writer = make_writer({.type = sink_type::file, .path = pipe});
        std::vector<log_line> many;
        many.reserve(200);
        for (std::size_t i = 0; i < 200; ++i) many.push_back({&entry, std::string(90 + i, letter)});
        std::size_t written = 0;
        for (std::size_t i = 0; i < batches; ++i)
            if (writer->write(many, written)) return;
    };
    std::thread a([&] { write('a'); });
    std::thread b([&] { write('b'); });
    std::size_t lines_left = 2 * batches * 200;
    std::string seen;
    bool is_whole = true;
    while (lines_left > 0) {
        std::string piece(512, '\0');
        piece.resize(static_cast<std::size_t>(::read(reader, piece.data(), piece.size())));
        seen += piece;
        for (std::size_t end = 0; (end = seen.find('\n')) != std::string::npos; --lines_left) {
            is_whole = is_whole && end >= 90 && seen.find_first_not_of(seen[0]) == end;
            seen.erase(0, end + 1);
        }
    }
    a.join();
    b.join();
    ::close(reader);
    BOOST_TEST(is_whole);
}

BOOST_AUTO_TEST_CASE(each_file_of_those_that_are_written_together_keeps_its_size)
{
    const carillon::test::temporary_folder folder;
    const std::string path = folder / "x.log";
    const auto writer =
        make_writer({.type = sink_type::file, .path = path, .max_size = 39, .max_files = 9});
    std::size_t written = 0;
    BOOST_TEST(!writer->write(lines, written));
    BOOST_TEST(written == 10U);
    for (const auto& [name, size] :
         {std::pair(".3", 30U), std::pair(".2", 30U), std::pair(".1", 30U), std::pair("", 10U)})
        BOOST_TEST(std::filesystem::file_size(path + name) == size);
}

BOOST_AUTO_TEST_SUITE_END()

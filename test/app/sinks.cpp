#include "log/sinks.hpp"

#include "temporary_folder.hpp"

#include <boost/log/attributes/value_extraction.hpp>
#include <boost/log/core/core.hpp>
#include <boost/log/core/record_view.hpp>
#include <boost/log/sinks/basic_sink_backend.hpp>
#include <boost/log/sinks/unlocked_frontend.hpp>
#include <boost/make_shared.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace carillon;
using namespace carillon::app;
namespace fs = std::filesystem;

namespace log_sink {

/** A folder of the test's own. */
struct log_folder {
    carillon::test::temporary_folder folder;

    sink_options file(const std::string& name) const
    {
        return {.type = sink_type::file, .format = log_format::logfmt, .path = folder / name};
    }

    std::vector<std::string> lines(const std::string& name) const
    {
        std::ifstream in(folder / name);
        std::vector<std::string> out;
        for (std::string line; std::getline(in, line);) out.push_back(line);
        return out;
    }
};

void log(std::string message, log_level level = log_level::info)
{
    log_entry e{.level = level, .event = "test"};
    e.message = std::move(message);
    write_log(std::move(e));
}

/** Keeps what the last record said. */
class embedders_sink
    : public boost::log::sinks::basic_sink_backend<boost::log::sinks::concurrent_feeding> {
public:
    void consume(const boost::log::record_view& record)
    {
        message = boost::log::extract<std::string>("Message", record).get();
        entry = boost::log::extract<shared_log_entry>("Entry", record).get();
    }

    std::string message;
    shared_log_entry entry;
};

bool holds(const std::vector<std::string>& lines, std::string_view text)
{
    for (const auto& line : lines)
        if (line.find(text) != std::string::npos) return true;
    return false;
}

} // namespace log_sink

BOOST_FIXTURE_TEST_SUITE(log_sink, log_folder)

BOOST_AUTO_TEST_CASE(makes_its_directory_and_writes_each_record_as_a_line)
{
    {
        log_sinks sinks;
        sinks.replace({file("a/b/x.log")});
        log("one");
        log("two\nlines");
    }
    BOOST_TEST_REQUIRE(lines("a/b/x.log").size() == 2U);
    BOOST_TEST(lines("a/b/x.log")[1].ends_with("message=\"two\\nlines\""));
}

BOOST_AUTO_TEST_CASE(an_embedders_sink_finds_message_and_entry)
{
    const auto backend = boost::make_shared<embedders_sink>();
    const auto frontend =
        boost::make_shared<boost::log::sinks::unlocked_sink<embedders_sink>>(backend);
    boost::log::core::get()->add_sink(frontend);
    log("one");
    boost::log::core::get()->remove_sink(frontend);
    BOOST_TEST(backend->message == "one");
    BOOST_TEST_REQUIRE(backend->entry != nullptr);
    BOOST_TEST(backend->entry->event == "test");
    BOOST_TEST(backend->entry->message == "one");
}

BOOST_AUTO_TEST_CASE(rotates_by_size_and_keeps_so_many_files)
{
    sink_options o = file("x.log");
    o.max_size = 300;
    o.max_files = 3;
    {
        log_sinks sinks;
        sinks.replace({o});
        for (int i = 0; i < 40; ++i) log(fmt::format("record-{:02}", i));
    }
    BOOST_TEST(!fs::exists(folder / "x.log.3"));
    int last = 40;
    for (const char* name : {"x.log", "x.log.1", "x.log.2"}) {
        BOOST_TEST(fs::file_size(folder / name) <= 300U);
        auto kept = lines(name);
        for (auto it = kept.rbegin(); it != kept.rend(); ++it)
            BOOST_TEST(it->ends_with(fmt::format("record-{:02}", --last)));
    }
    BOOST_TEST(last > 0);
}

BOOST_AUTO_TEST_CASE(writes_many_at_once_in_their_order)
{
    {
        log_sinks sinks;
        sinks.replace({file("x.log")});
        for (int i = 0; i < 5000; ++i) log(fmt::format("record-{:04}", i));
    }
    const auto kept = lines("x.log");
    BOOST_TEST_REQUIRE(kept.size() == 5000U);
    for (std::size_t i = 0; i < kept.size(); ++i)
        BOOST_TEST_REQUIRE(kept[i].ends_with(fmt::format("record-{:04}", i)));
}

BOOST_AUTO_TEST_CASE(rotates_no_name_that_is_a_link)
{
    std::ofstream(folder / "target.log").flush();
    const int fd = ::open((folder / "output").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    BOOST_REQUIRE(fd >= 0);
    fs::create_symlink("target.log", folder / "x.log");
    // As /dev/stdout leads to a file that the shell has opened.
    fs::create_symlink(fmt::format("/proc/self/fd/{}", fd), folder / "stdout");
    fs::create_symlink(".", folder / "own"); // a folder on the way is no name of the file
    std::vector<sink_options> options{file("x.log"), file("stdout"), file("own/y.log")};
    for (sink_options& o : options) o.max_size = 300;
    {
        log_sinks sinks;
        sinks.replace(options);
        for (int i = 0; i < 40; ++i) log(fmt::format("record-{:02}", i));
    }
    ::close(fd);
    for (const char* name : {"x.log", "stdout"}) {
        BOOST_TEST(fs::is_symlink(folder / name));
        BOOST_TEST(!fs::exists(folder / (std::string(name) + ".1")));
    }
    BOOST_TEST(lines("target.log").size() == 40U);
    BOOST_TEST(lines("output").size() == 40U);
    BOOST_TEST(fs::exists(folder / "y.log.1"));
}

BOOST_AUTO_TEST_CASE(opens_its_file_anew_when_it_was_moved_away)
{
    log_sinks sinks;
    sinks.replace({file("x.log")});
    log("before");
    sinks.flush();
    fs::rename(folder / "x.log", folder / "old.log");
    log("after");
    sinks.flush();
    BOOST_TEST(lines("old.log").size() == 1U);
    BOOST_TEST_REQUIRE(lines("x.log").size() == 1U);
    BOOST_TEST(lines("x.log")[0].ends_with("after"));
}

BOOST_AUTO_TEST_CASE(ends_a_line_that_a_full_disk_cut_short)
{
    std::ofstream(folder / "x.log") << "time=2026-01-01 half of a rec";
    {
        log_sinks sinks;
        sinks.replace({file("x.log")});
        log("whole");
    }
    BOOST_TEST_REQUIRE(lines("x.log").size() == 2U);
    BOOST_TEST(lines("x.log")[1].ends_with("whole"));
}

BOOST_AUTO_TEST_CASE(tells_the_others_once_of_one_that_cannot_be_opened)
{
    std::ofstream(folder / "not-a-folder") << "x";
    {
        log_sinks sinks;
        sinks.replace({file("good.log"), file("not-a-folder/x.log")});
        for (int i = 0; i < 100; ++i) log(fmt::format("record-{}", i));
    }
    const auto good = lines("good.log");
    BOOST_TEST(good.size() == 101U);
    BOOST_TEST(holds(good, "event=sink_failed"));
    BOOST_TEST(holds(good, "not-a-folder/x.log: Not a directory"));
    BOOST_TEST(holds(good, "record-99"));
}

BOOST_AUTO_TEST_CASE(waits_for_nobody_who_does_not_read_and_counts_what_it_drops)
{
    const std::string pipe = folder / "pipe";
    BOOST_TEST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    const std::size_t too_many = log_sinks::queue_size + 10'000;
    std::string seen;
    std::thread reader;
    {
        log_sinks sinks(std::chrono::milliseconds{50});
        sinks.replace({file("pipe")});
        for (std::size_t i = 0; i < too_many; ++i) log("record");
        sinks.flush(); // gives up

        // Who begins to read gets what waited, and how much was lost; to the end, when the sink is
        // closed.
        reader = std::thread([&seen, fd = ::open(pipe.c_str(), O_RDONLY)] {
            std::string piece(1 << 16, '\0');
            for (ssize_t n = 1; n > 0;) {
                n = ::read(fd, piece.data(), piece.size());
                if (n > 0) seen.append(piece, 0, static_cast<std::size_t>(n));
            }
            ::close(fd);
        });
    }
    reader.join();
    BOOST_TEST(seen.find("event=records_dropped") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(goes_on_through_a_reload_when_it_stays_as_it_was)
{
    log_sinks sinks;
    sinks.replace({file("a.log"), file("b.log")});
    log("one");
    sinks.replace({file("b.log"), file("c.log")});
    log("two");
    sinks.replace({});
    sinks.flush();
    BOOST_TEST(lines("a.log").size() == 1U);
    BOOST_TEST(lines("b.log").size() == 2U);
    BOOST_TEST(lines("c.log").size() == 1U);
}

BOOST_AUTO_TEST_CASE(takes_what_its_filter_lets_pass)
{
    sink_options warnings = file("warnings.log");
    warnings.level = log_level::warning;
    sink_options chain = file("chain.log");
    chain.chain = "a";
    {
        log_sinks sinks;
        sinks.replace({warnings, chain});
        log("info");
        log("warning", log_level::warning);
        log_entry e{.event = "test"};
        e.chain = "a";
        write_log(e);
    }
    BOOST_TEST(lines("warnings.log").size() == 1U);
    BOOST_TEST(lines("chain.log").size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

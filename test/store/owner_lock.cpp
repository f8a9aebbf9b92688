// Who uses a store: locks on the database itself, whatever it is called.

#include "store/sqlite/owner_lock.hpp"

#include "temporary_folder.hpp"
#include <carillon/detail/sqlite.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace carillon;
using namespace carillon::detail;

namespace owner_locks {

/** A database that is not there yet, in a folder of its own. */
struct database_to_lock {
    test::temporary_folder folder;
    std::string path = folder / "carillon.db";
};

mode_t mode_of(const std::string& path)
{
    struct stat found{};
    BOOST_TEST(::stat(path.c_str(), &found) == 0);
    return found.st_mode & 07777;
}

auto refuses(const char* words)
{
    return [words](const store_unusable& e) {
        BOOST_TEST_INFO(e.what());
        return std::string(e.what()).find(words) != std::string::npos;
    };
}

/** Whether another process could lock the bytes that SQLite locks. */
bool is_free_for_others(const std::string& path)
{
    const ::pid_t child = ::fork();
    if (child == 0) {
        const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
        struct flock wanted{};
        wanted.l_type = F_WRLCK;
        wanted.l_start = 0x40000000;
        wanted.l_len = 0x200;
        ::_exit(::fcntl(file, F_SETLK, &wanted) == 0 ? 1 : 0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status) == 1;
}

} // namespace owner_locks

BOOST_FIXTURE_TEST_SUITE(owner_locks, database_to_lock)

BOOST_AUTO_TEST_CASE(an_owner_is_there_as_long_as_its_object)
{
    owner_lock one(path);
    BOOST_TEST(one.number() == 0);
    BOOST_TEST(!one.has_owners());
    std::optional<owner_lock> other(path);
    other->become_owner();
    const std::int64_t number = other->number();
    BOOST_TEST(number > 0);
    BOOST_TEST(other->is_there(number));
    BOOST_TEST(!other->has_owners()); // but itself
    BOOST_TEST(one.has_owners());
    BOOST_TEST(one.is_there(number));
    for (const std::int64_t nobody : {number - 1, number + 1, std::int64_t{0}, std::int64_t{-1}})
        BOOST_TEST(!one.is_there(nobody));
    other.reset();
    BOOST_TEST(!one.is_there(number));
    BOOST_TEST(!one.has_owners());
}

BOOST_AUTO_TEST_CASE(there_is_one_daemon_by_whatever_name)
{
    std::optional<owner_lock> one(path);
    BOOST_TEST(one->become_daemon());
    const std::string link = folder / "link.db";
    std::filesystem::create_hard_link(path, link);
    const std::string renamed = folder / "renamed.db";
    std::filesystem::rename(path, renamed);
    BOOST_TEST(!one->is_in_place());
    for (const std::string& name : {link, renamed}) {
        owner_lock other(name);
        BOOST_TEST(!other.become_daemon());
        BOOST_TEST(other.has_daemon());
    }
    one.reset();
    BOOST_TEST(owner_lock(link).become_daemon());
}

BOOST_AUTO_TEST_CASE(another_name_is_elsewhere_while_there_are_owners)
{
    std::optional<owner_lock> one(path);
    const std::string link = folder / "link.db";
    std::filesystem::create_hard_link(path, link);
    const owner_lock other(link, owner_lock::use::look);
    const owner_lock beside(path, owner_lock::use::look);
    BOOST_TEST(!other.is_used_elsewhere());
    one->become_owner();
    BOOST_TEST(other.is_used_elsewhere());
    one.reset();
    BOOST_TEST(!other.is_used_elsewhere());
}

BOOST_AUTO_TEST_CASE(one_at_a_time_sets_up)
{
    owner_lock one(path);
    one.begin_set_up();
    // A lock of the file, as a second process would ask for it.
    const auto is_free = [&] {
        const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
        struct flock asked{};
        asked.l_type = F_WRLCK;
        asked.l_start = (std::int64_t{1} << 62) + 2;
        asked.l_len = 1;
        BOOST_TEST(::fcntl(file, F_OFD_GETLK, &asked) == 0);
        ::close(file);
        return asked.l_type == F_UNLCK;
    };
    BOOST_TEST(!is_free());
    one.end_set_up();
    BOOST_TEST(is_free());
    owner_lock reader(path, owner_lock::use::look);
    owner_lock second(path, owner_lock::use::look);
    reader.begin_set_up();
    second.begin_set_up(); // does not wait for the first
}

BOOST_AUTO_TEST_CASE(its_end_leaves_the_locks_of_sqlite)
{
    {
        const owner_lock make(path);
    }
    sqlite::database db(path);
    db.execute("CREATE TABLE t (x); BEGIN EXCLUSIVE", "test");
    BOOST_TEST(!is_free_for_others(path));
    {
        owner_lock guest(path);
        guest.become_owner();
        const owner_lock reader(path, owner_lock::use::look);
        const sqlite::database still(path, sqlite::access::still);
    }
    BOOST_TEST(!is_free_for_others(path));
    db.execute("COMMIT", "test");
    BOOST_TEST(is_free_for_others(path));
}

BOOST_AUTO_TEST_CASE(descriptors_are_closed_with_the_last_use)
{
    const auto count = [] {
        const std::filesystem::directory_iterator all("/proc/self/fd");
        return std::distance(begin(all), end(all));
    };
    const auto before = count();
    for (int i = 0; i < 3; ++i) {
        const owner_lock one(path);
        for (int k = 0; k < 3; ++k) const owner_lock reader(path, owner_lock::use::look);
    }
    BOOST_TEST(count() == before);
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_refused_in_plain_words)
{
    using look = owner_lock::use;
    BOOST_CHECK_EXCEPTION(
        owner_lock(path, look::look), store_unusable, refuses("there is no store"));
    std::filesystem::create_directory(path);
    for (const look what : {look::own, look::look})
        BOOST_CHECK_EXCEPTION(owner_lock(path, what), store_unusable, refuses("is a folder"));
    BOOST_CHECK_EXCEPTION(owner_lock("/dev/null"), store_unusable, refuses("regular file"));
    const std::string link = folder / "link.db";
    std::filesystem::create_symlink(folder / "nothing", link);
    BOOST_CHECK_EXCEPTION(owner_lock{link}, store_unusable, refuses("is a link to a file"));
    BOOST_TEST(!std::filesystem::exists(folder / "nothing"));
}

BOOST_AUTO_TEST_CASE(the_file_is_its_owners_alone)
{
    const owner_lock one(path);
    BOOST_TEST(mode_of(path) == 0600U);
    const auto after = [&](mode_t given) {
        for (const char* end : {"", "-wal", "-shm"}) {
            std::ofstream(path + end, std::ios::app);
            BOOST_TEST(::chmod((path + end).c_str(), given) == 0);
        }
        one.protect();
        BOOST_TEST(mode_of(path + "-wal") == mode_of(path));
        BOOST_TEST(mode_of(path + "-shm") == mode_of(path));
        return mode_of(path);
    };
    BOOST_TEST(after(0644) == 0600U); // a copy that was put in place
    BOOST_TEST(after(0604) == 0600U);
    BOOST_TEST(after(0640) == 0640U); // the group's rights are meant
    BOOST_TEST(after(0660) == 0660U);
}

BOOST_AUTO_TEST_SUITE_END()

#include <carillon/detail/file_use.hpp>

#include <map>
#include <mutex>
#include <sys/stat.h>
#include <utility>
#include <vector>

namespace carillon::detail {
namespace {

struct used_file {
    int users = 0;
    std::vector<std::shared_ptr<void>> parked{};
};

struct used_files {
    std::mutex mutex;
    std::map<file_id, used_file> files;
};

/** Never destroyed: a store may outlive all other statics. */
used_files& all_used_files()
{
    static used_files& all = *new used_files;
    return all;
}

} // namespace

std::optional<file_id> file_at(const std::string& path) noexcept
{
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return std::nullopt;
    return file_id{found.st_dev, found.st_ino};
}

file_use::file_use(const file_id& file) : file_(file)
{
    used_files& all = all_used_files();
    const std::lock_guard lock(all.mutex);
    ++all.files[file].users;
}

file_use::file_use(file_use&& other) noexcept : file_(std::exchange(other.file_, std::nullopt)) {}

file_use::~file_use()
{
    if (!file_) return;
    used_files& all = all_used_files();
    // All of them are closed before the next use can begin.
    const std::lock_guard lock(all.mutex);
    const auto at = all.files.find(*file_);
    if (--at->second.users == 0) all.files.erase(at);
}

void file_use::park(std::shared_ptr<void> what) const
{
    if (!file_) return;
    used_files& all = all_used_files();
    const std::lock_guard lock(all.mutex);
    all.files.find(*file_)->second.parked.push_back(std::move(what));
}

} // namespace carillon::detail

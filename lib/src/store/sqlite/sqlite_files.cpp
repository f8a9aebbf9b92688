#include "store/sqlite/sqlite_files.hpp"

#include <carillon/store/store_unusable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace carillon::detail::sqlite {
namespace {

constexpr const char* wal = "-wal";
constexpr const char* shm = "-shm";

bool holds_nothing(const std::string& path) noexcept
{
    std::error_code ec;
    const auto size = std::filesystem::file_size(path, ec);
    return !ec && size == 0;
}

} // namespace

open_files::open_files(const std::string& path)
    : database_{path, file_at(path)},
      beside_{{{path + wal, file_at(path + wal)}, {path + shm, file_at(path + shm)}}}
{}

bool open_files::are_in_place() const noexcept
{
    const auto is_in_place = [](const one& o) { return o.file && file_at(o.path) == o.file; };
    return is_in_place(database_) && std::all_of(beside_.begin(), beside_.end(), is_in_place);
}

bool open_files::may_checkpoint() const noexcept
{
    return file_at(database_.path) == database_.file &&
           std::all_of(beside_.begin(), beside_.end(), [](const one& o) {
               const auto now = file_at(o.path);
               return !now || now == o.file || holds_nothing(o.path);
           });
}

file_state::file_state(const std::string& path) : database_(of(path)), log_(of(path + wal)) {}

file_state::state file_state::of(const std::string& path) noexcept
{
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return {};
    constexpr std::int64_t ns_per_s = 1'000'000'000;
    return {
        found.st_dev, found.st_ino, found.st_size,
        found.st_mtim.tv_sec * ns_per_s + found.st_mtim.tv_nsec};
}

void require_same_files(const std::string& path, const owner_lock& owners)
{
    if (owners.is_used_elsewhere())
        throw store_unusable(
            path + ": the store is in use under another name (a hard link, or a mount of the file "
                   "alone), beside which its log is: use that name, or mount the folder");
    if (!owners.has_owners()) return;
    for (const char* end : {wal, shm})
        if (!file_at(path + end))
            throw store_unusable(
                path + ": the file " + end +
                " beside the store was deleted or moved while a carillon uses it: stop that one, "
                "which may still write its log into the store");
}

void require_writable_files(const std::string& path)
{
    for (const char* end : {wal, shm}) {
        const std::string beside = path + end;
        struct stat found{};
        if (::stat(beside.c_str(), &found) != 0 || ::access(beside.c_str(), R_OK | W_OK) == 0)
            continue;
        throw store_unusable(fmt::format(
            "{}: this user may not write the file, which belongs to the user with the id {}: give "
            "it to the store's owner (chown), and do not delete it",
            beside, found.st_uid));
    }
}

} // namespace carillon::detail::sqlite

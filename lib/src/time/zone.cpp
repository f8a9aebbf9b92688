#include <carillon/detail/edit_distance.hpp>
#include <carillon/detail/text.hpp>
#include <carillon/time/zone.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cctz/time_zone.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace carillon {

struct time_zone::rules {
    std::string name;
    std::shared_ptr<const std::vector<zone_period>> periods;
};

namespace {

std::optional<std::string> environment(const char* name)
{
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

std::string zone_directory()
{
    const auto set = environment("TZDIR");
    return set && !set->empty() ? *set : "/usr/share/zoneinfo";
}

std::optional<std::string> read_whole(const std::string& path)
{
    std::error_code ec;
    if (!std::filesystem::is_regular_file(path, ec)) return std::nullopt;
    std::ifstream in(path, std::ios::binary);
    std::string content((std::istreambuf_iterator<char>(in)), {});
    return in.good() || in.eof() ? std::optional(std::move(content)) : std::nullopt;
}

/** The names in tzdata's own list, `tzdata.zi` (zic(8)): `Z NAME ...` and `L TARGET NAME`. Empty
 * where the system has none. */
std::vector<std::string> listed_names(const std::string& directory)
{
    std::vector<std::string> names;
    std::ifstream in(directory + "/tzdata.zi");
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with("Z ") && !line.starts_with("L ")) continue;
        std::size_t begin = 2;
        if (line[0] == 'L') begin = line.find(' ', begin) + 1;
        names.push_back(line.substr(begin, line.find(' ', begin) - begin));
    }
    return names;
}

/** Whether tzdata lists the name. It may have a file of that name nevertheless, as of
 * `posixrules`. */
bool is_listed(const std::string& directory, const std::string& name)
{
    const auto names = listed_names(directory);
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

/** Whether it can be a zone's name, and is not a path to elsewhere. */
bool is_zone_name(std::string_view name)
{
    const auto is_allowed = [](char c) {
        return detail::is_digit(c) || detail::is_letter(c) || c == '_' || c == '+' || c == '-' ||
               c == '/';
    };
    return !name.empty() && name.size() <= 100 && name.front() != '/' &&
           std::all_of(name.begin(), name.end(), is_allowed);
}

/** Whether there is none at all, as in a container without the package tzdata. */
bool lacks_zones(const std::string& directory)
{
    std::error_code ec;
    return std::filesystem::directory_iterator(directory, ec) ==
           std::filesystem::directory_iterator();
}

parse_error unknown_zone(std::string_view name, const std::string& directory)
{
    if (lacks_zones(directory))
        return {
            0,
            fmt::format(
                "no time zones are installed: {} is missing or empty; install tzdata, or use UTC",
                directory)};
    const std::vector<std::string> names = listed_names(directory);
    detail::nearest nearest(name);
    for (const std::string& n : names) nearest.consider(n);
    return {
        0, fmt::format(
               "there is no time zone '{}'{}; it must be an IANA name such as Europe/Berlin, "
               "UTC, or local",
               detail::shorten(name, 60), nearest.suggestion())};
}

/** The offsets from 1970 to 2199, cctz having read `path`. */
std::optional<std::vector<zone_period>> read_periods(const std::string& path)
{
    cctz::time_zone zone;
    if (!cctz::load_time_zone(path, &zone)) return std::nullopt;
    using seconds = std::chrono::seconds;
    // One day before and after the range of dates, since local time differs from UTC.
    auto at = std::chrono::sys_seconds{
        std::chrono::sys_days{std::chrono::year{first_year} / 1 / 1} - std::chrono::days{2}};
    const auto end = at + std::chrono::days{4} +
                     (std::chrono::sys_days{std::chrono::year{last_year + 1} / 1 / 1} -
                      std::chrono::sys_days{std::chrono::year{first_year} / 1 / 1});
    std::vector<zone_period> periods{{instant::min(), seconds{zone.lookup(at).offset}}};
    cctz::time_zone::civil_transition change;
    while (at < end && zone.next_transition(at, &change)) {
        at = zone.lookup(change.to).trans;
        const seconds offset{zone.lookup(at).offset};
        // Some changes change only the name.
        if (at < end && offset != periods.back().offset) periods.push_back({at, offset});
    }
    return periods;
}

/**
 * What has been read, by path and content.
 *
 * cctz keeps a zone by its name for as long as the process lives and never reads it again. A file
 * whose content has changed is therefore given to it under another name for the same file,
 * `.../zoneinfo/./Europe/Berlin`.
 */
class zone_files {
public:
    using periods = std::shared_ptr<const std::vector<zone_period>>;

    /** Null if there is no such file, if it is no zone's file, or if `is_allowed(directory,
     * name)`, which is called once, returns false. */
    template <class IsAllowed>
    periods load(const std::string& directory, const std::string& name, IsAllowed is_allowed)
    {
        const auto content = read_whole(directory + "/" + name);
        if (!content || !content->starts_with("TZif")) return nullptr;
        const std::lock_guard lock(mutex_);
        file& f = files_[directory + "/" + name];
        if (f.read && f.content == *content) return f.read;
        if (!f.read && !is_allowed(directory, name)) return nullptr;
        auto fresh = read_periods(directory + "/" + f.detour + name);
        if (!fresh) return nullptr;
        f.detour += "./";
        f.content = *content;
        f.read = std::make_shared<const std::vector<zone_period>>(std::move(*fresh));
        return f.read;
    }

private:
    struct file {
        std::string content;
        std::string detour; // of the next reading
        periods read;
    };

    std::mutex mutex_;
    std::map<std::string, file> files_;
};

zone_files& files()
{
    static zone_files all;
    return all;
}

/** The name of the zone that `/etc/localtime` links to; empty where it is no such link. */
std::string linked_name(const std::string& link, const std::string& directory)
{
    std::error_code ec;
    const auto target = std::filesystem::read_symlink(link, ec);
    if (ec) return {};
    const auto from = std::filesystem::path(link).parent_path();
    const std::string name =
        (from / target).lexically_normal().lexically_relative(directory).string();
    return is_zone_name(name) ? name : std::string();
}

} // namespace

time_zone::time_zone()
{
    static const auto utc = std::make_shared<const rules>(rules{
        "UTC", std::make_shared<const std::vector<zone_period>>(
                   1, zone_period{instant::min(), std::chrono::seconds{0}})});
    rules_ = utc;
}

parse_result<time_zone> time_zone::load(std::string_view name)
{
    return name == "local" ? load_local() : load_named(name);
}

parse_result<time_zone> time_zone::load_named(std::string_view name)
{
    if (name == "UTC") return time_zone();
    const std::string directory = zone_directory();
    if (!is_zone_name(name)) return unknown_zone(name, directory);
    auto periods = files().load(directory, std::string(name), is_listed);
    if (!periods) return unknown_zone(name, directory);
    return time_zone(std::make_shared<const rules>(rules{std::string(name), std::move(periods)}));
}

parse_result<time_zone> time_zone::load_local()
{
    const auto set = environment("TZ");
    std::string name = set.value_or("/etc/localtime");
    if (name.starts_with(':')) name.erase(0, 1);
    if (name.empty()) return time_zone();
    if (!name.starts_with('/')) return load_named(name);

    const auto slash = name.rfind('/');
    const auto any = [](const auto&, const auto&) { return true; };
    auto periods = files().load(name.substr(0, slash), name.substr(slash + 1), any);
    if (!periods && !set) return time_zone(); // as in libc, where the file is missing
    if (!periods) return parse_error{0, fmt::format("TZ names {}, which is no time zone", name)};
    const std::string linked = linked_name(name, zone_directory());
    return time_zone(std::make_shared<const rules>(
        rules{linked.empty() ? "local" : linked, std::move(periods)}));
}

const std::string& time_zone::name() const noexcept { return rules_->name; }

std::span<const zone_period> time_zone::periods() const noexcept { return *rules_->periods; }

std::size_t time_zone::period_at(instant t) const noexcept
{
    const auto& all = *rules_->periods;
    const auto later =
        std::upper_bound(all.begin() + 1, all.end(), t, [](instant at, const zone_period& p) {
            return at < p.begin;
        });
    return static_cast<std::size_t>(later - all.begin()) - 1;
}

local_instant time_zone::to_local(instant t) const noexcept
{
    return local_instant{(t + periods()[period_at(t)].offset).time_since_epoch()};
}

instant time_zone::first_at(local_instant t) const noexcept
{
    const auto all = periods();
    const instant as_utc{t.time_since_epoch()};
    for (std::size_t i = period_at(as_utc - std::chrono::days{2});; ++i) {
        const instant found = std::max(all[i].begin, as_utc - all[i].offset);
        if (i + 1 == all.size() || found < all[i + 1].begin) return found;
    }
}

bool operator==(const time_zone& a, const time_zone& b) noexcept
{
    return a.rules_ == b.rules_ ||
           (a.rules_->name == b.rules_->name && *a.rules_->periods == *b.rules_->periods);
}

} // namespace carillon

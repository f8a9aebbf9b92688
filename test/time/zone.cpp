#include "print.hpp"
#include <carillon/time/timestamp.hpp>
#include <carillon/time/zone.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <unistd.h>

using namespace carillon;
using namespace std::chrono_literals;

namespace zones {

/** Sets a variable of the environment until its end. */
class variable {
public:
    variable(const char* name, const std::string& value) : name_(name)
    {
        if (const char* before = std::getenv(name)) before_ = before;
        ::setenv(name, value.c_str(), 1);
    }
    variable(const variable&) = delete;
    variable& operator=(const variable&) = delete;
    ~variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }

private:
    const char* name_;
    std::optional<std::string> before_;
};

/** A folder of its own with zones that are copies of the system's. */
class zone_folder {
public:
    zone_folder()
        : path_(std::filesystem::temp_directory_path() / ("zones-" + std::to_string(::getpid())))
    {
        std::filesystem::create_directories(path_);
    }
    zone_folder(const zone_folder&) = delete;
    zone_folder& operator=(const zone_folder&) = delete;
    ~zone_folder() { std::filesystem::remove_all(path_); }

    void put(const std::string& name, const std::string& rules_of) const
    {
        std::filesystem::copy_file(
            "/usr/share/zoneinfo/" + rules_of, path_ / name,
            std::filesystem::copy_options::overwrite_existing);
    }

    std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

instant at(const char* text) { return parse_instant(text).value(); }

std::chrono::minutes offset(const time_zone& zone, const char* text)
{
    return std::chrono::duration_cast<std::chrono::minutes>(
        zone.to_local(at(text)).time_since_epoch() - at(text).time_since_epoch());
}

} // namespace zones

BOOST_AUTO_TEST_SUITE(zones)

BOOST_AUTO_TEST_CASE(rules_reach_to_2199)
{
    const time_zone berlin = time_zone::load("Europe/Berlin").value();
    BOOST_TEST(offset(berlin, "1975-07-01T00:00:00Z") == 60min); // no summer time then
    BOOST_TEST(offset(berlin, "2026-07-01T00:00:00Z") == 120min);
    BOOST_TEST(offset(berlin, "2045-07-01T00:00:00Z") == 120min);
    BOOST_TEST(offset(berlin, "2199-07-01T00:00:00Z") == 120min);
    BOOST_TEST(offset(berlin, "2199-12-31T00:00:00Z") == 60min);
    BOOST_TEST(berlin.name() == "Europe/Berlin");
    for (std::size_t i = 1; i < berlin.periods().size(); ++i) {
        BOOST_REQUIRE(berlin.periods()[i - 1].begin < berlin.periods()[i].begin);
        BOOST_REQUIRE(berlin.periods()[i - 1].offset != berlin.periods()[i].offset);
    }
}

BOOST_AUTO_TEST_CASE(only_names_that_tzdata_lists_are_zones)
{
    for (const char* name :
         {"UTC", "Etc/UTC", "EST5EDT", "US/Eastern", "America/Argentina/Ushuaia"})
        BOOST_TEST(time_zone::load(name).has_value(), name);
    for (const char* name :
         {"", "europe/berlin", "Europe/Berlim", "localtime", "posixrules", "posix/Europe/Berlin",
          "right/UTC", "../zoneinfo/UTC", "/usr/share/zoneinfo/UTC", "Fixed/UTC+05:00:00",
          "tzdata.zi", "Europe", "CET-1CEST", "UTC "})
        BOOST_TEST(!time_zone::load(name).has_value(), name);
    BOOST_TEST(
        time_zone::load("Europe/Berlim").error().what ==
        "there is no time zone 'Europe/Berlim' (did you mean 'Europe/Berlin'?); it must be an IANA "
        "name such as Europe/Berlin, UTC, or local");
}

BOOST_AUTO_TEST_CASE(a_machine_without_time_zones_says_so)
{
    const variable directory("TZDIR", "/nowhere/zoneinfo");
    for (const char* name : {"Europe/Berlin", "not a name"})
        BOOST_TEST(
            time_zone::load(name).error().what == "no time zones are installed: /nowhere/zoneinfo "
                                                  "is missing or empty; install tzdata, or "
                                                  "use UTC");
    BOOST_TEST(time_zone::load("UTC").has_value());
}

BOOST_AUTO_TEST_CASE(local_is_what_the_process_lives_in)
{
    {
        const variable tz("TZ", "Asia/Kathmandu");
        BOOST_TEST(time_zone::load("local").value().name() == "Asia/Kathmandu");
    }
    {
        const variable tz("TZ", ":Asia/Kathmandu");
        BOOST_TEST(time_zone::load("local").value().name() == "Asia/Kathmandu");
    }
    {
        const variable tz("TZ", "");
        BOOST_TEST(time_zone::load("local").value().name() == "UTC");
    }
    {
        const variable tz("TZ", "/usr/share/zoneinfo/Asia/Tokyo");
        const auto zone = time_zone::load("local").value();
        BOOST_TEST(offset(zone, "2026-01-01T00:00:00Z") == 540min);
    }
    {
        const variable tz("TZ", "CET-1CEST");
        BOOST_TEST(!time_zone::load("local").has_value());
    }
}

BOOST_AUTO_TEST_CASE(a_changed_file_is_read_anew_and_what_was_loaded_stays)
{
    const zone_folder folder;
    const variable directory("TZDIR", folder.path());
    folder.put("Moving", "Europe/Berlin");
    const auto before = time_zone::load("Moving").value();
    BOOST_TEST(time_zone::load("Moving").value() == before);
    folder.put("Moving", "Asia/Tokyo");
    const auto after = time_zone::load("Moving").value();
    BOOST_TEST(offset(before, "2026-07-01T00:00:00Z") == 120min);
    BOOST_TEST(offset(after, "2026-07-01T00:00:00Z") == 540min);
    BOOST_TEST(!(after == before));
    folder.put("Moving", "Asia/Kathmandu");
    BOOST_TEST(offset(time_zone::load("Moving").value(), "2026-07-01T00:00:00Z") == 345min);
    std::filesystem::resize_file(folder.path() + "/Moving", 100);
    BOOST_TEST(!time_zone::load("Moving").has_value());
}

BOOST_AUTO_TEST_CASE(the_first_instant_at_a_local_time)
{
    const time_zone berlin = time_zone::load("Europe/Berlin").value();
    const auto first = [&](const char* local) {
        return format_utc_short(first_instant_of(parse_timestamp(local).value(), berlin));
    };
    BOOST_TEST(first("2026-03-29") == "2026-03-28T23:00:00Z");
    BOOST_TEST(first("2026-03-29 02:30") == "2026-03-29T01:00:00Z"); // in a gap
    BOOST_TEST(first("2026-10-25 02:30") == "2026-10-25T00:30:00Z"); // in a fold
    BOOST_TEST(first("2026-10-25 03:00") == "2026-10-25T02:00:00Z");
    const time_zone apia = time_zone::load("Pacific/Apia").value();
    const auto skipped = first_instant_of(parse_timestamp("2011-12-30").value(), apia);
    BOOST_TEST(format_utc_short(skipped) == "2011-12-30T10:00:00Z"); // the 31st there
}

BOOST_AUTO_TEST_CASE(timestamps)
{
    const auto utc = [](const char* text) {
        const auto t = parse_timestamp(text);
        return t ? format_utc_short(first_instant_of(*t, {}))
                 : "column " + std::to_string(t.error().offset + 1);
    };
    BOOST_TEST(utc("2026-01-31T09:00:00Z") == "2026-01-31T09:00:00Z");
    BOOST_TEST(utc("2026-01-31t09:00:00.5z") == "2026-01-31T09:00:00.500000Z");
    BOOST_TEST(utc("2026-01-31 09:00:00.1234567+01:30") == "2026-01-31T07:30:00.123456Z");
    BOOST_TEST(utc("2026-01-31T23:59:60Z") == "2026-02-01T00:00:00Z");
    BOOST_TEST(utc("2026-01-31 09:00") == "2026-01-31T09:00:00Z");
    BOOST_TEST(utc("2026-01-31") == "2026-01-31T00:00:00Z");
    BOOST_TEST(utc("2024-02-29") == "2024-02-29T00:00:00Z");
    BOOST_TEST(utc("2026-02-29") == "column 9");
    BOOST_TEST(utc("2026-13-01") == "column 6");
    BOOST_TEST(utc("2026-1-01") == "column 6");
    BOOST_TEST(utc("2026-01-31T24:00") == "column 12");
    BOOST_TEST(utc("2026-01-31T09:00:00.Z") == "column 21");
    BOOST_TEST(utc("2026-01-31T09:00:00+1:00") == "column 21");
    BOOST_TEST(utc("2026-01-31T09:00:00Z ") == "column 21");
    BOOST_TEST(utc("") == "column 1");
}

BOOST_AUTO_TEST_SUITE_END()

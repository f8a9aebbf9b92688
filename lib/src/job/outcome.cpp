#include <carillon/job/outcome.hpp>

namespace carillon {
namespace {

/** The value of this name among those up to `last`. */
template <class T>
std::optional<T> find_name(std::string_view name, T last)
{
    for (int i = 0; i <= static_cast<int>(last); ++i)
        if (to_string(static_cast<T>(i)) == name) return static_cast<T>(i);
    return std::nullopt;
}

} // namespace

std::optional<outcome> outcome_from(std::string_view name) noexcept
{
    return find_name(name, outcome::interrupted);
}

std::optional<phase> phase_from(std::string_view name) noexcept
{
    return find_name(name, phase::body);
}

std::optional<run_trigger> run_trigger_from(std::string_view name) noexcept
{
    return find_name(name, run_trigger::retry);
}

std::optional<reason> reason_from(std::string_view name) noexcept
{
    return find_name(name, reason::crash);
}

std::string_view to_string(outcome o) noexcept
{
    switch (o) {
    case outcome::completed:
        return "completed";
    case outcome::failed:
        return "failed";
    case outcome::timed_out:
        return "timed_out";
    case outcome::unreachable:
        return "unreachable";
    case outcome::rejected:
        return "rejected";
    case outcome::cancelled:
        return "cancelled";
    case outcome::skipped:
        return "skipped";
    case outcome::interrupted:
        return "interrupted";
    }
    return "unknown";
}

std::string_view to_string(phase p) noexcept
{
    switch (p) {
    case phase::resolve:
        return "resolve";
    case phase::connect:
        return "connect";
    case phase::handshake:
        return "handshake";
    case phase::send:
        return "send";
    case phase::first_byte:
        return "first_byte";
    case phase::body:
        return "body";
    }
    return "unknown";
}

std::string_view to_string(run_trigger t) noexcept
{
    switch (t) {
    case run_trigger::schedule:
        return "schedule";
    case run_trigger::catch_up:
        return "catch_up";
    case run_trigger::manual:
        return "manual";
    case run_trigger::retry:
        return "retry";
    }
    return "unknown";
}

std::string_view to_string(reason r) noexcept
{
    switch (r) {
    case reason::coalesced:
        return "coalesced";
    case reason::window:
        return "window";
    case reason::limit:
        return "limit";
    case reason::removed:
        return "removed";
    case reason::overlap:
        return "overlap";
    case reason::shutdown:
        return "shutdown";
    case reason::store:
        return "store";
    case reason::condition:
        return "condition";
    case reason::disabled:
        return "disabled";
    case reason::crash:
        return "crash";
    }
    return "unknown";
}

} // namespace carillon

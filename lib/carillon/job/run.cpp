#include <carillon/job/run.hpp>

#include <boost/asio/error.hpp>

#include <utility>

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

outcome outcome_of(const run_record& run) noexcept
{
    for (const job_record& j : run.jobs) {
        if (j.outcome != outcome::completed && j.outcome != outcome::skipped)
            return j.outcome.value_or(outcome::interrupted);
    }
    return outcome::completed;
}

void reopen(std::vector<job_record>& jobs)
{
    for (job_record& j : jobs)
        if (j.outcome != outcome::completed)
            j = {.job = std::move(j.job), .attempts = std::move(j.attempts)};
}

outcome outcome_of(const error_code& ec) noexcept
{
    if (ec == boost::asio::error::operation_aborted) return outcome::cancelled;
    if (ec.category() != carillon_category()) return outcome::unreachable;
    switch (static_cast<errc>(ec.value())) {
    case errc::timed_out:
        return outcome::timed_out;
    case errc::malformed_reply:
    case errc::header_too_large:
    case errc::body_too_large:
    case errc::certificate_expired:
    case errc::certificate_not_yet_valid:
    case errc::certificate_wrong_host:
    case errc::certificate_self_signed:
    case errc::certificate_untrusted:
    case errc::certificate_invalid:
    case errc::client_certificate_refused:
    case errc::tls_failed:
    case errc::not_tls:
    case errc::tls_file_unusable:
    case errc::proxy_refused:
    case errc::bad_redirect:
        return outcome::rejected;
    default:
        return outcome::unreachable;
    }
}

} // namespace carillon

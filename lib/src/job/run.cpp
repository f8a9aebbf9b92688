#include <carillon/job/run.hpp>

#include <boost/asio/error.hpp>

#include <utility>

namespace carillon {
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
    case errc::malformed_request:
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

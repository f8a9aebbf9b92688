#include "job/request_fields.hpp"

#include "base/hmac.hpp"
#include <carillon/detail/text.hpp>
#include <carillon/job/header_name.hpp>
#include <carillon/version.hpp>

#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace carillon::detail {
namespace {

void append_hex(std::string& to, std::uint8_t byte)
{
    static constexpr std::string_view digits = "0123456789abcdef";
    to += digits[byte >> 4U];
    to += digits[byte & 0xFU];
}

/** Version 00, the run as the trace, sampled (W3C Trace Context section 3.2). */
std::string traceparent(const run_id& id, std::uint64_t span_id)
{
    std::string out;
    out.reserve(55);
    out += "00-";
    for (const std::uint8_t byte : id) append_hex(out, byte);
    out += '-';
    for (unsigned shift = 64; shift > 0; shift -= 8)
        append_hex(out, static_cast<std::uint8_t>(span_id >> (shift - 8)));
    return out += "-01";
}

std::string idempotency_key(const std::string& job, std::string_view scheduled_at)
{
    std::string out;
    out.reserve(job.size() + 1 + scheduled_at.size());
    return out.append(job).append(1, '@').append(scheduled_at);
}

/** What `auth` says, else the URL. */
std::string credentials_of(const job& j, const secret& user_info)
{
    if (const auto* bearer = std::get_if<bearer_auth>(&*j.auth))
        return "Bearer " + bearer->token.reveal();
    if (const auto* basic = std::get_if<basic_auth>(&*j.auth))
        return "Basic " + base64(basic->user + ":" + basic->password.reveal());
    return user_info.empty() ? "" : "Basic " + base64(user_info.reveal());
}

} // namespace

std::string signature(const hmac_auth& auth, std::string_view body, instant at)
{
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
    return fmt::format(
        "t={},v1={}", seconds, hmac_sha256(auth.key.reveal(), fmt::format("{}.{}", seconds, body)));
}

std::string idempotency_key(const job& j, const run_record& run)
{
    return idempotency_key(j.name, format_utc(run.scheduled_at));
}

std::vector<std::pair<std::string, std::string>>
request_fields(const attempt_identity& identity, const secret& user_info)
{
    const auto& [run, job, attempt, span_id] = identity;
    std::vector<std::pair<std::string, std::string>> out;
    out.reserve(job.headers->size() + 10);
    for (const header& h : *job.headers) out.emplace_back(h.name, h.value.reveal());

    const std::size_t own = out.size();
    const auto add_unless_own = [&](const char* name, std::string value) {
        const bool taken = std::any_of(
            out.begin(), out.begin() + static_cast<std::ptrdiff_t>(own),
            [&](const auto& f) { return equals_ignoring_case(f.first, name); });
        if (!taken) out.emplace_back(name, std::move(value));
    };
    if (const std::string credentials = credentials_of(job, user_info); !credentials.empty())
        add_unless_own("Authorization", credentials);
    add_unless_own("User-Agent", std::string("carillon/").append(version()));
    // Without the field any coding is acceptable (RFC 9110 section 12.5.3), but none can be read
    // here.
    add_unless_own("Accept-Encoding", "identity");
    std::erase_if(
        out, [](const auto& f) { return f.second.empty() && is_sent_by_default(f.first); });

    std::string scheduled_at = format_utc(run.scheduled_at);
    out.emplace_back("traceparent", traceparent(run.id, span_id));
    out.emplace_back("Idempotency-Key", idempotency_key(job.name, scheduled_at));
    out.emplace_back("Carillon-Job", job.name);
    out.emplace_back("Carillon-Run", boost::uuids::to_string(run.id));
    out.emplace_back("Carillon-Scheduled-At", std::move(scheduled_at));
    out.emplace_back("Carillon-Attempt", std::to_string(attempt));
    out.emplace_back("Carillon-Fence", std::to_string(run.fence));
    return out;
}

} // namespace carillon::detail

#pragma once

#include <carillon/job/run.hpp>
#include <carillon/time/timestamp.hpp>

#include <optional>

namespace carillon::detail {

// The members of a run's jobs and attempts in JSON, in their order, for whatever takes them: a tree
// of Boost.JSON, or a text. `Out` has, each with a key first:
//     add           a name, an instant, a number
//     add_text      what an endpoint or a person wrote: it may be no UTF-8
//     add_null
//     add_list      records, each with members of its own

inline double in_ms(microseconds span) { return static_cast<double>(span.count()) / 1000; }

template <class Out, class T>
void add_name_or_null(Out& out, const char* key, const std::optional<T>& v)
{
    if (v)
        out.add(key, to_string(*v));
    else
        out.add_null(key);
}

template <class Out>
void add_status_or_null(Out& out, const attempt_record* a)
{
    if (a != nullptr && a->http_status != 0)
        out.add("http_status", a->http_status);
    else
        out.add_null("http_status");
}

template <class Out>
void add_members(Out& out, const attempt_record& a)
{
    out.add("attempt", a.attempt);
    out.add("started_at", format_utc(a.started_at));
    out.add("latency_ms", in_ms(a.latency));
    out.add("outcome", to_string(a.outcome));
    add_status_or_null(out, &a);
    add_name_or_null(out, "phase", a.phase);
    if (a.error.empty())
        out.add_null("error");
    else
        out.add_text("error", a.error);
    if (a.phase) out.add("phase_ms", in_ms(a.phase_time));
}

template <class Out>
void add_members(Out& out, const job_record& j)
{
    out.add("job", j.job);
    add_name_or_null(out, "outcome", j.outcome);
    if (j.reason) out.add("reason", to_string(*j.reason));
    if (!j.status.empty()) out.add_text("status", j.status);
    out.add_text("message", j.message);
    const attempt_record* const last = j.attempts.empty() ? nullptr : &j.attempts.back();
    add_status_or_null(out, last);
    add_name_or_null(out, "phase", last != nullptr ? last->phase : std::nullopt);
    out.add_list("attempts", j.attempts);
}

} // namespace carillon::detail

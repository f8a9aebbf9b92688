#include "runner/attempt/progress.hpp"

#include <algorithm>

namespace carillon::detail {

bool has_begun(const job_record& job) noexcept
{
    return !job.attempts.empty() || job.may_be_sent || job.polled;
}

bool is_polled(const job_record& record, const job& of) noexcept
{
    return record.polled && *of.poll;
}

void forget_progress(job_record& job)
{
    job.values = {};
    job.polled = {};
}

job_record as_stored(
    const job_record& job, const std::vector<wanted_value>& wanted, const run_secrets& secrets)
{
    job_record out = job;
    std::erase_if(out.values, [&](const reply_value& v) {
        const auto w = std::find_if(wanted.begin(), wanted.end(), [&](const wanted_value& x) {
            return x.pointer == v.pointer;
        });
        return w == wanted.end() || w->is_secret || secrets.finds(v.value);
    });
    if (out.polled && secrets.finds(*out.polled)) out.polled = {};
    return out;
}

} // namespace carillon::detail

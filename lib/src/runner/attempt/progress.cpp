#include "runner/attempt/progress.hpp"

#include <algorithm>

namespace carillon::detail {

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

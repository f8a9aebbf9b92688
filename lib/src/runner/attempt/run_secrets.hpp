#pragma once

#include <carillon/detail/text.hpp>
#include <carillon/secret.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace carillon::detail {

/** Longer messages are cut, so that a reply does not flood logs. */
inline constexpr std::size_t max_message_bytes = 1024;

/** What must be hidden in one run: the secrets of its jobs, and the values of replies that are sent
 * as secrets. */
class run_secrets {
public:
    /** `of_jobs` must outlive this. */
    explicit run_secrets(const masker& of_jobs) : of_jobs_(of_jobs) {}

    void add(std::string_view text) { of_replies_.add(text); }

    std::string hide(std::string_view text) const
    {
        std::string out = of_jobs_.hide(text);
        return of_replies_.empty() ? out : of_replies_.hide(out);
    }

    /** `text` as it may be shown: its secrets are hidden, and it is cut. */
    std::string presentable(std::string_view text) const
    {
        return shorten(hide(text), max_message_bytes);
    }

    bool finds(std::string_view text) const
    {
        return of_jobs_.finds(text) || of_replies_.finds(text);
    }

private:
    const masker& of_jobs_;
    masker of_replies_;
};

} // namespace carillon::detail

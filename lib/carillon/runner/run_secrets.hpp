#pragma once

#include <carillon/secret.hpp>

#include <string>
#include <string_view>

namespace carillon {

/** What must be hidden in one run: the secrets of its jobs, and values of replies that are sent as
 * such. Not a public interface. */
class run_secrets {
public:
    /** `of_jobs` must outlive it. */
    explicit run_secrets(const masker& of_jobs) : of_jobs_(of_jobs) {}

    void add(std::string_view text) { of_replies_.add(text); }

    std::string hide(std::string_view text) const
    {
        std::string out = of_jobs_.hide(text);
        return of_replies_.empty() ? out : of_replies_.hide(out);
    }

    bool finds(std::string_view text) const
    {
        return of_jobs_.finds(text) || of_replies_.finds(text);
    }

private:
    const masker& of_jobs_;
    masker of_replies_;
};

} // namespace carillon

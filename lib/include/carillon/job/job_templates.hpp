#pragma once

#include <carillon/job/job.hpp>
#include <carillon/job/template.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/** Calls `f` with each text of a job that may hold placeholders, and the key at which it stands. */
void for_each_template(
    const job& j, const std::function<void(std::string_view key, const std::string& text)>& f);

/** A value of an earlier reply that a job is sent with. */
struct sent_value {
    reply_reference from;
    /// It stands where only secrets do: in `auth`, a header such as `Authorization`, or a URL's
    /// `token`.
    bool is_secret = false;
};

/** All such values, each once. The job's placeholders have no problem. */
std::vector<sent_value> sent_values(const job& j);

/** A URL whose placeholders are replaced by a letter: what can be said of it before a run. */
std::string without_placeholders(std::string_view url);

} // namespace carillon

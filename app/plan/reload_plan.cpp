#include "plan/reload_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace carillon::app {
namespace {

constexpr std::size_t told_names = 5;
constexpr std::size_t told_keys = 8;
constexpr std::size_t told_bytes = 60;

/** Collects the keys that change, up to their bound. */
class key_changes {
public:
    explicit key_changes(reload_plan& to) : to_(to) {}

    void add(std::vector<key_change> changes, const masker& secrets)
    {
        for (key_change& c : changes) {
            if (to_.keys.size() == reload_plan::listed_keys) {
                ++to_.left_out_keys;
                continue;
            }
            for (auto* text : {&c.from, &c.to})
                if (*text) **text = secrets.hide(**text);
            to_.keys.push_back(std::move(c));
        }
    }

    /** Says at least that a job is another one. */
    void add_job(const job& before, const job& after, const masker& secrets)
    {
        const std::string prefix = "jobs." + after.name;
        auto changes = changes_between(keys_of(before), keys_of(after), prefix + ".");
        if (changes.empty()) changes.push_back({.key = prefix});
        add(std::move(changes), secrets);
    }

private:
    reload_plan& to_;
};

void compare_jobs(
    const job_set& before, const job_set& after, const masker& secrets, reload_plan& out)
{
    key_changes keys(out);
    for (const job& j : after.jobs()) {
        const auto old = before.find(j.name);
        if (!old) {
            out.added.push_back(j.name);
        } else if (before[*old] != j) {
            out.changed.push_back(j.name);
            keys.add_job(before[*old], j, secrets);
        }
    }
    for (const job& j : before.jobs())
        if (!after.find(j.name)) out.removed.push_back(j.name);
}

std::string shortened(const std::optional<std::string>& text)
{
    if (!text) return "nothing";
    if (text->size() <= told_bytes) return *text;
    std::size_t end = told_bytes;
    while (end > 0 && (static_cast<unsigned char>((*text)[end]) & 0xC0U) == 0x80U) --end;
    return text->substr(0, end) + "...";
}

std::string others(std::size_t count)
{
    return fmt::format(" and {} other{}", count, count == 1 ? "" : "s");
}

std::string names_in_words(std::string_view what, const std::vector<std::string>& names)
{
    std::string out(what);
    for (std::size_t i = 0; i < std::min(names.size(), told_names); ++i)
        out += (i == 0 ? ": " : ", ") + names[i];
    return names.size() > told_names ? out + others(names.size() - told_names) : out;
}

std::string keys_in_words(const reload_plan& plan)
{
    std::string out;
    for (std::size_t i = 0; i < std::min(plan.keys.size(), told_keys); ++i) {
        const key_change& c = plan.keys[i];
        const std::string values =
            c.from || c.to ? fmt::format(" {} -> {}", shortened(c.from), shortened(c.to)) : "";
        out += (i == 0 ? "" : ", ") + c.key + values;
    }
    const std::size_t all = plan.keys.size() + plan.left_out_keys;
    return all > told_keys ? out + others(all - told_keys) : out;
}

std::string instants_in_words(const instant_changes& changes)
{
    std::string out;
    const auto add = [&](std::int64_t count, std::string_view one, std::string_view many) {
        if (count == 0) return;
        out += fmt::format(
            "{}{} {}", out.empty() ? "" : ", ", count,
            count == 1 ? fmt::format("instant {}", one) : fmt::format("instants {}", many));
    };
    add(changes.appear, "appears", "appear");
    add(changes.vanish, "vanishes", "vanish");
    add(changes.move, "moves", "move");
    return "in the coming day " + out;
}

std::string crowd_in_words(const reload_plan& plan)
{
    const int before = plan.crowded_before ? plan.crowded_before->runs : 1;
    const int after = plan.crowded_after ? plan.crowded_after->runs : 1;
    if (before == after) return {};
    const bool is_estimate = (plan.crowded_before && plan.crowded_before->is_estimate) ||
                             (plan.crowded_after && plan.crowded_after->is_estimate);
    return fmt::format(
        "its busiest second has {}{} runs due ({} before)", is_estimate ? "about " : "", after,
        before);
}

} // namespace

reload_plan plan_reload(
    const current_configuration& before,
    const configuration& after,
    const time_origins& origins,
    instant now)
{
    reload_plan out;
    masker secrets = before.jobs->secrets();
    secrets.add(after.jobs.secrets());
    key_changes(out).add(changes_between(before.keys, keys_of(after), ""), secrets);
    compare_jobs(*before.jobs, after.jobs, secrets, out);
    out.instants = changes_of_the_coming_day(*before.jobs, after.jobs, origins, now);
    if (!out.instants.empty()) {
        out.crowded_before = busiest_second(*before.jobs, origins, now);
        out.crowded_after = busiest_second(after.jobs, origins, now);
    }
    return out;
}

std::string in_words(const reload_plan& plan)
{
    if (plan.empty()) return "nothing has changed";
    std::vector<std::string> parts;
    if (!plan.added.empty()) parts.push_back(names_in_words("added", plan.added));
    if (!plan.removed.empty()) parts.push_back(names_in_words("removed", plan.removed));
    if (!plan.changed.empty()) parts.push_back(names_in_words("changed", plan.changed));
    if (!plan.keys.empty()) parts.push_back(keys_in_words(plan));
    if (!plan.instants.empty()) parts.push_back(instants_in_words(plan.instants));
    if (std::string crowd = crowd_in_words(plan); !crowd.empty()) parts.push_back(std::move(crowd));
    std::string out;
    for (const std::string& p : parts) out += (out.empty() ? "" : "; ") + p;
    return out;
}

} // namespace carillon::app

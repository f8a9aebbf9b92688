#include "config/job_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <tuple>

namespace carillon::app {

void job_tables::add(table_reader& in, const config_file& file)
{
    const toml_table* jobs = in.table("jobs");
    if (jobs == nullptr) {
        has_some_ = has_some_ || in.any("jobs") != nullptr;
        return;
    }
    has_some_ = has_some_ || !jobs->empty();
    const std::size_t first = written_.size();
    written_.reserve(first + jobs->size());
    places_.reserve(first + jobs->size());
    table_reader t(reading_, file.path, *jobs, {"jobs"});
    for (const toml_entry& e : *jobs) {
        if (const auto* table = e.value.as_table())
            add_job(e, *table, file);
        else
            t.fail_at(e.value, std::string(e.name), "must be a table");
    }
    std::stable_sort(
        written_.begin() + static_cast<std::ptrdiff_t>(first), written_.end(),
        [](const written_job& a, const written_job& b) {
            return a.place.table->place() < b.place.table->place();
        });
}

void job_tables::add_job(const toml_entry& e, const toml_table& table, const config_file& file)
{
    const table_place place{&file, &table};
    const auto [before, is_new] = places_.try_emplace(e.name, place);
    written_.push_back({e.name, place, is_new});
    if (is_new) return;
    reading_.errors.push_back(
        {file.path, e.place, "jobs." + std::string(e.name),
         fmt::format("is defined in {} already", before->second.file->path)});
}

std::vector<job> job_tables::read(const job_defaults& defaults) const
{
    std::vector<job> jobs;
    jobs.reserve(written_.size());
    for (const auto& [name, place, is_new] : written_) {
        job j = read_job(reading_, place.file->path, name, *place.table, defaults);
        // A job that is defined twice is read only to report its own mistakes.
        if (is_new) jobs.push_back(std::move(j));
    }
    return jobs;
}

std::vector<std::string_view> job_tables::names() const
{
    std::vector<std::string_view> out;
    out.reserve(written_.size());
    for (const written_job& w : written_) out.push_back(w.name);
    return out;
}

} // namespace carillon::app

#include "config/problem_places.hpp"

#include <carillon/detail/text.hpp>

namespace carillon::app {
namespace {

const toml_node* find(const toml_table& table, std::string_view key, bool ignore_case)
{
    if (!ignore_case) return table.get(key);
    for (const toml_entry& e : table)
        if (detail::equals_ignoring_case(e.name, key)) return &e.value;
    return nullptr;
}

/** The value at a key such as `retry.backoff`; the names of headers have no case. A key may hold
 * points itself: `expect.json./a.b`. */
const toml_node* locate(const toml_table& table, std::string_view key, bool ignore_case = false)
{
    const std::size_t dot = key.find('.');
    const toml_node* whole = find(table, key, ignore_case);
    if (whole != nullptr || dot == std::string_view::npos) return whole;
    const std::string_view first = key.substr(0, dot);
    const toml_node* outer = table.get(first);
    if (outer == nullptr || !outer->is(toml_node::kind::table)) return nullptr;
    return locate(*outer->as_table(), key.substr(dot + 1), first == "headers");
}

} // namespace

problem_places::problem_places(reading& r) : reading_(r)
{
    for (const config_error& e : r.errors) unreadable_.insert(e.key);
}

void problem_places::tell_defaults(const table_place& place, const std::vector<problem>& problems)
{
    for (const problem& p : problems) {
        of_defaults_.emplace(p.key, p.what);
        add(place, "defaults", p, locate(*place.table, p.key));
    }
}

void problem_places::tell_job(const table_place& place, const problem& p)
{
    const std::string job_key = "jobs." + p.job;
    if (p.key == "name") return add(place, job_key, p, nullptr);
    const toml_node* value = locate(*place.table, p.key);
    if (value == nullptr && of_defaults_.contains({p.key, p.what})) return;
    if (value == nullptr) value = place.table->get(p.key.substr(0, p.key.find('.')));
    add(place, job_key, p, value);
}

void problem_places::warn_job(const table_place& place, const problem& p)
{
    const toml_node* value = locate(*place.table, p.key);
    const file_place at = value != nullptr ? value->place() : place.table->place();
    reading_.warnings.push_back({place.file->path, at, "jobs." + p.job + "." + p.key, p.what});
}

void problem_places::add(
    const table_place& place,
    const std::string& outer_key,
    const problem& p,
    const toml_node* value)
{
    const std::string key = p.key == "name" ? outer_key : outer_key + "." + p.key;
    // A problem between jobs is never the consequence of a value that could not be read.
    const bool is_between_jobs = p.key.starts_with("after");
    if ((!is_between_jobs && unreadable_.contains(key)) || !told_.emplace(key, p.what).second)
        return;
    const file_place at = value != nullptr ? value->place() : place.table->place();
    reading_.errors.push_back({place.file->path, at, key, p.what});
}

} // namespace carillon::app

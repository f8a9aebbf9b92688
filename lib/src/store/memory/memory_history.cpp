#include "store/memory/memory_history.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace carillon::detail {
namespace {

/// The run of an entry that is none.
const memory_history::ended_run no_run;

bool holds(const std::vector<std::string>& names, const std::string& name)
{
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

const std::string& memory_history::kept_entry::chain() const
{
    return run() ? run()->chain : std::get<missed_record>(what).chain;
}

const memory_history::ended_run& memory_history::kept_entry::run() const
{
    const auto* const ended = std::get_if<ended_run>(&what);
    return ended != nullptr ? *ended : no_run;
}

bool memory_history::kept_entry::is_forgotten() const
{
    return std::holds_alternative<ended_run>(what) && !run();
}

bool memory_history::kept_entry::meets(const history_query& q) const
{
    if (q.before && cursor >= *q.before) return false;
    if (q.since && at < *q.since) return false;
    const std::string_view fate = run() ? to_string(run()->outcome.value_or(outcome::interrupted))
                                        : fate_of(std::get<missed_record>(what).reason);
    return (q.outcome.empty() || fate == q.outcome) && holds(q.chains, chain());
}

history_entry memory_history::kept_entry::copy() const
{
    history_entry out{.cursor = cursor, .at = at, .what = {}};
    if (run())
        out.what = *run();
    else
        out.what = std::get<missed_record>(what);
    return out;
}

/** The entry of a cursor that is in `chains_`. */
memory_history::kept_entry& memory_history::at_cursor(std::int64_t cursor)
{
    return entries_[static_cast<std::size_t>(cursor - entries_.front().cursor)];
}

const memory_history::kept_entry& memory_history::at_cursor(std::int64_t cursor) const
{
    return entries_[static_cast<std::size_t>(cursor - entries_.front().cursor)];
}

std::optional<std::string>
memory_history::append(instant at, std::variant<ended_run, missed_record> what)
{
    entries_.push_back({.cursor = ++last_cursor_, .at = at, .what = std::move(what)});
    cursors& own = chains_[entries_.back().chain()];
    own.push_back(last_cursor_);
    if (own.size() > keep_runs_) {
        forget(own.front());
        own.erase(own.begin());
    }
    return entries_.size() > keep_runs_in_all_ ? forget_oldest() : std::nullopt;
}

/** Its place stays until it is the oldest. */
void memory_history::forget(std::int64_t cursor) { at_cursor(cursor).what = no_run; }

std::optional<std::string> memory_history::forget_oldest()
{
    const kept_entry oldest = std::move(entries_.front());
    entries_.pop_front();
    if (oldest.is_forgotten()) return std::nullopt;
    const auto chain = chains_.find(oldest.chain());
    cursors& own = chain->second;
    own.erase(own.begin());
    if (!own.empty()) return std::nullopt;
    return std::move(chains_.extract(chain).key());
}

void memory_history::erase(const std::string& chain, run_id run)
{
    const auto known = chains_.find(chain);
    if (known == chains_.end()) return;
    cursors& own = known->second;
    const auto is_it = [&](std::int64_t cursor) {
        const ended_run& ended = at_cursor(cursor).run();
        if (!ended || ended->id != run) return false;
        forget(cursor);
        return true;
    };
    own.erase(std::remove_if(own.begin(), own.end(), is_it), own.end());
    if (own.empty()) chains_.erase(known);
}

history_page memory_history::find(const history_query& q) const
{
    history_page out;
    for (auto e = entries_.rbegin(); e != entries_.rend(); ++e) {
        if (e->is_forgotten() || !e->meets(q)) continue;
        if (out.entries.size() == q.limit) {
            out.next = out.entries.back().cursor;
            break;
        }
        out.entries.push_back(e->copy());
    }
    return out;
}

const run_record* memory_history::find_run(run_id id) const
{
    for (const kept_entry& e : entries_)
        if (e.run() && e.run()->id == id) return e.run().get();
    return nullptr;
}

const run_record* memory_history::find_run(const std::string& chain, run_id id) const
{
    const auto known = chains_.find(chain);
    if (known == chains_.end()) return nullptr;
    for (const std::int64_t cursor : known->second)
        if (const ended_run& run = at_cursor(cursor).run(); run && run->id == id) return run.get();
    return nullptr;
}

std::vector<run_id> memory_history::ids() const
{
    std::vector<run_id> out;
    for (const kept_entry& e : entries_)
        if (e.run()) out.push_back(e.run()->id);
    return out;
}

std::vector<run_record> memory_history::runs(const std::string& chain) const
{
    std::vector<run_record> out;
    const auto known = chains_.find(chain);
    if (known == chains_.end()) return out;
    for (const std::int64_t cursor : known->second)
        if (const ended_run& run = at_cursor(cursor).run()) out.push_back(*run);
    return out;
}

std::vector<history_entry> memory_history::entries(const std::string& chain) const
{
    std::vector<history_entry> out;
    const auto known = chains_.find(chain);
    if (known == chains_.end()) return out;
    for (const std::int64_t cursor : known->second) out.push_back(at_cursor(cursor).copy());
    return out;
}

std::vector<missed_record> memory_history::missed() const
{
    std::vector<missed_record> out;
    for (const kept_entry& e : entries_)
        if (const auto* m = std::get_if<missed_record>(&e.what)) out.push_back(*m);
    return out;
}

} // namespace carillon::detail

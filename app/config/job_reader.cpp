#include "config/job_reader.hpp"

#include "config/common_reader.hpp"
#include "config/expect_reader.hpp"
#include "config/schedule_reader.hpp"
#include "config/url_reader.hpp"
#include <carillon/detail/json_text.hpp>
#include <carillon/detail/text.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace json = boost::json;

namespace carillon::app {
namespace {

constexpr key_path jobs_path{"jobs"};

bool is_content_type(std::string_view name)
{
    return detail::equals_ignoring_case(name, "Content-Type");
}

/** What only a job has. */
class own_reader {
public:
    own_reader(reading& r, const std::string& file, table_reader& in)
        : reading_(r), file_(file), in_(in)
    {}

    void read(job& out, const std::string& base_url)
    {
        in_.text("title", out.title);
        in_.text("description", out.description);
        in_.texts("tags", out.tags);
        in_.boolean("enabled", out.enabled);
        in_.word<overlap_policy>(
            "overlap",
            {{"skip", overlap_policy::skip},
             {"queue", overlap_policy::queue},
             {"allow", overlap_policy::allow},
             {"replace", overlap_policy::replace}},
            out.overlap);
        in_.word<delivery_policy>(
            "delivery",
            {{"at-least-once", delivery_policy::at_least_once},
             {"at-most-once", delivery_policy::at_most_once}},
            out.delivery);
        in_.text("method", out.method);
        std::string base = base_url;
        read_base_url(in_, base);
        read_url(in_, base, out.url);
        read_body(out);
        read_trigger(out);
        read_poll(out, base);
    }

private:
    void read_body(job& out)
    {
        const toml_node* n = in_.any("body");
        if (n == nullptr) return;
        if (n->is(toml_node::kind::text))
            in_.text("body", out.body);
        else if (n->is(toml_node::kind::table))
            out.body = detail::json_text(to_json(*n));
        else
            in_.fail("body", "must be a text, or a table that is sent as JSON");
    }

    json::value to_json(const toml_node& n)
    {
        if (const auto* table = n.as_table()) {
            json::object o;
            for (const toml_entry& e : *table) o[e.name] = to_json(e.value);
            return o;
        }
        if (const auto* list = n.as_list()) {
            json::array a;
            for (const auto& item : *list) a.push_back(to_json(item));
            return a;
        }
        if (const auto* text = n.as_text())
            return json::value(json::string(in_.filled_in(n, "body", *text).value_or("")));
        if (const auto* number = n.as_integer()) return *number;
        if (const auto* real = n.as_real(); real != nullptr && std::isfinite(*real)) return *real;
        if (const auto* truth = n.as_boolean()) return *truth;
        in_.fail_at(
            n, "body",
            n.is(toml_node::kind::real) ? "JSON has no form for inf and nan"
                                        : "a date has no form in JSON; write it as a text");
        return nullptr;
    }

    /** Without an `expect` of its own, it has the job's, which has been read before. */
    void read_poll(job& out, const std::string& base)
    {
        const toml_table* table = in_.table("poll");
        if (table == nullptr) return;
        table_reader t(reading_, file_, *table, {"poll", &in_.path()});
        poll_policy poll;
        read_url(t, base, poll.url);
        t.span("every", poll.every);
        poll.expect = *out.expect;
        read_expectation(reading_, file_, t, poll.expect);
        t.finish();
        out.poll = std::optional(std::move(poll));
    }

    void read_trigger(job& out)
    {
        const values_needed needed(reading_);
        const toml_node* when = in_.any("schedule");
        const toml_node* waits = in_.any("after");
        if (when != nullptr)
            if (auto s = read_schedule(reading_, file_, in_, out.name)) out.trigger = std::move(*s);
        if (waits != nullptr) read_after(*waits, out);
        // The job is then taken as one that waits, so that wrong names and cycles are reported,
        // too.
        if (when != nullptr && waits != nullptr)
            in_.fail("after", "a job has either schedule or after, not both");
    }

    void read_after(const toml_node& n, job& out)
    {
        const std::size_t errors_before = reading_.errors.size();
        after parents;
        if (const auto* table = n.as_table())
            read_conditions(*table, parents);
        else
            for_each_value(n, [&](const toml_node& item) { read_parent(item, parents); });
        // An empty list is an error only where nothing else is wrong with it.
        if (!parents.empty() || reading_.errors.size() == errors_before)
            out.trigger = std::move(parents);
    }

    void read_conditions(const toml_table& table, after& out)
    {
        table_reader t(reading_, file_, table, {"after", &in_.path()});
        for (const toml_entry& e : table) {
            parent p{std::string(e.name), condition::succeeded};
            t.word<condition>(
                p.job,
                {{"succeeded", condition::succeeded},
                 {"finished", condition::finished},
                 {"failed", condition::failed}},
                p.when);
            out.push_back(std::move(p));
        }
    }

    void read_parent(const toml_node& item, after& out)
    {
        const auto* name = item.as_text();
        if (name == nullptr)
            return in_.fail_at(
                item, "after",
                "must be a job's name, a list of names, or a table such as { a = \"finished\" }");
        if (auto filled = in_.filled_in(item, "after", *name))
            out.push_back({std::move(*filled), condition::succeeded});
    }

    reading& reading_;
    const std::string& file_;
    table_reader& in_;
};

/** A body that is written as a table sets `Content-Type`, unless the job or the defaults set it. */
void name_json(const toml_table& table, job& out)
{
    const toml_node* body = table.get("body");
    if (body == nullptr || !body->is(toml_node::kind::table)) return;
    const auto& headers = *out.headers;
    const bool has = std::any_of(
        headers.begin(), headers.end(), [](const header& h) { return is_content_type(h.name); });
    const toml_node* written = table.get("headers");
    const auto* own = written != nullptr ? written->as_table() : nullptr;
    const bool removed =
        own != nullptr && std::any_of(own->begin(), own->end(), [](const toml_entry& e) {
            return is_content_type(e.name);
        });
    if (has || removed) return;
    auto extended = headers;
    extended.push_back({"Content-Type", "application/json"});
    out.headers = std::move(extended);
}

} // namespace

void read_defaults(reading& r, const std::string& file, const toml_table& table, job_defaults& out)
{
    table_reader in(r, file, table, {"defaults"});
    read_base_url(in, out.base_url);
    read_common(r, file, in, out.values);
    in.finish();
}

job read_job(
    reading& r,
    const std::string& file,
    std::string_view name,
    const toml_table& table,
    const job_defaults& defaults)
{
    job out = defaults.values;
    out.name = name;
    table_reader in(r, file, table, {name, &jobs_path});
    read_common(r, file, in, out);
    own_reader(r, file, in).read(out, defaults.base_url);
    name_json(table, out);
    in.finish();
    return out;
}

} // namespace carillon::app

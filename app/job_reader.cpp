#include "job_reader.hpp"

#include <carillon/detail/text.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace json = boost::json;

namespace carillon::app {
namespace {

std::string join_url(const std::string& base, const std::string& url)
{
    if (url.find("://") != std::string::npos || base.empty()) return url;
    const bool ends = base.ends_with('/');
    const bool begins = url.starts_with('/');
    if (ends && begins) return base + url.substr(1);
    return url.empty() || ends || begins ? base + url : base + "/" + url;
}

std::optional<status_range> parse_status(const toml::node& n)
{
    if (const auto* number = n.as_integer();
        number != nullptr && number->get() >= 100 && number->get() <= 599) {
        const auto status = static_cast<std::uint16_t>(number->get());
        return status_range{status, status};
    }
    const auto* text = n.as_string();
    if (text == nullptr || text->get().size() != 3 || text->get().substr(1) != "xx")
        return std::nullopt;
    const char digit = text->get()[0];
    if (digit < '1' || digit > '5') return std::nullopt;
    const auto first = static_cast<std::uint16_t>((digit - '0') * 100);
    return status_range{first, static_cast<std::uint16_t>(first + 99)};
}

/** Calls `f` for a value, or for each of a list. */
template <class F>
void for_each_value(const toml::node& n, F f)
{
    if (const auto* list = n.as_array())
        for (const auto& item : *list) f(item);
    else
        f(n);
}

/** The keys that `[defaults]` and jobs have in common. */
class common_reader {
public:
    common_reader(reading& r, const std::string& file, table_reader& in)
        : reading_(r), file_(file), in_(in)
    {}

    void read(job& out)
    {
        in_.span("timeout", out.timeout);
        in_.span("connect_timeout", out.connect_timeout);
        in_.span("deadline", out.deadline);
        in_.text("message", out.message);
        read_headers(out);
        read_retry(out);
        read_expect(out);
    }

private:
    /** A header of the table takes the place of one with its name, in any case; an empty value
     * removes it. */
    void read_headers(job& out)
    {
        const toml::table* table = in_.table("headers");
        if (table == nullptr) return;
        table_reader headers(reading_, file_, *table, in_.path() + ".headers");
        std::vector<header> merged = *out.headers;
        for (const auto& [key, value] : *table) {
            const std::string name(key.str());
            const auto* text = value.as_string();
            if (text == nullptr) {
                headers.fail(name, "must be a text");
                continue;
            }
            const auto filled = headers.filled_in(value, name, text->get(), is_secret_header(name));
            if (!filled) continue;
            std::erase_if(merged, [&](const header& h) {
                return detail::equals_ignoring_case(h.name, name);
            });
            if (!filled->empty()) merged.push_back({name, secret(*filled)});
        }
        out.headers = std::move(merged);
    }

    void read_retry(job& out)
    {
        const toml::table* table = in_.table("retry");
        if (table == nullptr) return;
        table_reader t(reading_, file_, *table, in_.path() + ".retry");
        retry_policy policy = *out.retry;
        std::int64_t attempts = policy.attempts;
        if (t.integer("attempts", attempts))
            policy.attempts = static_cast<int>(std::clamp<std::int64_t>(attempts, 0, 1001));
        t.span("backoff", policy.backoff);
        t.span("max_backoff", policy.max_backoff);
        t.number("multiplier", policy.multiplier);
        t.word<jitter>("jitter", {{"full", jitter::full}, {"none", jitter::none}}, policy.jitter);
        if (const toml::node* on = t.any("on")) read_conditions(t, *on, policy.on);
        t.finish();
        out.retry = std::move(policy);
    }

    void read_conditions(table_reader& t, const toml::node& on, retry_conditions& out)
    {
        retry_conditions read{
            .statuses = {}, .unreachable = false, .timed_out = false, .expect = false};
        for_each_value(on, [&](const toml::node& n) {
            const auto* word = n.as_string();
            if (word != nullptr && word->get() == "unreachable")
                read.unreachable = true;
            else if (word != nullptr && word->get() == "timed_out")
                read.timed_out = true;
            else if (word != nullptr && word->get() == "expect")
                read.expect = true;
            else if (const auto status = parse_status(n))
                read.statuses.push_back(*status);
            else
                t.fail_at(
                    n, "on",
                    "must hold statuses such as 503 or \"5xx\", \"unreachable\", \"timed_out\", "
                    "\"expect\"");
        });
        out = std::move(read);
    }

    void read_expect(job& out)
    {
        const toml::table* table = in_.table("expect");
        if (table == nullptr) return;
        table_reader t(reading_, file_, *table, in_.path() + ".expect");
        expectation expect = *out.expect;
        if (const toml::node* status = t.any("status")) {
            expect.status.clear();
            for_each_value(*status, [&](const toml::node& n) {
                if (const auto range = parse_status(n))
                    expect.status.push_back(*range);
                else
                    t.fail_at(
                        n, "status", "must be a status such as 200 or \"2xx\", from 100 to 599");
            });
        }
        if (const toml::table* checks = t.table("json")) {
            table_reader c(reading_, file_, *checks, t.path() + ".json");
            expect.json.clear();
            for (const auto& [key, value] : *checks)
                read_check(c, std::string(key.str()), value, expect.json);
        }
        t.size("max_body", expect.max_body_bytes);
        t.finish();
        out.expect = std::move(expect);
    }

    void read_check(
        table_reader& c,
        const std::string& pointer,
        const toml::node& value,
        std::vector<json_check>& out)
    {
        json_check check{.pointer = pointer, .any_of = {}};
        for_each_value(value, [&](const toml::node& n) {
            if (const auto* text = n.as_string()) {
                if (const auto filled = c.filled_in(n, pointer, text->get()))
                    check.any_of.emplace_back(*filled);
            } else if (const auto* number = n.as_integer())
                check.any_of.emplace_back(number->get());
            else if (const auto* real = n.as_floating_point())
                check.any_of.emplace_back(real->get());
            else if (const auto* truth = n.as_boolean())
                check.any_of.emplace_back(truth->get());
            else
                c.fail_at(
                    n, pointer, "must be a text, a number, true, false, or a list of such values");
        });
        out.push_back(std::move(check));
    }

    reading& reading_;
    const std::string& file_;
    table_reader& in_;
};

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
        in_.text("method", out.method);
        std::string base = base_url;
        std::string url;
        in_.text("base_url", base);
        if (in_.text("url", url))
            out.url = join_url(base, url);
        else if (in_.raw().get("url") != nullptr)
            out.url = "http://invalid/"; // its error is told already
        read_body(out);
        read_trigger(out);
    }

private:
    void read_body(job& out)
    {
        const toml::node* n = in_.any("body");
        if (n == nullptr) return;
        if (n->is_string())
            in_.text("body", out.body);
        else if (n->is_table())
            out.body = json::serialize(to_json(*n));
        else
            in_.fail("body", "must be a text, or a table that is sent as JSON");
    }

    json::value to_json(const toml::node& n)
    {
        if (const auto* table = n.as_table()) {
            json::object o;
            for (const auto& [key, value] : *table) o[std::string(key.str())] = to_json(value);
            return o;
        }
        if (const auto* list = n.as_array()) {
            json::array a;
            for (const auto& item : *list) a.push_back(to_json(item));
            return a;
        }
        if (const auto* text = n.as_string())
            return json::value(in_.filled_in(n, "body", text->get()).value_or("").c_str());
        if (const auto* number = n.as_integer()) return number->get();
        if (const auto* real = n.as_floating_point()) return real->get();
        if (const auto* truth = n.as_boolean()) return truth->get();
        in_.fail_at(n, "body", "a date has no form in JSON; write it as a text");
        return nullptr;
    }

    void read_trigger(job& out)
    {
        const toml::node* when = in_.any("schedule");
        const toml::node* waits = in_.any("after");
        if (when != nullptr && waits != nullptr)
            return in_.fail("after", "a job has either schedule or after, not both");
        if (when != nullptr) read_schedule(out);
        if (waits != nullptr) read_after(*waits, out);
    }

    void read_schedule(job& out)
    {
        const toml::table* table = in_.table("schedule");
        if (table == nullptr) return;
        table_reader t(reading_, file_, *table, in_.path() + ".schedule");
        schedule s;
        const std::size_t errors_before = reading_.errors.size();
        t.span("every", s.every);
        t.span("on_boot", s.on_boot);
        t.span("on_start", s.on_start);
        t.span("accuracy", s.accuracy);
        t.finish();
        if (reading_.errors.size() == errors_before) out.trigger = s;
    }

    void read_after(const toml::node& n, job& out)
    {
        after parents;
        if (const auto* table = n.as_table()) {
            table_reader t(reading_, file_, *table, in_.path() + ".after");
            for (const auto& [key, value] : *table) {
                parent p{std::string(key.str()), condition::succeeded};
                t.word<condition>(
                    p.job,
                    {{"succeeded", condition::succeeded},
                     {"finished", condition::finished},
                     {"failed", condition::failed}},
                    p.when);
                parents.push_back(std::move(p));
            }
        } else {
            for_each_value(n, [&](const toml::node& item) {
                if (const auto* name = item.as_string())
                    parents.push_back({name->get(), condition::succeeded});
                else
                    in_.fail_at(
                        item, "after",
                        "must be a job's name, a list of names, or a table such as { a = "
                        "\"finished\" }");
            });
        }
        out.trigger = std::move(parents);
    }

    reading& reading_;
    const std::string& file_;
    table_reader& in_;
};

} // namespace

void read_defaults(reading& r, const std::string& file, const toml::table& table, job_defaults& out)
{
    table_reader in(r, file, table, "defaults");
    in.text("base_url", out.base_url);
    common_reader(r, file, in).read(out.values);
    in.finish();
}

job read_job(
    reading& r,
    const std::string& file,
    const std::string& name,
    const toml::table& table,
    const job_defaults& defaults)
{
    job out = defaults.values;
    out.name = name;
    table_reader in(r, file, table, "jobs." + name);
    own_reader(r, file, in).read(out, defaults.base_url);
    common_reader(r, file, in).read(out);
    in.finish();
    return out;
}

} // namespace carillon::app

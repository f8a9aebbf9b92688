#include "config/common_reader.hpp"

#include "config/expect_reader.hpp"
#include "config/route_reader.hpp"
#include <carillon/detail/text.hpp>
#include <carillon/job/header_name.hpp>
#include <carillon/job/template.hpp>

#include <algorithm>
#include <set>

namespace carillon::app {
namespace {

/** The order of header names, which differ in more than case (RFC 9110 section 5.1). */
struct ignoring_case {
    bool operator()(const std::string& a, const std::string& b) const
    {
        return std::lexicographical_compare(
            a.begin(), a.end(), b.begin(), b.end(),
            [](char x, char y) { return detail::to_lower(x) < detail::to_lower(y); });
    }
};

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
        // Copied only where the job writes headers of its own: most jobs share those of the
        // defaults.
        if (in_.any("expect") != nullptr) {
            expectation expect = *out.expect;
            if (read_expectation(reading_, file_, in_, expect)) out.expect = std::move(expect);
        }
        read_route(reading_, file_, in_, out);
    }

private:
    /** A header of the table takes the place of one with its name, in any case; an empty value
     * removes it. */
    void read_headers(job& out)
    {
        const toml_table* table = in_.table("headers");
        if (table == nullptr) return;
        table_reader headers(reading_, file_, *table, {"headers", &in_.path()});
        std::vector<header> merged = *out.headers;
        std::set<std::string, ignoring_case> seen;
        for (const toml_entry& e : *table) {
            const std::string name(e.name);
            if (!seen.insert(name).second) {
                headers.fail(name, "names a header twice: case does not tell them apart");
                continue;
            }
            const auto* text = e.value.as_text();
            if (text == nullptr) {
                headers.fail(name, "must be a text");
                continue;
            }
            const auto filled = headers.filled_in(
                e.value, name, *text, is_secret_header(name) ? secrecy::whole : secrecy::none);
            if (!filled) continue;
            if (!has_placeholders(*filled)) collect_header_secrets(name, *filled, reading_.secrets);
            std::erase_if(merged, [&](const header& h) {
                return detail::equals_ignoring_case(h.name, name);
            });
            if (!filled->empty() || is_sent_by_default(name))
                merged.push_back({name, secret(*filled)});
        }
        out.headers = std::move(merged);
    }

    void read_retry(job& out)
    {
        const toml_table* table = in_.table("retry");
        if (table == nullptr) return;
        table_reader t(reading_, file_, *table, {"retry", &in_.path()});
        retry_policy policy = *out.retry;
        std::int64_t attempts = policy.attempts;
        if (t.integer("attempts", attempts))
            policy.attempts = static_cast<int>(std::clamp<std::int64_t>(attempts, 0, 1001));
        t.span("backoff", policy.backoff);
        // A bound that could not be read is not compared with.
        if (t.any("max_backoff") != nullptr && !t.span("max_backoff", policy.max_backoff))
            policy.max_backoff = std::max(policy.max_backoff, policy.backoff);
        t.number("multiplier", policy.multiplier);
        t.word<jitter>("jitter", {{"full", jitter::full}, {"none", jitter::none}}, policy.jitter);
        if (const toml_node* on = t.any("on")) read_conditions(t, *on, policy.on);
        t.finish();
        out.retry = std::move(policy);
    }

    void read_conditions(table_reader& t, const toml_node& on, retry_conditions& out)
    {
        static constexpr const char* allowed =
            "must hold statuses such as 503 or \"5xx\", \"unreachable\", \"timed_out\", \"expect\"";
        retry_conditions read{
            .statuses = {}, .unreachable = false, .timed_out = false, .expect = false};
        for_each_value(on, [&](const toml_node& n) {
            const auto word = status_text(t, "on", n, allowed);
            if (!word) return;
            if (*word == "unreachable")
                read.unreachable = true;
            else if (*word == "timed_out")
                read.timed_out = true;
            else if (*word == "expect")
                read.expect = true;
            else if (const auto status = parse_status(*word))
                read.statuses.push_back(*status);
            else
                t.fail_at(n, "on", allowed);
        });
        out = std::move(read);
    }

    reading& reading_;
    const std::string& file_;
    table_reader& in_;
};

} // namespace

void read_common(reading& r, const std::string& file, table_reader& in, job& out)
{
    common_reader(r, file, in).read(out);
}

} // namespace carillon::app

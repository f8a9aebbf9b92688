#include "common_reader.hpp"

#include <carillon/detail/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace carillon::app {
namespace {

std::optional<status_range> parse_status(std::string_view text)
{
    const bool is_class = text.size() == 3 && text.substr(1) == "xx";
    if (text.size() != 3 || text[0] < '1' || text[0] > '5') return std::nullopt;
    if (!is_class && !(detail::is_digit(text[1]) && detail::is_digit(text[2]))) return std::nullopt;
    const auto digit = [&](std::size_t i) { return is_class ? 0 : text[i] - '0'; };
    const auto first = static_cast<std::uint16_t>((text[0] - '0') * 100 + digit(1) * 10 + digit(2));
    return status_range{first, static_cast<std::uint16_t>(first + (is_class ? 99 : 0))};
}

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
        read_expect(out);
    }

private:
    /** A header of the table takes the place of one with its name, in any case; an empty value
     * removes it. */
    void read_headers(job& out)
    {
        const toml::table* table = in_.table("headers");
        if (table == nullptr) return;
        table_reader headers(reading_, file_, *table, {"headers", &in_.path()});
        std::vector<header> merged = *out.headers;
        std::set<std::string, ignoring_case> seen;
        for (const auto& [key, value] : *table) {
            const std::string name(key.str());
            if (!seen.insert(name).second) {
                headers.fail(name, "names a header twice: case does not tell them apart");
                continue;
            }
            const auto* text = value.as_string();
            if (text == nullptr) {
                headers.fail(name, "must be a text");
                continue;
            }
            const auto filled = headers.filled_in(
                value, name, text->get(), is_secret_header(name) ? secrecy::whole : secrecy::none);
            if (!filled) continue;
            collect_header_secrets(name, *filled, reading_.secrets);
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
        table_reader t(reading_, file_, *table, {"retry", &in_.path()});
        retry_policy policy = *out.retry;
        std::int64_t attempts = policy.attempts;
        if (t.integer("attempts", attempts))
            policy.attempts = static_cast<int>(std::clamp<std::int64_t>(attempts, 0, 1001));
        t.span("backoff", policy.backoff);
        // Against a bound that could not be read nothing is held.
        if (t.any("max_backoff") != nullptr && !t.span("max_backoff", policy.max_backoff))
            policy.max_backoff = std::max(policy.max_backoff, policy.backoff);
        t.number("multiplier", policy.multiplier);
        t.word<jitter>("jitter", {{"full", jitter::full}, {"none", jitter::none}}, policy.jitter);
        if (const toml::node* on = t.any("on")) read_conditions(t, *on, policy.on);
        t.finish();
        out.retry = std::move(policy);
    }

    /** A status or a word, with its variables filled in; nothing after its error was told. */
    static std::optional<std::string>
    status_text(table_reader& t, const char* key, const toml::node& n, const char* allowed)
    {
        if (const auto* number = n.as_integer()) return std::to_string(number->get());
        if (const auto* text = n.as_string()) return t.filled_in(n, key, text->get());
        t.fail_at(n, key, allowed);
        return std::nullopt;
    }

    void read_conditions(table_reader& t, const toml::node& on, retry_conditions& out)
    {
        static constexpr const char* allowed =
            "must hold statuses such as 503 or \"5xx\", \"unreachable\", \"timed_out\", \"expect\"";
        retry_conditions read{
            .statuses = {}, .unreachable = false, .timed_out = false, .expect = false};
        for_each_value(on, [&](const toml::node& n) {
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

    void read_expect(job& out)
    {
        const toml::table* table = in_.table("expect");
        if (table == nullptr) return;
        table_reader t(reading_, file_, *table, {"expect", &in_.path()});
        expectation expect = *out.expect;
        if (const toml::node* status = t.any("status")) read_statuses(t, *status, expect.status);
        if (const toml::table* checks = t.table("json")) {
            table_reader c(reading_, file_, *checks, {"json", &t.path()});
            expect.json.clear();
            for (const auto& [key, value] : *checks)
                read_check(c, std::string(key.str()), value, expect.json);
        }
        t.size("max_body", expect.max_body_bytes);
        t.finish();
        out.expect = std::move(expect);
    }

    void read_statuses(table_reader& t, const toml::node& given, std::vector<status_range>& out)
    {
        static constexpr const char* allowed =
            "must be a status such as 200 or \"2xx\", from 100 to 599";
        const std::size_t errors_before = reading_.errors.size();
        std::vector<status_range> read;
        for_each_value(given, [&](const toml::node& n) {
            const auto text = status_text(t, "status", n, allowed);
            if (!text) return;
            if (const auto range = parse_status(*text))
                read.push_back(*range);
            else
                t.fail_at(n, "status", allowed);
        });
        // One error is enough: of a wrong list nothing more is said.
        if (reading_.errors.size() == errors_before) out = std::move(read);
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
            else if (const auto* real = n.as_floating_point();
                     real != nullptr && std::isfinite(real->get()))
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

} // namespace

void read_common(reading& r, const std::string& file, table_reader& in, job& out)
{
    common_reader(r, file, in).read(out);
}

} // namespace carillon::app

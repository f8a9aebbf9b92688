#include "plan/written_keys.hpp"

#include "base/words.hpp"
#include "text/describe_schedule.hpp"
#include <carillon/detail/text.hpp>
#include <carillon/job/endpoint.hpp>
#include <carillon/time/span.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace carillon::app {
namespace {

constexpr const char* hidden = "***";

template <class T, std::size_t N>
std::string_view word_of(const word_list<T, N>& words, T value)
{
    const auto at = std::find_if(
        words.begin(), words.end(), [&](const auto& word) { return word.second == value; });
    return at != words.end() ? at->first : std::string_view();
}

std::string in_words(bool value) { return value ? "true" : "false"; }

std::string in_words(const json_primitive& value)
{
    return std::visit(
        [](const auto& v) -> std::string {
            using T = std::decay_t<decltype(v)>;
            if constexpr (std::is_same_v<T, std::nullptr_t>)
                return "null";
            else if constexpr (std::is_same_v<T, std::string>)
                return "\"" + v + "\"";
            else
                return fmt::format("{}", v);
        },
        value);
}

template <class List, class F>
std::string joined(const List& list, F in_words_of)
{
    std::string out;
    for (const auto& item : list) out += (out.empty() ? "" : ", ") + std::string(in_words_of(item));
    return out;
}

std::string in_words(const std::vector<status_range>& ranges)
{
    return joined(ranges, [](const status_range& r) {
        return r.first == r.last ? fmt::format("{}", r.first)
                                 : fmt::format("{}-{}", r.first, r.last);
    });
}

std::string in_words(const json_check& c)
{
    if (!c.any_of.empty()) return joined(c.any_of, [](const auto& v) { return in_words(v); });
    const auto bound = [](const char* word, const json_primitive& value) {
        const bool is_none = std::holds_alternative<std::nullptr_t>(value);
        return is_none ? std::string() : fmt::format("at {} {}", word, in_words(value));
    };
    const std::string least = bound("least", c.min);
    const std::string most = bound("most", c.max);
    return least + (least.empty() || most.empty() ? "" : ", ") + most;
}

std::string in_words(const after& parents)
{
    return joined(parents, [](const parent& p) {
        static constexpr const char* words[] = {"succeeded", "finished", "failed"};
        return fmt::format("{} {}", p.job, words[static_cast<int>(p.when)]);
    });
}

std::string in_words(const retry_conditions& on)
{
    std::string out = in_words(on.statuses);
    const auto add = [&](bool holds, const char* word) {
        if (holds) out += (out.empty() ? "" : ", ") + std::string(word);
    };
    add(on.unreachable, "unreachable");
    add(on.timed_out, "timed_out");
    add(on.expect, "expect");
    return out;
}

/** Collects the keys of one table. */
class key_list {
public:
    void add(std::string key, const std::string& value)
    {
        if (!value.empty()) all_.push_back({std::move(key), value, value});
    }

    void add_secret(std::string key, const std::string& value)
    {
        if (!value.empty()) all_.push_back({std::move(key), value, hidden});
    }

    /** Of a URL is shown what logs show. */
    void add_url(std::string key, const std::string& url)
    {
        const bool has_query = url.find('?') != std::string::npos;
        all_.push_back({std::move(key), url, shown_url(url) + (has_query ? "?***" : "")});
    }

    void add_body(std::string key, const std::string& body)
    {
        if (!body.empty())
            all_.push_back({std::move(key), body, fmt::format("{} bytes", body.size())});
    }

    void add(std::string key, microseconds span) { add(std::move(key), format_span(span)); }

    template <class T>
        requires std::is_integral_v<T>
    void add(std::string key, T value)
    {
        if constexpr (std::is_same_v<T, bool>)
            add(std::move(key), in_words(value));
        else
            add(std::move(key), fmt::format("{}", value));
    }

    std::vector<written_key> take() && { return std::move(all_); }

private:
    std::vector<written_key> all_;
};

void add_schedule(const schedule& s, key_list& to)
{
    to.add("schedule", in_english(s));
    to.add("schedule.dst", std::string(word_of(dst_words, s.dst)));
}

void add_expectation(const std::string& prefix, const expectation& e, key_list& to)
{
    to.add(prefix + "status", in_words(e.status));
    for (const json_check& c : e.json) to.add(prefix + "json." + c.pointer, in_words(c));
    to.add(prefix + "max_body", e.max_body_bytes);
}

void add_auth(const authentication& auth, key_list& to)
{
    if (const auto* bearer = std::get_if<bearer_auth>(&auth))
        to.add_secret("auth.bearer", bearer->token.reveal());
    if (const auto* basic = std::get_if<basic_auth>(&auth)) {
        to.add("auth.basic.user", basic->user);
        to.add_secret("auth.basic.password", basic->password.reveal());
    }
    if (const auto* hmac = std::get_if<hmac_auth>(&auth)) {
        to.add_secret("auth.hmac.key", hmac->key.reveal());
        to.add("auth.hmac.header", hmac->header);
    }
}

void add_route(const route& r, key_list& to)
{
    to.add("tls.ca_file", r.tls.ca_file);
    to.add("tls.cert_file", r.tls.cert_file);
    to.add("tls.key_file", r.tls.key_file);
    to.add("tls.server_name", r.tls.server_name);
    to.add("tls.verify", r.tls.verify);
    to.add("unix_socket", r.unix_socket);
    if (r.proxy && r.proxy->empty()) to.add("proxy", std::string("none"));
    if (r.proxy && !r.proxy->empty()) to.add_secret("proxy", r.proxy->reveal());
    to.add("redirects", r.redirects);
}

/** Whether a header's value may be shown: any other may be a key. */
bool is_harmless(std::string_view name)
{
    static constexpr std::string_view names[] = {
        "Accept",       "Accept-Encoding", "Accept-Language", "Cache-Control",
        "Content-Type", "Prefer",          "User-Agent"};
    return std::any_of(std::begin(names), std::end(names), [&](std::string_view n) {
        return detail::equals_ignoring_case(n, name);
    });
}

void add_request(const job& j, key_list& to)
{
    to.add_url("url", j.url);
    to.add("method", j.method);
    for (const header& h : *j.headers) {
        const std::string key = "headers." + h.name;
        if (is_harmless(h.name))
            to.add(key, h.value.reveal());
        else
            to.add_secret(key, h.value.reveal());
    }
    to.add_body("body", j.body);
    add_auth(*j.auth, to);
    add_route(*j.route, to);
}

void add_policies(const job& j, key_list& to)
{
    to.add("timeout", j.timeout);
    to.add("connect_timeout", j.connect_timeout);
    to.add("deadline", j.deadline);
    to.add("retry.attempts", j.retry->attempts);
    to.add("retry.backoff", j.retry->backoff);
    to.add("retry.max_backoff", j.retry->max_backoff);
    to.add("retry.multiplier", fmt::format("{}", j.retry->multiplier));
    to.add("retry.jitter", std::string(j.retry->jitter == jitter::full ? "full" : "none"));
    to.add("retry.on", in_words(j.retry->on));
    add_expectation("expect.", *j.expect, to);
    if (const auto& poll = *j.poll) {
        if (poll->url.empty())
            to.add("poll.url", std::string("Location"));
        else
            to.add_url("poll.url", poll->url);
        to.add("poll.every", poll->every);
        add_expectation("poll.expect.", poll->expect, to);
    }
    to.add("message", j.message);
}

std::string in_words(const sink_options& o)
{
    static constexpr const char* types[] = {"console", "file", "journal", "syslog"};
    static constexpr const char* formats[] = {"text", "json", "logfmt", "classic"};
    std::string out = fmt::format(
        "{} {} {}", types[static_cast<int>(o.type)], formats[static_cast<int>(o.format)],
        to_string(o.level));
    if (o.to_stderr) out += " stderr";
    if (!o.chain.empty()) out += " chain " + o.chain;
    if (!o.job.empty()) out += " job " + o.job;
    if (o.type == sink_type::file)
        out += fmt::format(" {} max_size {} max_files {}", o.path, o.max_size, o.max_files);
    return out;
}

} // namespace

std::vector<written_key> keys_of(const job& j)
{
    static constexpr const char* overlaps[] = {"skip", "queue", "allow", "replace"};
    static constexpr const char* deliveries[] = {"at-least-once", "at-most-once"};
    key_list out;
    out.add("title", j.title);
    out.add("description", j.description);
    out.add("tags", joined(j.tags, [](const std::string& tag) { return tag; }));
    out.add("enabled", j.enabled);
    out.add("overlap", std::string(overlaps[static_cast<int>(j.overlap)]));
    out.add("delivery", std::string(deliveries[static_cast<int>(j.delivery)]));
    if (const auto* s = std::get_if<schedule>(&j.trigger)) add_schedule(*s, out);
    if (const auto* parents = std::get_if<after>(&j.trigger)) out.add("after", in_words(*parents));
    add_request(j, out);
    add_policies(j, out);
    return std::move(out).take();
}

std::vector<written_key> keys_of(const configuration& c)
{
    key_list out;
    out.add("runner.shutdown_grace", c.shutdown_grace);
    out.add("runner.max_concurrent", c.max_concurrent);
    out.add("runner.max_per_origin", c.max_per_origin);
    out.add("store.keep", c.store.limits.keep);
    out.add("store.keep_runs", c.store.limits.keep_runs);
    out.add("store.keep_bytes", c.store.limits.keep_bytes);
    out.add(
        "store.on_error",
        std::string(c.store.on_error == on_store_error::stop ? "stop" : "continue"));
    out.add("log.sinks", joined(c.sinks, [](const sink_options& o) { return in_words(o); }));
    return std::move(out).take();
}

std::vector<key_change> changes_between(
    std::vector<written_key> before, std::vector<written_key> after, const std::string& prefix)
{
    const auto is_before = [](const written_key& a, const written_key& b) { return a.key < b.key; };
    std::stable_sort(before.begin(), before.end(), is_before);
    std::stable_sort(after.begin(), after.end(), is_before);
    std::vector<key_change> out;
    auto old = before.begin();
    auto now = after.begin();
    while (old != before.end() || now != after.end()) {
        const bool is_gone = now == after.end() || (old != before.end() && old->key < now->key);
        const bool is_new = old == before.end() || (now != after.end() && now->key < old->key);
        if (is_gone)
            out.push_back({.key = prefix + old->key, .from = old->shown});
        else if (is_new)
            out.push_back({.key = prefix + now->key, .to = now->shown});
        else if (*old != *now)
            out.push_back({prefix + old->key, old->shown, now->shown});
        if (!is_new) ++old;
        if (!is_gone) ++now;
    }
    return out;
}

} // namespace carillon::app

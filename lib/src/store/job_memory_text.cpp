#include <carillon/error.hpp>
#include <carillon/store/job_memory_text.hpp>

#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/uuid/string_generator.hpp>
#include <boost/uuid/uuid_io.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>
#include <vector>

namespace json = boost::json;

namespace carillon {
namespace {

/// Anchor, rate, first, last, and how many, or how often.
constexpr std::size_t numbers_of_span = 5;

/// With room for a boot and a span of used names.
constexpr std::size_t usual_size = 256;

std::int64_t microseconds_of(instant t) { return t.time_since_epoch().count(); }

/** Adds members to an object that has one. At a first start a hundred thousand texts are written.
 */
class text_writer {
public:
    explicit text_writer(std::string& to) : to_(to) {}

    void add(std::string_view key, std::int64_t value, std::int64_t otherwise)
    {
        if (value == otherwise) return;
        add_key(key);
        add_number(value);
    }

    template <class Span>
    void add(std::string_view key, const std::vector<Span>& spans, std::int64_t Span::* count)
    {
        if (spans.empty()) return;
        add_key(key);
        for (const Span& s : spans) {
            to_ += &s == spans.data() ? '[' : ',';
            char before = '[';
            for (const std::int64_t n :
                 {microseconds_of(s.ticks.anchor), s.ticks.every.count(), microseconds_of(s.from),
                  microseconds_of(s.to), s.*count}) {
                to_ += before;
                add_number(n);
                before = ',';
            }
            to_ += ']';
        }
        to_ += ']';
    }

    void add_key(std::string_view key)
    {
        to_ += ",\"";
        to_ += key;
        to_ += "\":";
    }

private:
    void add_number(std::int64_t value)
    {
        const fmt::format_int digits(value);
        to_.append(digits.data(), digits.size());
    }

    std::string& to_;
};

std::int64_t number_at(const json::object& o, std::string_view key, std::int64_t otherwise)
{
    const json::value* const v = o.if_contains(key);
    return v != nullptr && v->is_int64() ? v->get_int64() : otherwise;
}

bool flag_at(const json::object& o, std::string_view key, bool otherwise)
{
    const json::value* const v = o.if_contains(key);
    return v != nullptr && v->is_bool() ? v->get_bool() : otherwise;
}

std::uint64_t schedule_at(const json::object& o)
{
    const json::value* const v = o.if_contains("schedule");
    if (v == nullptr) return 0;
    if (v->is_uint64()) return v->get_uint64();
    return v->is_int64() ? static_cast<std::uint64_t>(v->get_int64()) : 0;
}

boost::uuids::uuid boot_at(const json::object& o)
{
    const json::value* const v = o.if_contains("boot");
    if (v == nullptr || !v->is_string()) return {};
    try {
        return boost::uuids::string_generator()(v->get_string().begin(), v->get_string().end());
    } catch (const std::exception&) {
        return {};
    }
}

template <class Span>
std::vector<Span> spans_at(const json::object& o, std::string_view key, std::int64_t Span::* count)
{
    std::vector<Span> out;
    const json::value* const all = o.if_contains(key);
    if (all == nullptr || !all->is_array()) return out;
    for (const json::value& v : all->get_array()) {
        const auto* n = v.if_array();
        if (n == nullptr || n->size() != numbers_of_span ||
            !std::all_of(n->begin(), n->end(), [](const json::value& x) { return x.is_int64(); }))
            continue;
        const auto at = [&](std::size_t i) { return microseconds{(*n)[i].get_int64()}; };
        Span& s = out.emplace_back();
        s.ticks = {.anchor = instant{at(0)}, .every = at(1)};
        s.from = instant{at(2)};
        s.to = instant{at(3)};
        s.*count = at(4).count();
    }
    return out;
}

} // namespace

std::string to_text(const job_memory& m)
{
    static const job_memory none;
    std::string out;
    out.reserve(usual_size);
    out += R"({"schedule":)";
    out += fmt::format_int(m.schedule).c_str();
    text_writer to(out);
    to.add("next", microseconds_of(m.next), microseconds_of(none.next));
    if (!m.boot.is_nil()) {
        to.add_key("boot");
        out += '"' + boost::uuids::to_string(m.boot) + '"';
    }
    to.add("origin", m.origin.count(), none.origin.count());
    to.add("anchor", microseconds_of(m.anchor), microseconds_of(none.anchor));
    if (!m.enabled) out += R"(,"enabled":false)";
    if (m.paused) out += R"(,"paused":true)";
    to.add("owed", m.backlog, &backlog_span::count);
    to.add("used", m.used, &used_span::times);
    out += '}';
    return out;
}

std::optional<job_memory> job_memory_from_text(std::string job, std::string_view text)
{
    job_memory m{.job = std::move(job)};
    // All that is read for one text is let go at once: at a start there are a hundred thousand.
    std::array<unsigned char, 4096> room; // NOLINT(cppcoreguidelines-pro-type-member-init)
    json::monotonic_resource arena(room.data(), room.size());
    error_code ec;
    const json::value read = json::parse(text, ec, &arena);
    if (ec || !read.is_object()) return std::nullopt;
    const json::object& o = read.get_object();
    m.schedule = schedule_at(o);
    m.next = instant{microseconds{number_at(o, "next", microseconds_of(m.next))}};
    m.boot = boot_at(o);
    m.origin = microseconds{number_at(o, "origin", m.origin.count())};
    m.anchor = instant{microseconds{number_at(o, "anchor", microseconds_of(m.anchor))}};
    m.enabled = flag_at(o, "enabled", m.enabled);
    m.paused = flag_at(o, "paused", m.paused);
    m.backlog = spans_at(o, "owed", &backlog_span::count);
    m.used = spans_at(o, "used", &used_span::times);
    return m;
}

} // namespace carillon

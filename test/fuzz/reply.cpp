// Replies as the client sees them: however the bytes come, they make the same reply within its
// bounds, and whatever it says is judged, and can be sent on.

#include "fuzz/properties.hpp"
#include "http/pieces.hpp"
#include "http/redirect.hpp"
#include "http/wire.hpp"
#include "job/retry.hpp"
#include <carillon/detail/text.hpp>
#include <carillon/job/expectation.hpp>
#include <carillon/job/template.hpp>

#include <algorithm>
#include <string>

using namespace carillon;
using namespace carillon::http::detail;
using namespace carillon::detail;

namespace {

constexpr reply_bounds bounds{.max_header_bytes = 300, .max_fields = 8, .max_body_bytes = 200};

struct read_reply {
    error_code ec;
    bool is_done = false;
    bool may_keep = false;
    http::response reply;
};

/** Reads bytes in pieces of a size. */
read_reply read(std::string_view bytes, reply_reader::reply_to what, std::size_t piece)
{
    const fuzz::stopwatch watch("reading a reply");
    read_reply out;
    reply_reader reader(what, bounds);
    out.ec = test::read_in_pieces(reader, bytes, piece);
    out.is_done = !out.ec && reader.is_done();
    out.may_keep = out.is_done && reader.may_keep() && bytes.empty();
    reader.take(out.reply);
    return out;
}

bool same(const http::response& a, const http::response& b)
{
    const auto same_field = [](const http::field& x, const http::field& y) {
        return x.name == y.name && x.value == y.value;
    };
    return a.status == b.status && a.reason_phrase == b.reason_phrase && a.body == b.body &&
           std::equal(
               a.fields.begin(), a.fields.end(), b.fields.begin(), b.fields.end(), same_field);
}

void check_reading(std::string_view text, reply_reader::reply_to what, const read_reply& whole)
{
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}}) {
        const read_reply cut = read(text, what, piece);
        // At the very bound of its header Beast counts a few bytes more or less.
        const bool is_at_bound =
            cut.ec == errc::header_too_large || whole.ec == errc::header_too_large;
        if (is_at_bound) continue;
        fuzz::check(cut.is_done == whole.is_done, "a reply in pieces ends otherwise", text);
        if (whole.is_done)
            fuzz::check(same(cut.reply, whole.reply), "pieces make another reply", text);
        fuzz::check(
            !cut.may_keep || piece > 1 || whole.may_keep || !whole.is_done,
            "a connection is kept after what came behind its reply", text);
    }
    fuzz::check(whole.reply.body.size() <= bounds.max_body_bytes, "a body over its bound", text);
    fuzz::check(
        !whole.is_done || whole.reply.fields.size() <= bounds.max_fields, "fields over their bound",
        text);
    fuzz::check(!whole.is_done || whole.reply.status / 100 != 1, "an interim reply counts", text);
}

const expectation& wanted()
{
    static const expectation e{
        .json = {
            {.pointer = "/status", .any_of = {"completed", 1, 2.5}},
            {.pointer = "/n", .min = 1, .max = 1e20}}};
    return e;
}

void check_verdict(std::string_view text, const http::response& r)
{
    const std::string* const coding = r.find("Content-Encoding");
    const reply judged{
        .http_status = r.status,
        .reason_phrase = r.reason_phrase,
        .body = r.body,
        .content_encoding = coding != nullptr ? *coding : std::string_view()};
    const verdict v = [&] {
        const fuzz::stopwatch watch("judging a reply");
        return judge(wanted(), "/message", judged);
    }();
    fuzz::check(v.accepted == v.error.empty(), "a verdict without a reason", text);
    fuzz::check(!v.status.empty() || r.body.find("status") != std::string::npos, "no status", text);
    for (const std::string* words : {&v.status, &v.message, &v.error})
        fuzz::check(
            detail::visible(*words).find('\n') == std::string::npos, "a text breaks a line", text);
}

void check_use(std::string_view text, const http::response& r)
{
    static const endpoint from = parse_endpoint("http://a.test:81/x/y?q=1").value();
    if (const auto* location = r.find("Location")) {
        const auto to = http::detail::resolve_reference(from, *location);
        if (to)
            fuzz::check(
                parse_endpoint(to->origin() + to->target).has_value(), "a redirect to no URL",
                text);
    }
    if (const auto* wait = r.find("Retry-After")) {
        const auto span = parse_retry_after(*wait, {});
        fuzz::check(!span || *span >= microseconds{0}, "a wait is negative", text);
    }
    const auto root = parse_reply(r.body);
    // What nests as deep as may be is too deep within another text.
    const auto opened =
        std::count_if(r.body.begin(), r.body.end(), [](char c) { return c == '[' || c == '{'; });
    if (!root || opened > 90) return;
    const template_values values{
        .job = {}, .run = {}, .scheduled_at = {}, .reply = [&](const reply_reference&) {
            return &*root;
        }};
    const auto sent = fill_in(R"({"a":{{jobs.x}},"b":"{{jobs.x}}"})", placement::json, values);
    fuzz::check(!sent || parse_reply(*sent).has_value(), "a value makes JSON none", text);
    const auto url = fill_in("http://a.test/{{jobs.x}}", placement::url, values);
    fuzz::check(!url || parse_endpoint(*url).has_value(), "a value makes a URL none", text);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0) return 0;
    // The first byte says what is replied to.
    const auto what = data[0] % 4 == 1   ? reply_reader::reply_to::head
                      : data[0] % 4 == 2 ? reply_reader::reply_to::connect
                                         : reply_reader::reply_to::other;
    const std::string_view text = fuzz::as_text(data + 1, size - 1);
    const read_reply whole = read(text, what, text.size());
    check_reading(text, what, whole);
    if (!whole.is_done) return 0;
    check_verdict(text, whole.reply);
    check_use(text, whole.reply);
    return 0;
}

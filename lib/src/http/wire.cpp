#include "http/wire.hpp"

#include <carillon/detail/text.hpp>
#include <carillon/job/header_name.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <memory_resource>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

namespace asio = boost::asio;
namespace bhttp = boost::beast::http;

namespace carillon::http::detail {
namespace {

using wire_parser =
    bhttp::response_parser<bhttp::string_body, std::pmr::polymorphic_allocator<char>>;

constexpr std::string_view proxy_credentials = "Proxy-Authorization";

constexpr std::size_t first_space = 1000; // glibc keeps freed pieces of up to 1,032 bytes at hand
constexpr std::size_t largest_space = std::size_t{64} * 1024;

void add_field(std::string& head, std::string_view name, std::string_view value)
{
    head.append(name).append(": ").append(value).append("\r\n");
}

void add_proxy_credentials(std::string& head, const endpoint& proxy)
{
    if (!proxy.user_info.empty())
        add_field(
            head, proxy_credentials, "Basic " + carillon::detail::base64(proxy.user_info.reveal()));
}

/** Whether a request without a body says so. It does if its method expects one (RFC 9110 section
 * 8.6). */
bool names_empty_body(std::string_view method)
{
    return method == "POST" || method == "PUT" || method == "OPTIONS";
}

/** Whether a text ends no part of a request line: it has neither blanks nor control characters, and
 * is ASCII (RFC 9112 section 3). */
bool is_one_word(std::string_view text)
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

/** Whether an endpoint is what it says once it is written out. Those that @ref parse_endpoint makes
 * are; others may have been made by hand. */
bool can_be_written(const endpoint& e)
{
    return e.port != 0 && !e.host.empty() && is_one_word(e.host) &&
           e.host.find_first_of("/?#@[]") == std::string::npos && e.target.starts_with('/') &&
           is_one_word(e.target) && e.target.find('#') == std::string::npos;
}

bool can_be_written(const request& req)
{
    return is_token(req.method) && can_be_written(req.target) &&
           std::all_of(req.fields.begin(), req.fields.end(), [](const field& f) {
               return is_token(f.name) && !has_control(f.value);
           });
}

/** Beast's codes as those that the transport's contract names. */
error_code translate(const error_code& ec)
{
    if (ec == bhttp::error::header_limit || ec == bhttp::error::buffer_overflow)
        return errc::header_too_large;
    if (ec == bhttp::error::body_limit) return errc::body_too_large;
    if (ec == bhttp::error::end_of_stream || ec == bhttp::error::partial_message)
        return errc::closed_early;
    return ec ? make_error_code(errc::malformed_reply) : ec;
}

/** In words, a fault of a reply's framing (RFC 9112). */
std::string_view words_for(bhttp::error e)
{
    switch (e) {
    case bhttp::error::bad_version:
        return "it does not begin with HTTP/1.1 or HTTP/1.0";
    case bhttp::error::bad_status:
        return "its status is no number of three digits";
    case bhttp::error::bad_reason:
        return "its reason phrase holds a control character";
    case bhttp::error::bad_line_ending:
        return "a line of its header does not end with CR and LF";
    case bhttp::error::bad_field:
        return "the name of a header field is malformed";
    case bhttp::error::bad_value:
    case bhttp::error::bad_obs_fold:
        return "the value of a header field is malformed";
    case bhttp::error::bad_content_length:
        return "its Content-Length is no number, or stands beside Transfer-Encoding: chunked";
    case bhttp::error::multiple_content_length:
        return "it has several values of Content-Length";
    case bhttp::error::bad_transfer_encoding:
        return "its Transfer-Encoding is malformed, or stands beside a Content-Length";
    case bhttp::error::bad_chunk:
        return "the size of a chunk is no hexadecimal number, or no line end follows the chunk";
    case bhttp::error::bad_chunk_extension:
        return "the extension of a chunk is malformed";
    default:
        return "its framing is malformed";
    }
}

/** About, and hardly less than it is. */
std::size_t size_of_head(const request& req, const endpoint* proxy)
{
    std::size_t out = req.method.size() + req.target.target.size() + req.target.host.size() +
                      (proxy != nullptr ? 2048 : 128);
    for (const field& f : req.fields) out += f.name.size() + f.value.size() + 4;
    return out;
}

} // namespace

// RFC 9112 section 3. By hand: a Beast message costs many times the few appends.
result<std::string> head_of(const request& req, const endpoint* proxy)
{
    if (!can_be_written(req)) return errc::malformed_request;
    const bool is_authorized = proxy != nullptr && !proxy->user_info.empty();
    std::string out;
    out.reserve(size_of_head(req, proxy));
    out.append(req.method).append(" ");
    if (proxy != nullptr) out.append(req.target.origin());
    out.append(req.target.target).append(" HTTP/1.1\r\n");
    add_field(out, "Host", req.target.host_header());
    for (const field& f : req.fields)
        if (!is_authorized || !carillon::detail::equals_ignoring_case(f.name, proxy_credentials))
            add_field(out, f.name, f.value);
    if (proxy != nullptr) add_proxy_credentials(out, *proxy);
    if (!req.body.empty() || names_empty_body(req.method))
        add_field(out, "Content-Length", std::to_string(req.body.size()));
    out.append("\r\n");
    return out;
}

std::string connect_head(const endpoint& target, const endpoint& proxy)
{
    const std::string authority = target.authority();
    std::string out = "CONNECT " + authority + " HTTP/1.1\r\n";
    add_field(out, "Host", authority);
    add_proxy_credentials(out, proxy);
    return out.append("\r\n");
}

class reply_reader::parsing {
public:
    parsing(reply_to what, const reply_bounds& bounds) : what_(what), bounds_(bounds) { begin(); }

    std::span<char> space()
    {
        // The bytes that are not parsed yet are a part of a line. They move to the front.
        text_.erase(0, std::exchange(parsed_, 0));
        if (filled_last_) room_ = std::min(room_ * 2, largest_space);
        used_ = text_.size();
        text_.resize(used_ + room_);
        return {text_.data() + used_, room_};
    }

    error_code took(std::size_t bytes)
    {
        filled_last_ = bytes == room_;
        text_.resize(used_ + bytes);
        has_begun_ = has_begun_ || bytes > 0;
        error_code ec = parse();
        if (!ec) ec = check_bounds();
        return conclude(ec);
    }

    error_code closed()
    {
        // Beast would take nothing at all for a whole reply.
        if (!parser_->got_some()) return errc::closed_early;
        error_code ec;
        parser_->put_eof(ec);
        return conclude(ec);
    }

    std::string_view fault() const { return fault_; }

    bool has_begun() const { return has_begun_; }
    bool is_done() const { return parser_->is_done(); }
    bool may_keep() const { return is_done() && parser_->keep_alive() && parsed_ == text_.size(); }

    void take(response& out)
    {
        if (refused_status_) out.status = *refused_status_;
        if (!parser_->is_header_done()) return;
        auto& message = parser_->get();
        if (message.result_int() / 100 == 1) return;
        out.status = static_cast<int>(message.result_int());
        out.reason_phrase = std::string(message.reason());
        out.fields.reserve(static_cast<std::size_t>(std::distance(message.begin(), message.end())));
        for (const auto& f : message)
            out.fields.push_back({std::string(f.name_string()), std::string(f.value())});
        out.body = std::move(message.body());
    }

private:
    error_code conclude(const error_code& ec)
    {
        const error_code out = translate(ec);
        if (out == errc::malformed_reply && fault_.empty())
            fault_ = words_for(static_cast<bhttp::error>(ec.value()));
        return out;
    }

    void begin()
    {
        parser_.reset();
        fields_.release();
        parser_.emplace(
            std::piecewise_construct, std::tuple<>(),
            std::tuple(std::pmr::polymorphic_allocator<char>(&fields_)));
        parser_->header_limit(bounds_.max_header_bytes);
        parser_->body_limit(bounds_.max_body_bytes);
        parser_->skip(what_ != reply_to::other);
        head_seen_ = false;
        needs_more_ = false;
    }

    error_code parse()
    {
        error_code ec;
        while (!ec && parsed_ < text_.size() && !parser_->is_done()) {
            if (must_wait()) return {};
            parsed_ += parser_->put(
                asio::const_buffer(text_.data() + parsed_, text_.size() - parsed_), ec);
            needs_more_ = ec == bhttp::error::need_more;
            if (needs_more_) return {};
            // A length over the bound is refused now, when the status is known.
            if (ec == bhttp::error::body_limit) refused_status_ = parser_->get().result_int();
            if (!ec && !head_seen_ && parser_->is_header_done()) ec = see_head();
        }
        return ec;
    }

    /** Beast bounds neither the extensions of chunks nor the fields behind the last one. */
    error_code check_bounds() const
    {
        const bool has_too_much =
            !parser_->is_done() && text_.size() - parsed_ > bounds_.max_header_bytes;
        const bool has_too_many = parser_->is_done() && count_fields() > bounds_.max_fields;
        return has_too_much || has_too_many ? bhttp::error::header_limit : error_code();
    }

    std::size_t count_fields() const
    {
        const auto& message = parser_->get();
        return static_cast<std::size_t>(std::distance(message.begin(), message.end()));
    }

    /** Beast 1.81 asserts, in parse_chunk_header, that a last chunk comes with five bytes at least,
     * which is what it takes; but they may come one by one. */
    bool must_wait() const
    {
        static constexpr std::size_t last_chunk = 5;
        return needs_more_ && head_seen_ && parser_->chunked() &&
               text_.size() - parsed_ < last_chunk;
    }

    /** The head is complete. An interim reply has nothing else. */
    error_code see_head()
    {
        head_seen_ = true;
        const auto& message = parser_->get();
        if (count_fields() > bounds_.max_fields) return bhttp::error::header_limit;
        if (message.result_int() / 100 != 1) return {};
        if (message.result() == bhttp::status::switching_protocols)
            return refuse("it switches to another protocol, which nobody has asked for");
        if (++interim_ > max_interim) return refuse("too many interim replies come before it");
        begin();
        return {};
    }

    error_code refuse(std::string_view why)
    {
        fault_ = why;
        return bhttp::error::bad_status;
    }

    reply_to what_;
    reply_bounds bounds_;
    std::array<std::byte, 512> first_fields_; // enough for most replies
    std::pmr::monotonic_buffer_resource fields_{first_fields_.data(), first_fields_.size()};
    std::optional<wire_parser> parser_; // its fields are there
    std::string text_;                  // from the peer
    std::size_t parsed_ = 0;            // of it
    std::size_t used_ = 0;              // of it, before the space that was given last
    std::size_t room_ = first_space;
    std::optional<int> refused_status_;
    std::string_view fault_;
    int interim_ = 0;
    bool filled_last_ = false;
    bool head_seen_ = false;
    bool needs_more_ = false; // than what is not parsed yet
    bool has_begun_ = false;
};

reply_reader::reply_reader(reply_to what, const reply_bounds& bounds)
    : parsing_(std::make_unique<parsing>(what, bounds))
{}

reply_reader::~reply_reader() = default;

std::span<char> reply_reader::space() { return parsing_->space(); }

error_code reply_reader::took(std::size_t bytes) { return parsing_->took(bytes); }

error_code reply_reader::closed() { return parsing_->closed(); }

std::string_view reply_reader::fault() const noexcept { return parsing_->fault(); }

bool reply_reader::has_begun() const noexcept { return parsing_->has_begun(); }

bool reply_reader::is_done() const noexcept { return parsing_->is_done(); }

bool reply_reader::may_keep() const noexcept { return parsing_->may_keep(); }

void reply_reader::take(response& out) { parsing_->take(out); }

} // namespace carillon::http::detail

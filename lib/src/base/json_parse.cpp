#include "base/json_parse.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace json = boost::json;

namespace carillon::detail {
namespace {

double nearest_double(double near, std::string_view digits) noexcept
{
    // A number that is too large or too small becomes infinity or zero.
    std::from_chars(digits.data(), digits.data() + digits.size(), near);
    return near;
}

/** Builds a value from what a parser finds. Names and signatures are those that
 * `json::basic_parser` calls. */
class value_builder {
public:
    explicit value_builder(json::storage_ptr memory) : memory_(std::move(memory)) {}

    static constexpr std::size_t max_object_size = json::object::max_size();
    static constexpr std::size_t max_array_size = json::array::max_size();
    static constexpr std::size_t max_key_size = json::string::max_size();
    static constexpr std::size_t max_string_size = json::string::max_size();

    bool on_document_begin(error_code&)
    {
        stack_.reset(memory_);
        return true;
    }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) { return true; }
    bool on_object_end(std::size_t size, error_code&)
    {
        stack_.push_object(size);
        return true;
    }
    bool on_array_begin(error_code&) { return true; }
    bool on_array_end(std::size_t size, error_code&)
    {
        stack_.push_array(size);
        return true;
    }
    bool on_key_part(json::string_view text, std::size_t, error_code&) { return add(text); }
    bool on_key(json::string_view text, std::size_t, error_code&)
    {
        stack_.push_key(text);
        return true;
    }
    bool on_string_part(json::string_view text, std::size_t, error_code&) { return add(text); }
    bool on_string(json::string_view text, std::size_t, error_code&)
    {
        stack_.push_string(text);
        return true;
    }
    bool on_number_part(json::string_view, error_code&) { return true; }
    bool on_int64(std::int64_t value, json::string_view, error_code&)
    {
        stack_.push_int64(value);
        return true;
    }
    bool on_uint64(std::uint64_t value, json::string_view, error_code&)
    {
        stack_.push_uint64(value);
        return true;
    }
    bool on_double(double value, json::string_view digits, error_code&)
    {
        // The whole text is parsed at once, so the digits are complete.
        stack_.push_double(nearest_double(value, {digits.data(), digits.size()}));
        return true;
    }
    bool on_bool(bool value, error_code&)
    {
        stack_.push_bool(value);
        return true;
    }
    bool on_null(error_code&)
    {
        stack_.push_null();
        return true;
    }
    bool on_comment_part(json::string_view, error_code&) { return true; }
    bool on_comment(json::string_view, error_code&) { return true; }

    json::value take() { return stack_.release(); }

private:
    bool add(json::string_view text)
    {
        stack_.push_chars(text);
        return true;
    }

    alignas(json::value) std::array<unsigned char, 512> first_{}; // enough for most replies
    json::storage_ptr memory_;
    json::value_stack stack_{{}, first_.data(), first_.size()};
};

constexpr std::size_t escape_size = std::string_view("\\ud83d").size();

/** The UTF-16 code unit of a `\uXXXX` at the beginning of a text, or nothing. */
std::optional<std::uint16_t> escaped_unit(std::string_view text)
{
    std::uint16_t unit = 0;
    if (text.size() < escape_size || !text.starts_with("\\u")) return std::nullopt;
    const char* const end = text.data() + escape_size;
    return std::from_chars(text.data() + 2, end, unit, 16).ptr == end ? std::optional(unit)
                                                                      : std::nullopt;
}

bool is_surrogate(std::uint16_t unit, std::uint16_t first) { return (unit & 0xFC00U) == first; }

/** The text with U+FFFD in place of each surrogate that is not one of a pair. */
std::string without_lone_surrogates(std::string_view text)
{
    static constexpr std::uint16_t high = 0xD800;
    static constexpr std::uint16_t low = 0xDC00;
    std::string out;
    // A backslash stands only in strings. With one elsewhere the text is no JSON, changed or not.
    while (!text.empty()) {
        const auto unit = escaped_unit(text);
        const auto next = unit ? escaped_unit(text.substr(escape_size)) : std::nullopt;
        const bool is_pair = next && is_surrogate(*unit, high) && is_surrogate(*next, low);
        const bool is_lone =
            unit && !is_pair && (is_surrogate(*unit, high) || is_surrogate(*unit, low));
        const std::size_t size = is_pair                ? 2 * escape_size
                                 : unit                 ? escape_size
                                 : text.front() == '\\' ? 2
                                                        : text.find('\\');
        out += is_lone ? "\\ufffd" : text.substr(0, size);
        text.remove_prefix(std::min(size, text.size()));
    }
    return out;
}

result<json::value>
parse(std::string_view text, std::size_t max_depth, const json::storage_ptr& memory)
{
    json::parse_options options;
    options.max_depth = max_depth;
    json::basic_parser<value_builder> parser(options, memory);
    error_code ec;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && read < text.size()) ec = json::error::extra_data;
    if (ec) return ec;
    return parser.handler().take();
}

} // namespace

result<json::value>
parse_json(std::string_view text, std::size_t max_depth, json::storage_ptr memory)
{
    auto value = parse(text, max_depth, memory);
    if (value) return value;
    const std::string mended = without_lone_surrogates(text);
    return mended == text ? std::move(value) : parse(mended, max_depth, memory);
}

} // namespace carillon::detail

#include <carillon/detail/json_parse.hpp>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

#include <charconv>

namespace json = boost::json;

namespace carillon::detail {
namespace {

double nearest_double(double near, std::string_view digits) noexcept
{
    // What is too large or too small leaves infinity or zero as they are.
    std::from_chars(digits.data(), digits.data() + digits.size(), near);
    return near;
}

/** Builds a value from what a parser finds; names and signatures are `json::basic_parser`'s. */
class value_builder {
public:
    static constexpr std::size_t max_object_size = json::object::max_size();
    static constexpr std::size_t max_array_size = json::array::max_size();
    static constexpr std::size_t max_key_size = json::string::max_size();
    static constexpr std::size_t max_string_size = json::string::max_size();

    bool on_document_begin(error_code&)
    {
        stack_.reset();
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
        // The text is there whole, and so are the digits.
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

    json::value_stack stack_;
};

} // namespace

result<json::value> parse_json(std::string_view text, std::size_t max_depth)
{
    json::parse_options options;
    options.max_depth = max_depth;
    json::basic_parser<value_builder> parser(options);
    error_code ec;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && read < text.size()) ec = json::error::extra_data;
    if (ec) return ec;
    return parser.handler().take();
}

} // namespace carillon::detail

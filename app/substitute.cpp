#include "substitute.hpp"

#include <carillon/detail/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace carillon::app {
namespace {

/// A larger "secret" is a mistake such as /dev/zero.
constexpr std::size_t max_file_bytes = 64 * 1024;

std::string without_line_end(std::string text)
{
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    return text;
}

bool has_control(std::string_view text)
{
    return std::any_of(text.begin(), text.end(), detail::is_control);
}

bool is_name(std::string_view text)
{
    return !text.empty() && !detail::is_digit(text.front()) &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return detail::is_digit(c) || c == '_' ||
                      (detail::to_lower(c) >= 'a' && detail::to_lower(c) <= 'z');
           });
}

result<std::string> read_file(const std::string& path)
{
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    if (!in) return error_code(errno != 0 ? errno : ENOENT, boost::system::system_category());
    std::string text(max_file_bytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad()) return error_code(EISDIR, boost::system::system_category());
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > max_file_bytes) return error_code(EFBIG, boost::system::system_category());
    return text;
}

/** Fills in what stands between one pair of braces. */
class filler {
public:
    filler(const variables& from, expansion& out) : from_(from), out_(out) {}

    /** Why it cannot be, or nothing. */
    std::string fill(std::string_view inner)
    {
        if (inner.starts_with("file:")) return fill_file(std::string(inner.substr(5)));
        const std::size_t dash = inner.find(":-");
        const std::string name(inner.substr(0, dash));
        if (!is_name(name)) return fmt::format("'{}' is not the name of a variable", name);
        std::optional<std::string> fallback;
        if (dash != std::string_view::npos) fallback = inner.substr(dash + 2);
        return fill_variable(name, fallback);
    }

private:
    std::string fill_file(const std::string& path)
    {
        const auto content = from_.file(path);
        if (!content)
            return fmt::format("cannot read the file {}: {}", path, describe(content.error()));
        return add(without_line_end(*content), out_.secrets, "the file " + path);
    }

    std::string fill_variable(const std::string& name, const std::optional<std::string>& fallback)
    {
        if (const auto credential = from_.credential(name)) {
            const std::string value = without_line_end(*credential);
            if (!value.empty() || !fallback)
                return add(value, out_.secrets, "the credential " + name);
        } else if (const auto value = from_.environment(name);
                   value && (!value->empty() || !fallback)) {
            return add(*value, out_.variables, "the variable " + name);
        }
        if (!fallback)
            return fmt::format(
                "the variable {0} is not set; set it, or write ${{{0}:-default}}", name);
        out_.text += *fallback;
        return {};
    }

    std::string
    add(const std::string& value, std::vector<std::string>& kind, const std::string& source)
    {
        if (has_control(value)) return source + " holds a control character";
        out_.text += value;
        kind.push_back(value);
        return {};
    }

    const variables& from_;
    expansion& out_;
};

} // namespace

variables process_variables()
{
    return {
        .credential = [](const std::string& name) -> std::optional<std::string> {
            const char* directory =
                std::getenv("CREDENTIALS_DIRECTORY"); // NOLINT(concurrency-mt-unsafe)
            if (directory == nullptr) return std::nullopt;
            auto content = read_file(std::string(directory) + "/" + name);
            return content ? std::optional(std::move(*content)) : std::nullopt;
        },
        .environment = [](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str()); // NOLINT(concurrency-mt-unsafe)
            return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
        },
        .file = read_file,
    };
}

parse_result<expansion> expand(std::string_view text, const variables& from)
{
    expansion out;
    filler f(from, out);
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t dollar = text.find('$', at);
        out.text += text.substr(at, dollar - at);
        if (dollar == std::string_view::npos) break;
        const std::string_view rest = text.substr(dollar);
        if (rest.starts_with("$${")) {
            out.text += "${";
            at = dollar + 3;
        } else if (rest.starts_with("${")) {
            const std::size_t close = rest.find('}');
            if (close == std::string_view::npos)
                return parse_error{dollar, "'${' is not closed by '}'"};
            if (std::string why = f.fill(rest.substr(2, close - 2)); !why.empty())
                return parse_error{dollar, std::move(why)};
            at = dollar + close + 1;
        } else {
            out.text += '$';
            at = dollar + 1;
        }
    }
    return out;
}

} // namespace carillon::app

#include "config/substitute.hpp"

#include "base/read_file.hpp"
#include <carillon/detail/text.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace carillon::app {
namespace {

/// A larger "secret" is a mistake such as /dev/zero.
constexpr std::size_t max_secret_bytes = std::size_t{64} * 1024;

/// In UTF-8, as some editors write it in front of a text.
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

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

/** Letters, digits, `_`, and what credentials' names may hold beside: `-` and `.`. */
bool is_name(std::string_view text)
{
    const auto is_dot = [](char c) { return c == '.'; };
    return !std::all_of(text.begin(), text.end(), is_dot) &&
           std::all_of(text.begin(), text.end(), detail::is_name_character);
}

std::optional<result<std::string>> read_credential(const std::string& name)
{
    const char* directory = std::getenv("CREDENTIALS_DIRECTORY"); // NOLINT(concurrency-mt-unsafe)
    if (directory == nullptr || *directory == '\0') return std::nullopt;
    auto content = read_file(std::string(directory) + "/" + name, max_secret_bytes);
    if (!content && content.error() == boost::system::errc::no_such_file_or_directory)
        return std::nullopt;
    return content;
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
        if (fallback && fallback->find("${") != std::string::npos)
            return fmt::format("the default of {} cannot hold another '${{'", name);
        return fill_variable(name, fallback);
    }

private:
    using source = filled_part::source;

    std::string fill_file(const std::string& path)
    {
        if (path.find("${") != std::string::npos)
            return "the path of a '${file:' cannot hold another '${'";
        const auto content = from_.file(path);
        if (!content)
            return fmt::format("cannot read the file {}: {}", path, describe(content.error()));
        return add_secret(without_line_end(*content), {.name = "the file " + path});
    }

    std::string fill_variable(const std::string& name, const std::optional<std::string>& fallback)
    {
        const bool has_default = fallback && !fallback->empty();
        if (const auto credential = from_.credential(name)) {
            // The environment may hold an older value: it does not replace a credential that cannot
            // be read.
            if (!*credential)
                return fmt::format(
                    "cannot read the credential {}: {}", name, describe(credential->error()));
            const std::string value = without_line_end(**credential);
            if (!value.empty() || !fallback)
                return add_secret(
                    value, {.name = "the credential " + name, .has_default = has_default});
        } else if (const auto value = from_.environment(name);
                   value && (!value->empty() || !fallback)) {
            return add(
                *value, {.from = source::environment,
                         .name = "the variable " + name,
                         .has_default = has_default});
        }
        if (!fallback)
            return fmt::format(
                "the variable {0} is not set; set it, or write ${{{0}:-default}}", name);
        append(*fallback, {.from = source::fallback, .has_default = has_default});
        return {};
    }

    /** An empty secret was forgotten, or is not written yet. */
    std::string add_secret(const std::string& value, filled_part part)
    {
        if (without_edges(value).empty()) return part.name + " is empty";
        part.from = source::secret;
        return add(value, std::move(part));
    }

    std::string add(const std::string& value, filled_part part)
    {
        if (has_control(value)) return part.name + " holds a control character";
        append(value, std::move(part));
        return {};
    }

    void append(const std::string& value, filled_part part)
    {
        part.begin = out_.text.size();
        out_.text += value;
        part.end = out_.text.size();
        out_.parts.push_back(std::move(part));
    }

    const variables& from_;
    expansion& out_;
};

} // namespace

std::string_view without_edges(std::string_view text)
{
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    return detail::trimmed(text);
}

variables process_variables()
{
    return {
        .credential = read_credential,
        .environment = [](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str()); // NOLINT(concurrency-mt-unsafe)
            return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
        },
        .file = [](const std::string& path) { return read_file(path, max_secret_bytes); },
    };
}

bool expansion::holds_secret() const
{
    return std::any_of(parts.begin(), parts.end(), [](const filled_part& p) {
        return p.from == filled_part::source::secret;
    });
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

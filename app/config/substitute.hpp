#pragma once

#include <carillon/error.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/** Where `${...}` finds its values. */
struct variables {
    /// systemd's credentials (systemd.exec(5), `LoadCredential=`): nothing if none of that name
    /// was loaded, else its content or why it cannot be read.
    std::function<std::optional<result<std::string>>(const std::string& name)> credential;
    std::function<std::optional<std::string>(const std::string& name)> environment;
    /// A file's content, or why it cannot be read.
    std::function<result<std::string>(const std::string& path)> file;
};

/** The process's own: `$CREDENTIALS_DIRECTORY`, its environment, the file system. */
variables process_variables();

/** A part of an expanded text that stood as `${...}`: bytes from `begin` up to, not with, `end`. */
struct filled_part {
    enum class source {
        /// A credential or a file: secret wherever it stands.
        secret,
        /// The environment: secret only where the key is.
        environment,
        /// What stands after `:-`.
        fallback,
    };

    std::size_t begin = 0;
    std::size_t end = 0;
    source from = source::environment;
    /// As `the file /run/key`; empty for a fallback.
    std::string name{};
    /// Whether it is written with a default that is not empty, used or not.
    bool has_default = false;
};

/** A text with its variables filled in. */
struct expansion {
    std::string text;
    /// In their order.
    std::vector<filled_part> parts;

    std::string_view text_of(const filled_part& p) const
    {
        return std::string_view(text).substr(p.begin, p.end - p.begin);
    }

    /** Whether a part of the text is secret wherever it stands. */
    bool holds_secret() const;
};

/** A text without a byte order mark in front and blanks at its ends, which are seldom a part of a
 * secret. */
std::string_view without_edges(std::string_view text);

/**
 * Fills in `${NAME}` (a credential of that name, else the environment's variable),
 * `${NAME:-default}` (the default also where the value is empty) and `${file:PATH}`; `$${` is a
 * literal `${`.
 *
 * A name holds letters, digits, `_`, `-` and `.`. One line end at the end of a file or credential
 * is cut. Errors: an unset variable without default, a file or credential that is there but cannot
 * be read or is empty, a control character within a value, a brace that is not closed, `${` within
 * braces.
 */
parse_result<expansion> expand(std::string_view text, const variables& from);

} // namespace carillon::app

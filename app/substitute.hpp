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
    /// systemd's credentials (systemd.exec(5), `LoadCredential=`).
    std::function<std::optional<std::string>(const std::string& name)> credential;
    std::function<std::optional<std::string>(const std::string& name)> environment;
    /// A file's content, or why it cannot be read.
    std::function<result<std::string>(const std::string& path)> file;
};

/** The process's own: `$CREDENTIALS_DIRECTORY`, its environment, the file system. */
variables process_variables();

/** A text with its variables filled in. */
struct expansion {
    std::string text;
    /// What came from credentials and files: secret wherever it stands.
    std::vector<std::string> secrets;
    /// What came from the environment: secret only where the key is.
    std::vector<std::string> variables;
};

/**
 * Fills in `${NAME}` (a credential of that name, else the environment's variable),
 * `${NAME:-default}` (the default also where the value is empty) and `${file:PATH}`; `$${` is a
 * literal `${`.
 *
 * One line end at the end of a file or credential is cut. Errors: an unset variable without
 * default, a file that cannot be read, a control character within a value, a brace that is not
 * closed.
 */
parse_result<expansion> expand(std::string_view text, const variables& from);

} // namespace carillon::app

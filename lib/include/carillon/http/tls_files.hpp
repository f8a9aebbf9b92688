#pragma once

#include <carillon/job/route.hpp>

#include <optional>
#include <string>

namespace carillon::http {

/** Why a file of @ref tls_options cannot be used. */
struct tls_file_problem {
    /// `ca_file`, `cert_file` or `key_file`.
    const char* key = "";
    /// In words.
    std::string what{};
};

/** The first of the files that cannot be used now, or nothing, also where there are none. Reads
 * them, and so blocks. */
std::optional<tls_file_problem> find_tls_file_problem(const tls_options& options);

} // namespace carillon::http

#pragma once

#include "config/table_reader.hpp"
#include <carillon/runner/on_store_error.hpp>
#include <carillon/store/history_limits.hpp>

#include <string>

namespace carillon::app {

/** The table `[store]`. */
struct store_options {
    /// A file, or `:memory:`.
    std::string path = ":memory:";
    history_limits limits{};
    on_store_error on_error = on_store_error::stop;

    bool is_in_memory() const { return path == ":memory:"; }
};

/** Where the store is unless `path` says it: `carillon.db` in `STATE_DIRECTORY` (systemd.exec(5)),
 * else in /var/lib/carillon for root, else in `$XDG_STATE_HOME/carillon` (~/.local/state). Empty
 * where the environment names no place. */
std::string default_store_path(const variables& from, bool is_root);

/** Reads `[store]`; `path` is left as it is where the table does not say it. */
void read_store(reading& r, const std::string& file, const toml_table& table, store_options& out);

} // namespace carillon::app

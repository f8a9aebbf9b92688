#pragma once

#include "table_reader.hpp"
#include <carillon/runner/runner.hpp>
#include <carillon/store/sqlite_store.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
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
void read_store(reading& r, const std::string& file, const toml::table& table, store_options& out);

/** Opens what the options say. Throws @ref store_unusable. Blocks. */
std::unique_ptr<carillon::store> open_store(
    const boost::asio::any_io_executor& ex,
    const store_options& options,
    bool is_daemon,
    std::function<void(std::string)> on_damage);

} // namespace carillon::app

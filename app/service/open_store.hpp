#pragma once

#include "config/store_config.hpp"
#include <carillon/store/store.hpp>
#include <carillon/store/store_reader.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string>

namespace carillon::app {

/* What the options mean is decided here alone: the rest of the program knows no kind of store. */

/** Opens what the options say. Throws @ref store_unusable. Blocks. */
std::unique_ptr<carillon::store> open_store(
    const boost::asio::any_io_executor& ex,
    const store_options& options,
    bool is_daemon,
    std::function<void(std::string)> on_damage);

/** Opens it for reading, beside its daemon or without one; null where only the process that has it
 * can read it. Throws @ref store_unusable. Blocks. */
std::unique_ptr<store_reader> open_store_reader(const store_options& options);

} // namespace carillon::app

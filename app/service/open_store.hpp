#pragma once

#include "config/store_config.hpp"
#include <carillon/store/store.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string>

namespace carillon::app {

/** Opens what the options say. Throws @ref store_unusable. Blocks. */
std::unique_ptr<carillon::store> open_store(
    const boost::asio::any_io_executor& ex,
    const store_options& options,
    bool is_daemon,
    std::function<void(std::string)> on_damage);

} // namespace carillon::app

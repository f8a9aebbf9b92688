#pragma once

#include "config/config.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string>

namespace carillon::app {

/**
 * Loads a configuration on a thread of its own, since reading files blocks.
 *
 * A file that cannot be read to its end, on a network that is gone, delays nothing: such a thread
 * is left to end by itself, and touches nothing of its owner's. For one executor at a time.
 */
class config_loader {
public:
    using loaded = boost::system::result<configuration, invalid_configuration>;
    /// Is called on the thread; what it throws becomes an error.
    using load_function = std::function<loaded()>;
    /** Sums a configuration up that was loaded, on the thread. */
    using inspection = std::function<std::string(const configuration&)>;
    /** `summary` is the inspection's; empty where nothing was loaded, or it failed. */
    using handler = std::function<void(loaded, std::string summary)>;

    /** `on_loaded` is called on `ex`, as long as this object is there. */
    config_loader(boost::asio::any_io_executor ex, load_function load, handler on_loaded);
    ~config_loader();
    config_loader(const config_loader&) = delete;
    config_loader& operator=(const config_loader&) = delete;

    /** Begins; false where one is under way. Throws where no thread can be had. `inspect` must
     * touch nothing that may end before the thread. */
    bool start(inspection inspect);

private:
    class state;

    std::shared_ptr<state> state_;
};

} // namespace carillon::app

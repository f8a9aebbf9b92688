#include "config/config_loader.hpp"

#include <boost/asio/post.hpp>

#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace asio = boost::asio;

namespace carillon::app {

/** Shared with the thread, which may outlive the loader. */
class config_loader::state : public std::enable_shared_from_this<state> {
public:
    state(asio::any_io_executor ex, load_function load, handler on_loaded)
        : load_(std::move(load)), on_loaded_(std::move(on_loaded)), executor_(std::move(ex))
    {}

    bool start(look_function look)
    {
        const std::lock_guard lock(mutex_);
        if (busy_) return false;
        std::thread([self = shared_from_this(), look = std::move(look)] {
            self->work(look);
        }).detach();
        busy_ = true;
        return true;
    }

    void abandon()
    {
        const std::lock_guard lock(mutex_);
        executor_.reset();
    }

private:
    void work(const look_function& look)
    {
        std::string seen;
        loaded config = load_safely(look, seen);
        const std::lock_guard lock(mutex_);
        busy_ = false;
        if (!executor_) return;
        asio::post(
            *executor_, [weak = weak_from_this(), config = std::move(config),
                         seen = std::move(seen)]() mutable {
                if (const auto self = weak.lock())
                    self->on_loaded_(std::move(config), std::move(seen));
            });
    }

    loaded load_safely(const look_function& look, std::string& seen) const
    {
        try {
            loaded config = load_();
            if (config) seen = looked_at(*config, look);
            return config;
        } catch (const std::exception& e) {
            return invalid_configuration{{{.what = e.what()}}};
        }
    }

    /** What cannot be told is no reason to refuse a configuration. */
    static std::string looked_at(const configuration& config, const look_function& look)
    {
        try {
            return look ? look(config) : std::string();
        } catch (const std::exception&) {
            return {};
        }
    }

    const load_function load_;
    const handler on_loaded_; // called on the executor alone
    std::mutex mutex_;        // for all below
    std::optional<asio::any_io_executor> executor_;
    bool busy_ = false;
};

config_loader::config_loader(asio::any_io_executor ex, load_function load, handler on_loaded)
    : state_(std::make_shared<state>(std::move(ex), std::move(load), std::move(on_loaded)))
{}

config_loader::~config_loader() { state_->abandon(); }

bool config_loader::start(look_function look) { return state_->start(std::move(look)); }

} // namespace carillon::app

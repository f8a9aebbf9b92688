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

    bool start(inspection inspect)
    {
        const std::lock_guard lock(mutex_);
        if (busy_) return false;
        std::thread([self = shared_from_this(), inspect = std::move(inspect)] {
            self->work(inspect);
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
    void work(const inspection& inspect)
    {
        std::string summary;
        loaded config = load_safely(inspect, summary);
        const std::lock_guard lock(mutex_);
        busy_ = false;
        if (!executor_) return;
        asio::post(
            *executor_, [weak = weak_from_this(), config = std::move(config),
                         summary = std::move(summary)]() mutable {
                if (const auto self = weak.lock())
                    self->on_loaded_(std::move(config), std::move(summary));
            });
    }

    loaded load_safely(const inspection& inspect, std::string& summary) const
    {
        try {
            loaded config = load_();
            if (config) summary = summarised(*config, inspect);
            return config;
        } catch (const std::exception& e) {
            return invalid_configuration{{{.what = e.what()}}};
        }
    }

    /** What cannot be told is no reason to refuse a configuration. */
    static std::string summarised(const configuration& config, const inspection& inspect)
    {
        try {
            return inspect ? inspect(config) : std::string();
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

bool config_loader::start(inspection inspect) { return state_->start(std::move(inspect)); }

} // namespace carillon::app

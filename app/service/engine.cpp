#include "service/engine.hpp"

#include "base/signals.hpp"
#include "service/open_store.hpp"
#include <carillon/runner/event_log.hpp>

#include <fmt/format.h>

#include <utility>

namespace carillon::app {

engine::engine(configuration config, bool is_daemon)
    : store_options_(config.store),
      store_(open_store(
          ctx_.get_executor(),
          store_options_,
          is_daemon,
          [this](const std::string& damage) {
              log(log_level::error, "store_damaged",
                  fmt::format("{}: the store is damaged: {}", store_options_.path, damage));
          })),
      runner_(
          ctx_.get_executor(),
          time_,
          client_,
          *store_,
          {.seed = {}, .recovers_triggered = is_daemon})
{
    survive_lost_readers();
    runner_.on_event(event_log(time_, runner_));
    apply(std::move(config));
}

void engine::apply(configuration config)
{
    sinks_.replace(std::move(config.sinks));
    shutdown_grace_ = config.shutdown_grace;
    client_.set_proxies(std::move(config.proxies));
    client_.reload_certificates();
    runner_.set_max_concurrent(config.max_concurrent);
    runner_.set_max_per_origin(config.max_per_origin);
    runner_.set_on_store_error(config.store.on_error);
    apply_store(config.store);
    for (const config_error& w : config.warnings)
        log(log_level::warning, "configuration", to_string(w));
    runner_.set_jobs(std::move(config.jobs));
}

/** The file stays open as long as the process. */
void engine::apply_store(const store_options& options)
{
    if (options.path != store_options_.path)
        log(log_level::warning, "configuration",
            "store.path has changed: that takes a restart, until then it is " +
                store_options_.path);
    store_options_.on_error = options.on_error;
    store_->set_limits(options.limits);
}

void engine::log(log_level level, std::string_view event, std::string message) const
{
    log_entry e{.level = level, .event = event};
    e.time = time_.now();
    e.message = std::move(message);
    write_log(std::move(e));
}

} // namespace carillon::app

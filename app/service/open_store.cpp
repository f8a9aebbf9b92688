#include "service/open_store.hpp"

#include <carillon/store/memory_store.hpp>
#include <carillon/store/sqlite_store.hpp>
#include <carillon/store/sqlite_store_reader.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace carillon::app {

std::unique_ptr<carillon::store> open_store(
    const boost::asio::any_io_executor& ex,
    const store_options& options,
    bool is_daemon,
    std::function<void(std::string)> on_damage)
{
    if (options.is_in_memory())
        return std::make_unique<memory_store>(
            ex, memory_store_options{
                    .keep_runs = static_cast<std::size_t>(
                        std::min<std::int64_t>(options.limits.keep_runs, 16))});
    return std::make_unique<sqlite_store>(
        ex, sqlite_store_options{
                .path = options.path,
                .is_daemon = is_daemon,
                .limits = options.limits,
                .on_damage = std::move(on_damage)});
}

std::unique_ptr<store_reader> open_store_reader(const store_options& options)
{
    if (options.is_in_memory()) return nullptr;
    return std::make_unique<sqlite_store_reader>(options.path);
}

} // namespace carillon::app

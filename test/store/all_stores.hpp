#pragma once

#include "store/store_user.hpp"
#include "temporary_folder.hpp"
#include <carillon/store/memory_store.hpp>
#include <carillon/store/sqlite_store.hpp>
#include <carillon/store/sqlite_store_reader.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/mpl/list.hpp>

#include <memory>
#include <optional>

/** The kinds of stores, for cases that hold for each of them. */
namespace carillon::test::all_stores {

/** Makes stores that share one memory, each as another process would have it. */
struct in_memory {
    std::unique_ptr<store> connect(boost::asio::io_context& ctx)
    {
        if (!memory) memory.emplace(ctx.get_executor(), memory_store_options{.keep_runs = 100});
        return std::make_unique<memory_store>(ctx.get_executor(), *memory);
    }

    std::unique_ptr<store_reader> look() const { return memory->open_reader(); }

    std::optional<memory_store> memory;
};

struct in_sqlite {
    std::unique_ptr<store> connect(boost::asio::io_context& ctx)
    {
        return std::make_unique<sqlite_store>(
            ctx.get_executor(),
            sqlite_store_options{.path = folder / "carillon.db", .is_daemon = false});
    }

    std::unique_ptr<store_reader> look() const
    {
        return std::make_unique<sqlite_store_reader>(folder / "carillon.db");
    }

    temporary_folder folder;
};

using stores = boost::mpl::list<in_memory, in_sqlite>;

template <class Stores>
struct world {
    boost::asio::io_context ctx;
    Stores shared;

    user connect() { return {ctx, shared.connect(ctx)}; }
};

} // namespace carillon::test::all_stores

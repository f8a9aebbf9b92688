#pragma once

#include "store/sqlite/owner_lock.hpp"
#include "store/sqlite/sqlite_clock.hpp"
#include "store/sqlite/sqlite_files.hpp"
#include "store/sqlite/sqlite_ledger.hpp"
#include "store/sqlite/sqlite_retention.hpp"
#include <carillon/detail/pending.hpp>
#include <carillon/store/sqlite_store.hpp>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace carillon::detail {

/** A store's thread that writes, many operations a commit. */
class sqlite_writer {
public:
    template <class T>
    using handler_of = boost::asio::any_completion_handler<void(error_code, T)>;
    using plain_handler = boost::asio::any_completion_handler<void(error_code)>;

    /** Opens the file; see @ref sqlite_store. */
    explicit sqlite_writer(const sqlite_store_options& options);
    sqlite_writer(const sqlite_writer&) = delete;
    sqlite_writer& operator=(const sqlite_writer&) = delete;
    ~sqlite_writer();

    /** The chains of what an operation adds to the history, for its retention. */
    using addition = std::vector<std::string>;

    /** Whether an operation may wait some milliseconds for others of its commit. It does where many
     * come. */
    enum class urgency { at_once, with_others };

    /**
     * Hands the result of `work`, which a commit has made durable, or the error to the handler, by
     * way of `ex`. `work` may be called again, where others of its commit have failed.
     */
    template <class T, class Work>
    void
    write(const boost::asio::any_io_executor& ex, handler_of<T> handler, Work work, addition what)
    {
        auto answer =
            std::make_shared<detail::pending<void(error_code, T)>>(ex, std::move(handler));
        auto result = std::make_shared<T>();
        add(
            {.apply = [work = std::move(work),
                       result](sqlite::ledger& l) mutable { *result = work(l); },
             .complete =
                 [answer, result](const error_code& ec) {
                     std::move(*answer).complete(ec, ec ? T{} : std::move(*result));
                 },
             .what = std::move(what)});
    }

    /** The same for what has no result. */
    template <class Work>
    void write(
        const boost::asio::any_io_executor& ex,
        plain_handler handler,
        Work work,
        addition what,
        urgency when)
    {
        auto answer = std::make_shared<detail::pending<void(error_code)>>(ex, std::move(handler));
        add(
            {.apply = std::move(work),
             .complete = [answer](const error_code& ec) { std::move(*answer).complete(ec); },
             .what = std::move(what),
             .when = when});
    }

    void set_limits(history_limits limits);
    std::size_t queued() const;
    const owner_lock& owners() const noexcept { return owners_; }
    const sqlite::open_files& files() const noexcept { return files_; }

private:
    /** A part of a commit. */
    struct operation {
        std::function<void(sqlite::ledger&)> apply{};
        std::function<void(const error_code&)> complete{}; // once, on the writer's thread
        addition what{};
        urgency when = urgency::at_once;
    };

    sqlite_writer(const sqlite_store_options& options, int); // with its path as it really is

    void add(operation o);
    void work();
    bool take_group(std::vector<operation>& out);
    void gather(std::unique_lock<std::mutex>& lock);
    void commit(std::vector<operation>& group);
    error_code try_commit(operation* first, std::size_t count);
    error_code write_all(operation* first, std::size_t count);
    bool trims() const;
    void trim();
    bool has_moved();
    void rescue();
    bool make_room();

    const std::size_t max_group_;
    owner_lock owners_;
    sqlite::database db_;
    const sqlite::open_files files_;
    bool has_moved_ = false; // for good
    sqlite::keeping_clock clock_;
    std::optional<sqlite::ledger> ledger_;
    sqlite::retention retention_;
    const bool is_trimmer_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<operation> queue_;
    std::size_t urgent_ = 0; // of the queue
    std::size_t underway_ = 0;
    std::size_t last_group_ = 0; // the size of the last commit
    history_limits limits_;
    bool ending_ = false;
    std::thread thread_; // last: it uses all else
};

} // namespace carillon::detail

#include "base/all_signals_blocked.hpp"
#include "store/sqlite/sqlite_history.hpp"
#include "store/sqlite/sqlite_schema.hpp"
#include "store/sqlite/sqlite_writer.hpp"
#include <carillon/detail/pending.hpp>
#include <carillon/detail/spawn.hpp>
#include <carillon/store/sqlite_store.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/system/system_error.hpp>
#include <sqlite3.h>

#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <utility>

namespace asio = boost::asio;

namespace carillon {

using namespace detail;

namespace {

/** Runs `work` and hands what it returns, or the error, to the handler. */
template <class T, class Work>
void answer(pending<void(error_code, T)> to, const Work& work)
{
    error_code ec;
    T result{};
    try {
        result = work();
    } catch (...) {
        ec = code_of(std::current_exception());
    }
    std::move(to).complete(ec, std::move(result));
}

} // namespace

/** A store's threads that read, with a connection for each question, so that a long answer holds
 * up no commit. */
class sqlite_store::reader {
public:
    explicit reader(const sqlite::open_files& files) : files_(files)
    {
        // Signals are the event loop's.
        const all_signals_blocked quiet;
        threads_.emplace(2); // questions do not wait for a check
    }
    reader(const reader&) = delete;
    reader& operator=(const reader&) = delete;
    ~reader()
    {
        {
            const std::lock_guard lock(mutex_);
            if (checked_ != nullptr) ::sqlite3_interrupt(checked_->handle());
        }
        threads_->join();
    }

    template <class T, class Work>
    void ask(pending<void(error_code, T)> to, Work work)
    {
        asio::post(*threads_, [this, to = std::move(to), work = std::move(work)]() mutable {
            answer<T>(std::move(to), [&] {
                sqlite::database db = open();
                return work(db);
            });
        });
    }

    void look_for_damage(const asio::any_io_executor& ex, std::function<void(std::string)> tell)
    {
        asio::post(*threads_, [this, ex, tell = std::move(tell)]() mutable {
            try {
                sqlite::database db = open();
                if (sqlite::size_of(db) <= sqlite::checked_at_start) return; // it was, at the start
                const being_checked mark(*this, db);
                std::string found = sqlite::find_damage(db);
                if (!found.empty())
                    asio::post(
                        ex, [tell = std::move(tell), found = std::move(found)] { tell(found); });
            } catch (const std::exception&) {
                // The next operation meets it.
            }
        });
    }

private:
    /** Lets the end of the reader interrupt a check. */
    class being_checked {
    public:
        being_checked(reader& of, sqlite::database& db) : of_(of)
        {
            const std::lock_guard lock(of_.mutex_);
            of_.checked_ = &db;
        }
        being_checked(const being_checked&) = delete;
        being_checked& operator=(const being_checked&) = delete;
        ~being_checked()
        {
            const std::lock_guard lock(of_.mutex_);
            of_.checked_ = nullptr;
        }

    private:
        reader& of_;
    };

    /** Never makes new files in place of those that the writer has open. */
    sqlite::database open() const
    {
        if (!files_.are_in_place()) throw boost::system::system_error(errc::store_moved);
        return sqlite::open_for_reading(files_.path());
    }

    const sqlite::open_files& files_;
    std::mutex mutex_;
    sqlite::database* checked_ = nullptr;
    std::optional<asio::thread_pool> threads_;
};

sqlite_store::sqlite_store(asio::any_io_executor ex, sqlite_store_options options)
    : executor_(std::move(ex)), writer_(std::make_unique<sqlite_writer>(options)),
      reader_(std::make_unique<reader>(writer_->files()))
{
    if (options.on_damage && options.is_daemon)
        reader_->look_for_damage(executor_, std::move(options.on_damage));
}

sqlite_store::~sqlite_store() = default;

microseconds sqlite_store::claim_lead(std::size_t claims) const noexcept
{
    constexpr microseconds sync = std::chrono::milliseconds{5};
    constexpr microseconds each{10};
    return sync + each * static_cast<std::int64_t>(claims);
}

void sqlite_store::set_limits(const history_limits& limits) { writer_->set_limits(limits); }

std::size_t sqlite_store::queued() const { return writer_->queued(); }

void sqlite_store::load(load_handler handler)
{
    writer_->write<recollection>(
        executor_, std::move(handler), [](sqlite::ledger& l) { return l.load(); }, {});
}

void sqlite_store::commit_changes(
    std::shared_ptr<const store_changes> batch, instant now, claim_handler handler)
{
    sqlite_writer::addition what;
    for (const missed_record& m : batch->missed) what.push_back(m.chain);
    writer_->write<std::vector<claim>>(
        executor_, std::move(handler),
        [batch = std::move(batch), now](sqlite::ledger& l) {
            return l.commit_changes(*batch, now);
        },
        std::move(what));
}

void sqlite_store::save_progress(run_id run, job_record job, plain_handler handler)
{
    writer_->write(
        executor_, std::move(handler),
        [run, job = std::move(job)](sqlite::ledger& l) { l.save_progress(run, job); }, {},
        sqlite_writer::urgency::at_once);
}

void sqlite_store::finish(std::shared_ptr<const run_record> run, plain_handler handler)
{
    sqlite_writer::addition what{run->chain};
    writer_->write(
        executor_, std::move(handler),
        [run = std::move(run)](sqlite::ledger& l) { l.finish(*run); }, std::move(what),
        sqlite_writer::urgency::with_others);
}

void sqlite_store::find(history_query query, find_handler handler)
{
    reader_->ask(
        pending<void(error_code, history_page)>(executor_, std::move(handler)),
        [query = std::move(query)](sqlite::database& db) { return sqlite::find(db, query); });
}

void sqlite_store::find_run(run_id run, find_run_handler handler)
{
    reader_->ask(
        pending<void(error_code, std::optional<run_record>)>(executor_, std::move(handler)),
        [run, this](sqlite::database& db) { return sqlite::find_run(db, writer_->owners(), run); });
}

} // namespace carillon

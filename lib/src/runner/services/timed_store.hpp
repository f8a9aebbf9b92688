#pragma once

#include "runner/services/bound_time.hpp"
#include <carillon/store/store.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>

namespace carillon::detail {

/// So long the store may take for an answer, or for one to a question about what is kept.
inline constexpr microseconds store_patience = std::chrono::seconds{10};
inline constexpr microseconds store_patience_of_readers = std::chrono::minutes{1};

/**
 * A store whose answers have a deadline. All parts of a runner ask it instead of the real one.
 *
 * Where the deadline passes, an operation completes with @ref errc::store_stalled, though it may
 * still take effect; until it is answered, what else is asked for completes with @ref
 * errc::queue_full at once, so that nothing piles up behind a disk that hangs. Handlers are called
 * on the executor of the runner, whatever the store's is.
 */
class timed_store final : public store {
public:
    /** What came, late, of claims that count as failed. */
    using late_handler =
        std::function<void(const store_changes&, const error_code&, const std::vector<claim>&)>;

    timed_store(
        boost::asio::any_io_executor ex, std::shared_ptr<bound_time> time, carillon::store& real);

    /** Waits for nothing any more. */
    ~timed_store() override;

    /** Is told of late claims on the runner's executor. */
    void on_late_claims(late_handler handler);

    microseconds claim_lead(std::size_t claims) const noexcept override;
    bool is_durable() const noexcept override;

private:
    class state;

    void load(load_handler handler) override;
    void commit_changes(
        std::shared_ptr<const store_changes> batch, instant now, claim_handler handler) override;
    void save_progress(run_id run, job_record job, plain_handler handler) override;
    void finish(std::shared_ptr<const run_record> run, plain_handler handler) override;
    void find(history_query query, find_handler handler) override;
    void find_run(run_id run, find_run_handler handler) override;

    carillon::store& real_;
    std::shared_ptr<state> state_;
};

} // namespace carillon::detail

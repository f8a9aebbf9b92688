#pragma once

#include <carillon/http/transport.hpp>
#include <carillon/job/job_set.hpp>
#include <carillon/job/run.hpp>
#include <carillon/runner/event.hpp>
#include <carillon/runner/on_store_error.hpp>
#include <carillon/runner/subscription.hpp>
#include <carillon/store/store.hpp>
#include <carillon/time/time_source.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carillon {

namespace detail {
class runner_core;
} // namespace detail

/** How a @ref runner behaves. */
struct runner_options {
    /// Seed for jitter and ids, for repeatable behaviour; without it, the system's randomness is
    /// used.
    std::optional<std::uint64_t> seed;
    /// Attempts at a time in all, from 1; others wait within their job's deadline. Origins take
    /// turns, so that a busy origin does not block others.
    std::size_t max_concurrent = 1000;
    /// Attempts at one origin (scheme, host and port) at a time, from 1; others wait their turn,
    /// first come, first served, within their job's deadline. Jobs that reach it through a socket
    /// or a proxy are counted apart.
    std::size_t max_per_origin = 100;
    carillon::on_store_error on_store_error = carillon::on_store_error::stop;
    /// Whether the next start resumes a run by hand that a crash of this process interrupted. Else
    /// such a run ends as `interrupted`.
    bool recovers_triggered = true;
};

/**
 * Fires jobs when they are due, walks their chains, retries, and tells what happened.
 *
 * All work happens on the executor; the runner starts no thread, handles no signal and has no
 * global state. It is for one executor at a time: where the executor's context has several threads,
 * give the same strand to runner and transport, and call members from within it. Time source and
 * store may have other executors.
 *
 * Destroy the runner before the executor's context. Time source, transport and store must
 * outlive the runner and each later `run()` of the context, in which unfinished operations
 * complete. An operation that is launched only then, as one of `boost::asio::deferred` may be,
 * completes with `operation_aborted`. Where no completion token is given, an operation is deferred:
 * a coroutine writes `co_await runner.async_drain()`.
 *
 * Waiting jobs share one timer. A job has a coroutine only while it is being sent.
 *
 * @code
 * #include <carillon/carillon.hpp>
 *
 * #include <boost/asio/detached.hpp>
 * #include <boost/asio/io_context.hpp>
 *
 * int main()
 * {
 *     boost::asio::io_context ctx;
 *     carillon::system_time_source time(ctx.get_executor());
 *     carillon::http::client client(ctx.get_executor());
 *     carillon::memory_store store(ctx.get_executor());
 *     carillon::runner runner(ctx.get_executor(), time, client, store);
 *     carillon::job ping{.name = "ping", .url = "http://localhost:8000/ping"};
 *     ping.trigger = carillon::schedule{.every = std::chrono::minutes{1}};
 *     runner.set_jobs(carillon::job_set::create({ping}).value());
 *     runner.async_run(boost::asio::detached);
 *     ctx.run();
 * }
 * @endcode
 */
class runner {
public:
    using executor_type = boost::asio::any_io_executor;

    /** Starts nothing before @ref async_run, @ref async_trigger or @ref async_retry. */
    runner(
        boost::asio::any_io_executor ex,
        time_source& time,
        http::transport& transport,
        carillon::store& store,
        runner_options options = {});

    /** Cancels what is under way; operations complete with `operation_aborted`. */
    ~runner();

    runner(const runner&) = delete;
    runner& operator=(const runner&) = delete;

    /** Where all work happens, and operations complete by default. */
    executor_type get_executor() const noexcept;

    /**
     * Adds a listener. It is called on the runner's executor, for each event from now on, in the
     * order of the events. Where it is added within a listener's call, it also hears of the events
     * that wait for the end of that call.
     *
     * What is returned removes the listener. It may be thrown away: the listener then stays until
     * the runner's end.
     *
     * A listener may call any member, remove itself, and destroy the runner; then no other is
     * called any more. Events that it causes
     * are told when all listeners have been told of this one: one that runs the context within its
     * call, and waits there for an event, waits for ever. It must not throw: an exception leaves
     * through `run()` of the context, and the runner may then only be destroyed.
     */
    subscription on_event(event_handler listener);

    /** See @ref runner_options::max_concurrent. A lower bound ends no attempt that is under way. */
    void set_max_concurrent(std::size_t max);

    /** See @ref runner_options::max_per_origin. A lower bound ends no attempt that is under way. */
    void set_max_per_origin(std::size_t max);

    /** See @ref runner_options::on_store_error. */
    void set_on_store_error(carillon::on_store_error what);

    /**
     * Replaces all jobs at once.
     *
     * Runs under way keep the definitions they began with. A job of the same name and schedule
     * keeps its times. A job whose schedule changed begins without a backlog.
     */
    void set_jobs(job_set jobs);

    /** Adds a job, or replaces that of the same name. All jobs are copied: for many, use @ref
     * set_jobs. */
    boost::system::result<void, invalid_jobs> add(job j);

    /** Takes a job out. Fails where other jobs wait for it, and where there is no job of this name:
     * both are among the problems of @ref invalid_jobs. */
    boost::system::result<void, invalid_jobs> remove(std::string_view name);

    /** The jobs as they are now. */
    std::shared_ptr<const job_set> jobs() const;

    /** When a job is due next. Nothing while it is disabled or paused, where it has no schedule or
     * no further instant, and while the runner does not fire: before @ref async_run has read the
     * store, and after it has ended. */
    std::optional<instant> next_due(std::string_view job) const;

    /** When the runner acts next by its schedules. Nothing if no job has a further instant, and
     * while the runner does not fire. */
    std::optional<instant> next_wake() const;

    /**
     * Stops firing a job by its schedule. Instants that pass meanwhile are not made up for; a
     * backlog from before waits. A run by hand is possible. The store remembers the pause, and @ref
     * set_jobs keeps it.
     *
     * Errors: @ref errc::no_such_job; @ref errc::no_schedule; @ref errc::not_running, also until
     * the store has been read at the start of @ref async_run.
     */
    result<void> pause(std::string_view job);

    /** Fires a paused job again, from its next instant on. A job that is not paused stays as it is.
     * Errors as for @ref pause. */
    result<void> resume(std::string_view job);

    /** Whether a job is paused; false where there is no such job, and while nothing fires. */
    bool is_paused(std::string_view job) const;

    /** How many runs are under way. */
    std::size_t running() const;

    /**
     * Cancels one run, by schedule or by hand: one that is under way, or one that waits for the end
     * of its chain's last run.
     *
     * Returns at once. The run ends soon after with the outcome `cancelled`, unless it completes
     * before. A run that waits begins and ends so without a request, since its instant has been
     * claimed. A caller that waits for the run by @ref async_trigger or @ref async_retry gets its
     * record without an error.
     *
     * Errors: @ref errc::no_such_run, also of a run that has ended, whose claim is still being
     * stored, or that a crash interrupted and that has not been resumed.
     */
    result<void> cancel(run_id run);

    /**
     * Fires jobs by their schedules until it is drained or cancelled: `void(error_code)`.
     *
     * Reads first what the store remembers. Instants that passed since then are run or missed, as
     * each schedule's catch-up says. Runs that a crash interrupted resume from the jobs that they
     * had reached, each as its delivery says. Those longer ago than `catch_up_window`, and those of
     * jobs that were removed, end as `interrupted`.
     *
     * Completes when the last run has ended: with success after @ref async_drain, with
     * `operation_aborted` after a cancellation, with the store's error where it cannot be read,
     * with @ref errc::already_running at once where it, or a drain, is under way already.
     *
     * Cancellation: `total` and `partial` stop firing and let runs end, `terminal` cancels them,
     * too. The operation then still waits for their end and completes with `operation_aborted`.
     */
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_run(CompletionToken&& token = {})
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [](auto handler, const owner& of) { start_run(of, std::move(handler)); }, token,
            as_owner());
    }

    /**
     * Stops firing, refuses triggers, and waits until the last run has ended: `void(error_code)`.
     *
     * Where the store is durable, the next @ref async_run, in this process or another, runs what is
     * due and has not begun, and what waits for the end of a run. Else that is skipped. The drain
     * waits some ten seconds for a store that does not answer.
     *
     * Cancellation: `terminal`, `partial` and `total` cancel the runs; the operation then still
     * waits for their end and completes with `operation_aborted`.
     */
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_drain(CompletionToken&& token = {})
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code)>(
            [](auto handler, const owner& of) { start_drain(of, std::move(handler)); }, token,
            as_owner());
    }

    /**
     * Runs a job and all that follows it now, also beside a run of it: `void(error_code,
     * run_record)`.
     *
     * Completes when the run has ended, whatever its outcome. Errors: @ref errc::no_such_job; @ref
     * errc::not_running while draining, and after it until the next @ref async_run; @ref
     * errc::already_claimed, where a hundred others have the names that follow from the time; the
     * store's. Needs no @ref async_run before.
     *
     * Cancellation: `terminal`, `partial` and `total` cancel the run; the operation then still
     * waits for its end, and its record comes with `operation_aborted`.
     */
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_trigger(std::string job, CompletionToken&& token = {})
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code, run_record)>(
            [](auto handler, const owner& of, const std::string& name) {
                start_trigger(of, name, std::move(handler));
            },
            token, as_owner(), std::move(job));
    }

    /**
     * Retries a run that has ended, from the jobs that did not complete: `void(error_code,
     * run_record)`.
     *
     * The run keeps its id and instant, and continues to count attempts. Completes as @ref
     * async_trigger does. Errors beside its: @ref errc::no_such_run; @ref errc::run_not_ended;
     * @ref errc::nothing_to_retry.
     *
     * Cancellation: as of @ref async_trigger.
     */
    template <class CompletionToken = boost::asio::deferred_t>
    auto async_retry(run_id run, CompletionToken&& token = {})
    {
        return boost::asio::async_initiate<CompletionToken, void(error_code, run_record)>(
            [](auto handler, const owner& of, run_id id) {
                start_retry(of, id, std::move(handler));
            },
            token, as_owner(), run);
    }

private:
    using plain_handler = boost::asio::any_completion_handler<void(error_code)>;
    using trigger_handler = boost::asio::any_completion_handler<void(error_code, run_record)>;

    /** The runner that an operation was asked of. A deferred one may be launched after the runner,
     * and what it used, are destroyed. */
    struct owner {
        executor_type executor;
        std::weak_ptr<detail::runner_core> core;

        std::shared_ptr<detail::runner_core> lock() const;
    };

    owner as_owner() const { return {get_executor(), core_}; }

    static void start_run(const owner& of, plain_handler handler);
    static void start_drain(const owner& of, plain_handler handler);
    static void start_trigger(const owner& of, const std::string& job, trigger_handler handler);
    static void start_retry(const owner& of, run_id run, trigger_handler handler);

    std::shared_ptr<detail::runner_core> core_;
};

} // namespace carillon

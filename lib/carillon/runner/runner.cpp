#include <carillon/detail/pending.hpp>
#include <carillon/runner/chain_run.hpp>
#include <carillon/runner/runner.hpp>
#include <carillon/runner/timetable.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <unordered_map>
#include <vector>

namespace asio = boost::asio;

namespace carillon {
namespace {

/// A smaller difference between the clocks is no step: schedules keep their names.
constexpr microseconds step_limit = std::chrono::seconds{1};

/// Runs by hand of one chain within one microsecond take the following ones' names.
constexpr int max_name_tries = 100;

std::uint64_t random_seed()
{
    std::random_device device;
    return std::uint64_t{device()} << 32U | device();
}

/** RFC 9562 section 5.7: 48 bits of milliseconds, the rest random but for version and variant. */
run_id make_run_id(instant now, std::mt19937_64& random)
{
    const auto ms = static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count());
    const std::array<std::uint64_t, 2> words{
        ms << 16U | 0x7000U | (random() & 0xFFFU), (random() >> 2U) | 0x8000'0000'0000'0000U};
    run_id id{};
    for (std::size_t i = 0; i < 16; ++i)
        id.data[i] = static_cast<std::uint8_t>(words[i / 8] >> (8 * (7 - i % 8)));
    return id;
}

} // namespace

/** Everything but the interface. Shared with handlers of operations that may complete after the
 * runner's end. */
class runner::core : public std::enable_shared_from_this<core> {
public:
    core(services s) : shared_(std::make_shared<services>(std::move(s))) {}

    void on_event(event_handler listener) { shared_->listeners.push_back(std::move(listener)); }
    std::shared_ptr<const job_set> jobs() const { return plan_; }
    std::size_t running() const { return runs_.size(); }

    void set_jobs(job_set jobs);
    std::optional<instant> next_due(std::string_view name) const;

    void run(plain_handler handler);
    void drain(plain_handler handler);
    void trigger(const std::string& name, trigger_handler handler);
    void abandon();

private:
    using run_operation = detail::pending<void(error_code)>;
    using trigger_operation = detail::pending<void(error_code, run_record)>;

    /** An operation that ends when the last run has. */
    struct ending {
        run_operation operation;
        bool cancelled = false;
    };

    /** A run that someone asked for, from the asking to its end. */
    struct manual_run {
        explicit manual_run(trigger_operation o) : operation(std::move(o)) {}

        const std::string& chain() const { return (*plan)[first].name; }

        void cancel()
        {
            cancelled = true;
            if (auto r = run.lock()) r->cancel();
        }

        trigger_operation operation;
        std::shared_ptr<const job_set> plan;
        job_index first = 0;
        std::weak_ptr<chain_run> run;
        bool cancelled = false;
    };

    /** What a chain's runs come to while at least one goes. */
    struct gate {
        int running = 0;
        int skipped_in_a_row = 0;
    };

    time_reading read_time() const;
    enum class on_cancel { stop_firing, cancel_runs };
    std::shared_ptr<ending> make_ending(plain_handler handler, on_cancel mild);

    void arm();
    void on_wake(const error_code& ec);
    void look_for_step();
    void fire_due();
    bool may_start(const job& first, const due_run& due);
    void claim(const std::shared_ptr<const job_set>& plan, std::vector<due_run> due);
    void start_claimed(
        const std::shared_ptr<const job_set>& plan,
        const std::vector<due_run>& due,
        error_code ec,
        const std::vector<carillon::claim>& claims);
    void claim_manual(std::shared_ptr<manual_run> asked, instant at, int tries);
    void start_manual(const std::shared_ptr<manual_run>& asked, instant at, std::int64_t fence);
    std::shared_ptr<chain_run> start_run(
        const std::shared_ptr<const job_set>& plan,
        job_index first,
        run_record record,
        chain_run::end_handler on_end);
    void run_ended(const std::shared_ptr<chain_run>& run);
    void leave_gate(const std::string& chain);
    void stop_firing();
    void cancel_runs();
    void finish_if_idle();

    std::shared_ptr<services> shared_;
    std::shared_ptr<const job_set> plan_ = std::make_shared<job_set>();
    timetable timetable_;
    microseconds start_{0}; // of the first async_run, in time since boot
    instant boot_{};        // as the timetable last knew it
    bool started_ = false;  // async_run has been called
    bool draining_ = false;
    std::size_t store_calls_ = 0; // claims and records whose answer is still to come
    std::unordered_map<std::string, gate> gates_;
    // Watched, not owned: a run belongs to its coroutines and keeps the core alive by its end
    // handler, so that whoever destroys the coroutines destroys both.
    std::unordered_map<const chain_run*, std::weak_ptr<chain_run>> runs_;
    std::shared_ptr<asio::cancellation_signal> wake_ =
        std::make_shared<asio::cancellation_signal>();
    std::shared_ptr<ending> run_;
    std::vector<std::shared_ptr<ending>> drains_;
};

void runner::core::set_jobs(job_set jobs)
{
    plan_ = std::make_shared<const job_set>(std::move(jobs));
    if (!started_) return;
    timetable_.assign(plan_, read_time());
    arm();
}

std::optional<instant> runner::core::next_due(std::string_view name) const
{
    const auto j = plan_->find(name);
    return started_ && j ? timetable_.next_due(*j) : std::nullopt;
}

time_reading runner::core::read_time() const
{
    const instant boot = shared_->time.boot_time();
    return {.now = shared_->time.now(), .origins = {.boot = boot, .start = boot + start_}};
}

/** Takes a handler; `mild` is what cancellation of a lesser type than `terminal` does, which always
 * cancels the runs. */
std::shared_ptr<runner::core::ending>
runner::core::make_ending(plain_handler handler, on_cancel mild)
{
    auto e = std::make_shared<ending>(ending{run_operation(shared_->executor, std::move(handler))});
    auto slot = e->operation.slot();
    if (!slot.is_connected()) return e;
    slot.assign([weak = weak_from_this(), cancelled = std::weak_ptr(e),
                 mild](asio::cancellation_type type) {
        const auto self = weak.lock();
        const auto mine = cancelled.lock();
        if (!self || !mine) return;
        mine->cancelled = true;
        self->stop_firing();
        const bool terminal =
            (type & asio::cancellation_type::terminal) != asio::cancellation_type::none;
        if (terminal || mild == on_cancel::cancel_runs) self->cancel_runs();
        self->finish_if_idle();
    });
    return e;
}

void runner::core::run(plain_handler handler)
{
    if (run_)
        return run_operation(shared_->executor, std::move(handler)).complete(errc::already_running);
    run_ = make_ending(std::move(handler), on_cancel::stop_firing);
    draining_ = false;
    if (!std::exchange(started_, true)) start_ = shared_->time.since_boot();
    boot_ = shared_->time.boot_time();
    timetable_.assign(plan_, read_time());
    arm();
}

void runner::core::drain(plain_handler handler)
{
    drains_.push_back(make_ending(std::move(handler), on_cancel::cancel_runs));
    stop_firing();
    finish_if_idle();
}

/** Waits for the timetable's next wake-up; a wait that is under way gives way. */
void runner::core::arm()
{
    wake_->emit(asio::cancellation_type::terminal);
    if (!run_ || draining_) return;
    const auto next = timetable_.next_wake();
    if (!next) return;
    // A signal for each wait: the one before may still be completing.
    wake_ = std::make_shared<asio::cancellation_signal>();
    shared_->time.async_wait_until(
        *next, asio::bind_cancellation_slot(
                   wake_->slot(), [weak = weak_from_this(), signal = wake_](const error_code& ec) {
                       if (auto self = weak.lock()) self->on_wake(ec);
                   }));
}

void runner::core::on_wake(const error_code& ec)
{
    // Whoever cancelled the wait has begun another, or wants none.
    if (ec == asio::error::operation_aborted || !run_ || draining_) return;
    look_for_step();
    fire_due();
    arm();
}

/** Compares the clocks: what elapsed time and wall clock disagree about, somebody has set. */
void runner::core::look_for_step()
{
    const instant boot = shared_->time.boot_time();
    const microseconds by = boot - boot_;
    if (std::chrono::abs(by) < step_limit) return;
    boot_ = boot;
    timetable_.clock_stepped(by, shared_->time.now());
    shared_->emit(clock_changed{by});
}

void runner::core::fire_due()
{
    // What is due belongs to this plan, even if a listener or a reload brings another meanwhile.
    const auto plan = plan_;
    std::vector<due_run> due = timetable_.take_due(shared_->time.now());
    std::erase_if(due, [&](const due_run& d) { return !may_start((*plan)[d.job], d); });
    if (!due.empty()) claim(plan, std::move(due));
}

/** Passes the chain's gate, or tells why not. */
bool runner::core::may_start(const job& first, const due_run& due)
{
    if (due.coalesced)
        shared_->emit(runs_missed{
            first, due.coalesced->from, due.coalesced->to, due.coalesced->count,
            reason::coalesced});
    gate& g = gates_[first.name];
    if (g.running > 0) {
        shared_->emit(
            run_skipped{first, due.scheduled_at, reason::overlap, ++g.skipped_in_a_row, {}});
        return false;
    }
    ++g.running;
    return true;
}

void runner::core::claim(const std::shared_ptr<const job_set>& plan, std::vector<due_run> due)
{
    std::vector<claim_request> batch;
    batch.reserve(due.size());
    for (const due_run& d : due) batch.push_back({(*plan)[d.job].name, d.scheduled_at});
    ++store_calls_;
    shared_->store.async_claim(
        std::move(batch), shared_->time.now(),
        [self = shared_from_this(), plan,
         due = std::move(due)](error_code ec, const std::vector<carillon::claim>& claims) {
            --self->store_calls_;
            self->start_claimed(plan, due, ec, claims);
            self->finish_if_idle();
        });
}

void runner::core::start_claimed(
    const std::shared_ptr<const job_set>& plan,
    const std::vector<due_run>& due,
    error_code ec,
    const std::vector<carillon::claim>& claims)
{
    for (std::size_t i = 0; i < due.size(); ++i) {
        const due_run& d = due[i];
        const job& first = (*plan)[d.job];
        if (ec || !claims[i].won) {
            if (ec) shared_->emit(run_skipped{first, d.scheduled_at, reason::store, 1, ec});
            leave_gate(first.name);
            continue;
        }
        run_record record;
        record.chain = first.name;
        record.scheduled_at = d.scheduled_at;
        record.trigger = d.caught_up ? run_trigger::catch_up : run_trigger::schedule;
        record.fence = claims[i].fence;
        record.lateness = std::max(shared_->time.now() - d.scheduled_at, microseconds{0});
        start_run(plan, d.job, std::move(record), [self = shared_from_this()](const auto& run) {
            self->run_ended(run);
        });
    }
}

std::shared_ptr<chain_run> runner::core::start_run(
    const std::shared_ptr<const job_set>& plan,
    job_index first,
    run_record record,
    chain_run::end_handler on_end)
{
    record.id = make_run_id(shared_->time.now(), shared_->random);
    auto run = std::make_shared<chain_run>(shared_, plan, first, std::move(record));
    runs_.emplace(run.get(), run);
    run->start(std::move(on_end));
    return run;
}

void runner::core::trigger(const std::string& name, trigger_handler handler)
{
    auto asked =
        std::make_shared<manual_run>(trigger_operation(shared_->executor, std::move(handler)));
    const auto first = plan_->find(name);
    if (draining_ || !first)
        return std::move(asked->operation)
            .complete(draining_ ? errc::not_running : errc::no_such_job, {});
    asked->plan = plan_;
    asked->first = *first;
    if (auto slot = asked->operation.slot(); slot.is_connected()) {
        slot.assign([weak = std::weak_ptr(asked)](asio::cancellation_type) {
            if (auto mine = weak.lock()) mine->cancel();
        });
    }
    ++gates_[name].running;
    claim_manual(std::move(asked), shared_->time.now(), max_name_tries);
}

void runner::core::claim_manual(std::shared_ptr<manual_run> asked, instant at, int tries)
{
    ++store_calls_;
    std::vector<claim_request> batch{{asked->chain(), at}};
    shared_->store.async_claim(
        std::move(batch), shared_->time.now(),
        [self = shared_from_this(), asked = std::move(asked), at,
         tries](error_code ec, const std::vector<carillon::claim>& claims) {
            --self->store_calls_;
            if (!ec && !claims[0].won && tries > 0)
                return self->claim_manual(asked, at + microseconds{1}, tries - 1);
            if (!ec && claims[0].won) return self->start_manual(asked, at, claims[0].fence);
            self->leave_gate(asked->chain());
            std::move(asked->operation).complete(ec ? ec : make_error_code(errc::queue_full), {});
            self->finish_if_idle();
        });
}

void runner::core::start_manual(
    const std::shared_ptr<manual_run>& asked, instant at, std::int64_t fence)
{
    run_record record;
    record.chain = asked->chain();
    record.scheduled_at = at;
    record.trigger = run_trigger::manual;
    record.fence = fence;
    const auto run = start_run(
        asked->plan, asked->first, std::move(record),
        [self = shared_from_this(), asked](const auto& r) {
            const error_code ec = asked->cancelled ? asio::error::operation_aborted : error_code{};
            std::move(asked->operation).complete(ec, r->record());
            self->run_ended(r);
        });
    asked->run = run;
    if (asked->cancelled) run->cancel();
}

void runner::core::run_ended(const std::shared_ptr<chain_run>& run)
{
    runs_.erase(run.get());
    leave_gate(run->record().chain);
    ++store_calls_;
    shared_->store.async_record(
        run->record(), [self = shared_from_this(), run](const error_code& ec) {
            --self->store_calls_;
            if (ec) self->shared_->emit(record_failed{run->record(), ec});
            self->finish_if_idle();
        });
}

void runner::core::leave_gate(const std::string& chain)
{
    const auto at = gates_.find(chain);
    if (--at->second.running == 0) gates_.erase(at);
}

void runner::core::stop_firing()
{
    draining_ = true;
    wake_->emit(asio::cancellation_type::terminal);
}

void runner::core::cancel_runs()
{
    // A copy: listeners may react to what they are told.
    std::vector<std::weak_ptr<chain_run>> runs;
    for (const auto& [key, run] : runs_) runs.push_back(run);
    for (const auto& weak : runs) {
        if (const auto run = weak.lock()) run->cancel();
    }
}

void runner::core::finish_if_idle()
{
    if (!draining_ || !runs_.empty() || store_calls_ > 0) return;
    shared_->transport.close_idle();
    std::vector<std::shared_ptr<ending>> endings = std::exchange(drains_, {});
    if (run_) endings.push_back(std::exchange(run_, nullptr));
    for (const auto& e : endings)
        std::move(e->operation)
            .complete(e->cancelled ? asio::error::operation_aborted : error_code{});
}

/** The runner is gone: nobody listens any more, and what is under way ends. */
void runner::core::abandon()
{
    shared_->listeners.clear();
    if (run_) run_->cancelled = true;
    for (const auto& e : drains_) e->cancelled = true;
    stop_firing();
    cancel_runs();
    finish_if_idle();
}

runner::runner(
    asio::any_io_executor ex,
    time_source& time,
    http::transport& transport,
    carillon::store& store,
    runner_options options)
    : core_(std::make_shared<core>(services{
          .executor = std::move(ex),
          .time = time,
          .transport = transport,
          .store = store,
          .random = std::mt19937_64(options.seed ? *options.seed : random_seed()),
          .listeners = {}}))
{}

runner::~runner() { core_->abandon(); }

void runner::on_event(event_handler listener) { core_->on_event(std::move(listener)); }

void runner::set_jobs(job_set jobs) { core_->set_jobs(std::move(jobs)); }

boost::system::result<void, invalid_jobs> runner::add(job j)
{
    std::vector<job> all = jobs()->jobs();
    std::erase_if(all, [&](const job& other) { return other.name == j.name; });
    all.push_back(std::move(j));
    auto changed = job_set::create(std::move(all), jobs()->secrets());
    if (!changed) return changed.error();
    set_jobs(std::move(*changed));
    return {};
}

boost::system::result<void, invalid_jobs> runner::remove(std::string_view name)
{
    if (!jobs()->find(name))
        return invalid_jobs{{{std::string(name), "name", "there is no such job"}}};
    std::vector<job> all = jobs()->jobs();
    std::erase_if(all, [&](const job& other) { return other.name == name; });
    auto changed = job_set::create(std::move(all), jobs()->secrets());
    if (!changed) return changed.error();
    set_jobs(std::move(*changed));
    return {};
}

std::shared_ptr<const job_set> runner::jobs() const { return core_->jobs(); }

std::optional<instant> runner::next_due(std::string_view job) const { return core_->next_due(job); }

std::size_t runner::running() const { return core_->running(); }

void runner::start_run(plain_handler handler) { core_->run(std::move(handler)); }

void runner::start_drain(plain_handler handler) { core_->drain(std::move(handler)); }

void runner::start_trigger(std::string job, trigger_handler handler)
{
    core_->trigger(job, std::move(handler));
}

} // namespace carillon

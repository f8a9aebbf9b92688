#include "runner/core/runner_core.hpp"
#include <carillon/runner/runner.hpp>

#include <boost/asio/error.hpp>

#include <random>

namespace asio = boost::asio;

namespace carillon {
namespace {

std::uint64_t random_seed()
{
    std::random_device device;
    return std::uint64_t{device()} << 32U | device();
}

detail::services make_services(
    const asio::any_io_executor& ex,
    time_source& time,
    http::transport& transport,
    store& store,
    const runner_options& options)
{
    const auto clock = std::make_shared<detail::bound_time>(ex, time);
    return {
        .executor = ex,
        .clock = clock,
        .transport = transport,
        .timed = std::make_shared<detail::timed_store>(ex, clock, store),
        .random = std::mt19937_64(options.seed ? *options.seed : random_seed())};
}

/** For an operation that was launched after its runner's end. */
template <class... Ts>
void abort_launch(
    const asio::any_io_executor& ex, asio::any_completion_handler<void(error_code, Ts...)> handler)
{
    detail::pending<void(error_code, Ts...)>(ex, std::move(handler))
        .complete(asio::error::operation_aborted, Ts{}...);
}

} // namespace

runner::runner(
    asio::any_io_executor ex, // NOLINT(performance-unnecessary-value-param)
    time_source& time,
    http::transport& transport,
    carillon::store& store,
    runner_options options)
    : core_(detail::runner_core::make(make_services(ex, time, transport, store, options), options))
{}

runner::~runner() { core_->abandon(); }

runner::executor_type runner::get_executor() const noexcept { return core_->get_executor(); }

void runner::set_max_concurrent(std::size_t max) { core_->set_max_concurrent(max); }

void runner::set_max_per_origin(std::size_t max) { core_->set_max_per_origin(max); }

void runner::set_on_store_error(carillon::on_store_error what) { core_->set_on_store_error(what); }

subscription runner::on_event(event_handler listener)
{
    return core_->on_event(std::move(listener));
}

// A listener that is called meanwhile may end the runner, hence the copies of core_.

void runner::set_jobs(job_set jobs)
{
    const auto alive = core_;
    alive->settle_due();
    alive->replace_jobs(std::move(jobs));
}

boost::system::result<void, invalid_jobs> runner::add(job j)
{
    const auto alive = core_;
    alive->settle_due(); // first: a listener may change the jobs
    const auto before = alive->jobs();
    std::vector<job> all = before->jobs();
    std::erase_if(all, [&](const job& other) { return other.name == j.name; });
    all.push_back(std::move(j));
    auto changed = job_set::create(std::move(all), before->secrets());
    if (!changed) return changed.error();
    alive->replace_jobs(std::move(*changed));
    return {};
}

boost::system::result<void, invalid_jobs> runner::remove(std::string_view given)
{
    const auto alive = core_;
    const std::string name(given); // it may be that of a job, which a listener may remove
    alive->settle_due();
    const auto before = alive->jobs();
    if (!before->find(name)) return invalid_jobs{{{name, "name", "there is no such job"}}};
    std::vector<job> all = before->jobs();
    std::erase_if(all, [&](const job& other) { return other.name == name; });
    auto changed = job_set::create(std::move(all), before->secrets());
    if (!changed) return changed.error();
    alive->replace_jobs(std::move(*changed));
    return {};
}

std::shared_ptr<const job_set> runner::jobs() const { return core_->jobs(); }

std::optional<instant> runner::next_due(std::string_view job) const { return core_->next_due(job); }

std::optional<instant> runner::next_wake() const { return core_->next_wake(); }

result<void> runner::pause(std::string_view job)
{
    const auto alive = core_;
    return alive->pause(std::string(job)); // see remove()
}

result<void> runner::resume(std::string_view job)
{
    const auto alive = core_;
    return alive->resume(std::string(job)); // see remove()
}

bool runner::is_paused(std::string_view job) const { return core_->is_paused(job); }

std::size_t runner::running() const { return core_->running(); }

result<void> runner::cancel(run_id run)
{
    const auto alive = core_;
    return alive->cancel(run);
}

/** Nothing after the runner's end, which its core may outlive for what is under way. */
std::shared_ptr<detail::runner_core> runner::owner::lock() const
{
    auto alive = core.lock();
    return alive && !alive->is_abandoned() ? alive : nullptr;
}

void runner::start_run(const owner& of, plain_handler handler)
{
    if (const auto alive = of.lock()) return alive->run(std::move(handler));
    abort_launch(of.executor, std::move(handler));
}

void runner::start_drain(const owner& of, plain_handler handler)
{
    if (const auto alive = of.lock()) return alive->drain(std::move(handler));
    abort_launch(of.executor, std::move(handler));
}

void runner::start_trigger(const owner& of, const std::string& job, trigger_handler handler)
{
    if (const auto alive = of.lock()) return alive->trigger(job, std::move(handler));
    abort_launch(of.executor, std::move(handler));
}

void runner::start_retry(const owner& of, run_id run, trigger_handler handler)
{
    if (const auto alive = of.lock()) return alive->retry(run, std::move(handler));
    abort_launch(of.executor, std::move(handler));
}

} // namespace carillon

#include "store/memory/memory_reader.hpp"
#include "store/memory/memory_state.hpp"
#include <carillon/detail/pending.hpp>
#include <carillon/store/memory_store.hpp>

#include <utility>

namespace asio = boost::asio;

namespace carillon {

memory_store::memory_store(asio::any_io_executor ex, memory_store_options options)
    : executor_(std::move(ex)), state_(std::make_shared<detail::memory_state>(options)),
      owner_(state_->add_owner())
{}

memory_store::memory_store(asio::any_io_executor ex, const memory_store& shared)
    : executor_(std::move(ex)), state_(shared.state_), owner_(state_->add_owner()), is_shared_(true)
{}

memory_store::~memory_store() { disconnect(); }

void memory_store::disconnect()
{
    if (std::exchange(connected_, false)) state_->owner_is_gone(owner_);
}

std::vector<run_record> memory_store::runs(const std::string& chain) const
{
    return state_->history().runs(chain);
}

std::vector<missed_record> memory_store::missed() const { return state_->history().missed(); }

std::unique_ptr<store_reader> memory_store::open_reader() const
{
    return std::make_unique<detail::memory_reader>(state_);
}

void memory_store::load(load_handler handler)
{
    detail::pending<void(error_code, recollection)> answer(executor_, std::move(handler));
    if (!connected_) return std::move(answer).complete(errc::not_running, {});
    std::move(answer).complete({}, state_->load());
}

void memory_store::commit_changes(
    std::shared_ptr<const store_changes> batch, instant now, claim_handler handler)
{
    detail::pending<void(error_code, std::vector<claim>)> answer(executor_, std::move(handler));
    if (!connected_) return std::move(answer).complete(errc::not_running, {});
    std::move(answer).complete({}, state_->commit_changes(*batch, now, owner_));
}

void memory_store::save_progress(run_id run, job_record job, plain_handler handler)
{
    if (connected_) state_->save_progress(run, std::move(job));
    detail::pending<void(error_code)>(executor_, std::move(handler))
        .complete(connected_ ? error_code{} : errc::not_running);
}

void memory_store::finish(std::shared_ptr<const run_record> run, plain_handler handler)
{
    if (connected_) state_->finish(std::move(run));
    detail::pending<void(error_code)>(executor_, std::move(handler))
        .complete(connected_ ? error_code{} : errc::not_running);
}

void memory_store::find(history_query query, find_handler handler)
{
    detail::pending<void(error_code, history_page)> answer(executor_, std::move(handler));
    if (!connected_) return std::move(answer).complete(errc::not_running, {});
    std::move(answer).complete({}, state_->history().find(query));
}

void memory_store::find_run(run_id run, find_run_handler handler)
{
    detail::pending<void(error_code, std::optional<run_record>)> answer(
        executor_, std::move(handler));
    if (!connected_) return std::move(answer).complete(errc::not_running, {});
    std::move(answer).complete({}, state_->find_run(run));
}

} // namespace carillon

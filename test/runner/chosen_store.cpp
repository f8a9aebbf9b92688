#include "runner/chosen_store.hpp"

#include "temporary_folder.hpp"
#include <carillon/detail/pending.hpp>
#include <carillon/error.hpp>
#include <carillon/store/memory_store.hpp>
#include <carillon/store/sqlite_store.hpp>
#include <carillon/store/sqlite_store_reader.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <utility>

namespace asio = boost::asio;

namespace carillon::test {
namespace {

/// More than any test keeps.
constexpr std::size_t all = 1'000'000;

/** Lets a store that has threads of its own take effect within the calls: no virtual time waits for
 * a thread. */
class prompt_store final : public store {
public:
    using open_function = std::function<std::unique_ptr<store>(asio::any_io_executor)>;

    prompt_store(asio::any_io_executor ex, const open_function& open)
        : executor_(std::move(ex)), real_(open(ctx_.get_executor()))
    {}

private:
    template <class... Ts, class Act>
    void ask(handler_of<Ts...> handler, Act act)
    {
        detail::pending<void(error_code, Ts...)> to(executor_, std::move(handler));
        std::optional<std::tuple<error_code, Ts...>> answer;
        act([&](const error_code& ec, Ts... values) { answer.emplace(ec, std::move(values)...); });
        ctx_.restart();
        ctx_.run();
        std::apply(
            [&](auto&&... values) { std::move(to).complete(std::move(values)...); },
            std::move(answer.value()));
    }

    void load(load_handler handler) override
    {
        ask<recollection>(
            std::move(handler), [&](auto answer) { real_->async_load(std::move(answer)); });
    }

    void commit_changes(
        std::shared_ptr<const store_changes> batch, instant now, claim_handler handler) override
    {
        ask<std::vector<claim>>(std::move(handler), [&](auto answer) {
            real_->async_commit(std::move(batch), now, std::move(answer));
        });
    }

    void save_progress(run_id run, job_record job, plain_handler handler) override
    {
        ask<>(std::move(handler), [&](auto answer) {
            real_->async_save_progress(run, std::move(job), std::move(answer));
        });
    }

    void finish(std::shared_ptr<const run_record> run, plain_handler handler) override
    {
        ask<>(std::move(handler), [&](auto answer) {
            real_->async_finish(std::move(run), std::move(answer));
        });
    }

    void find(history_query query, find_handler handler) override
    {
        ask<history_page>(std::move(handler), [&](auto answer) {
            real_->async_find(std::move(query), std::move(answer));
        });
    }

    void find_run(run_id run, find_run_handler handler) override
    {
        ask<std::optional<run_record>>(std::move(handler), [&](auto answer) {
            real_->async_find_run(run, std::move(answer));
        });
    }

    asio::io_context ctx_;
    asio::any_io_executor executor_;
    std::unique_ptr<store> real_;
};

std::string_view chosen_kind()
{
    const char* const given = std::getenv("CARILLON_TEST_STORE"); // NOLINT(concurrency-mt-unsafe)
    return given != nullptr ? given : "memory";
}

} // namespace

connection::connection(asio::any_io_executor ex, std::unique_ptr<store> real, bool is_durable)
    : executor_(std::move(ex)), real_(std::move(real)), is_durable_(is_durable)
{}

microseconds connection::claim_lead(std::size_t claims) const noexcept
{
    return real_ ? real_->claim_lead(claims) : microseconds{0};
}

void connection::load(load_handler handler)
{
    if (real_) return real_->async_load(std::move(handler));
    detail::pending<void(error_code, recollection)>(executor_, std::move(handler))
        .complete(errc::not_running, {});
}

void connection::commit_changes(
    std::shared_ptr<const store_changes> batch, instant now, claim_handler handler)
{
    if (real_) return real_->async_commit(std::move(batch), now, std::move(handler));
    detail::pending<void(error_code, std::vector<claim>)>(executor_, std::move(handler))
        .complete(errc::not_running, {});
}

void connection::save_progress(run_id run, job_record job, plain_handler handler)
{
    if (real_) return real_->async_save_progress(run, std::move(job), std::move(handler));
    detail::pending<void(error_code)>(executor_, std::move(handler)).complete(errc::not_running);
}

void connection::finish(std::shared_ptr<const run_record> run, plain_handler handler)
{
    if (real_) return real_->async_finish(std::move(run), std::move(handler));
    detail::pending<void(error_code)>(executor_, std::move(handler)).complete(errc::not_running);
}

void connection::find(history_query query, find_handler handler)
{
    if (real_) return real_->async_find(std::move(query), std::move(handler));
    detail::pending<void(error_code, history_page)>(executor_, std::move(handler))
        .complete(errc::not_running, {});
}

void connection::find_run(run_id run, find_run_handler handler)
{
    if (real_) return real_->async_find_run(run, std::move(handler));
    detail::pending<void(error_code, std::optional<run_record>)>(executor_, std::move(handler))
        .complete(errc::not_running, {});
}

class chosen_store::kind {
public:
    kind() = default;
    kind(const kind&) = delete;
    kind& operator=(const kind&) = delete;
    virtual ~kind() = default;

    /** What another process has of it. */
    virtual std::unique_ptr<store> connect() = 0;

    virtual std::unique_ptr<store_reader> look() const = 0;
};

class chosen_store::in_memory final : public kind {
public:
    explicit in_memory(const asio::any_io_executor& ex)
        : memory_(ex, {.keep_runs = all, .keep_runs_in_all = all})
    {}

    std::unique_ptr<store> connect() override
    {
        return std::make_unique<memory_store>(memory_.get_executor(), memory_);
    }

    std::unique_ptr<store_reader> look() const override { return memory_.open_reader(); }

private:
    memory_store memory_;
};

class chosen_store::in_sqlite final : public kind {
public:
    explicit in_sqlite(asio::any_io_executor ex) : executor_(std::move(ex)) {}

    std::unique_ptr<store> connect() override
    {
        return std::make_unique<prompt_store>(executor_, [this](const asio::any_io_executor& ex) {
            return std::make_unique<sqlite_store>(
                ex, sqlite_store_options{
                        .path = path_,
                        .is_daemon = false,
                        .limits = {
                            .keep = std::chrono::years{100},
                            .keep_runs = all,
                            .keep_bytes = std::int64_t{1} << 40}});
        });
    }

    std::unique_ptr<store_reader> look() const override
    {
        return std::make_unique<sqlite_store_reader>(path_);
    }

private:
    asio::any_io_executor executor_;
    temporary_folder folder_;
    std::string path_ = folder_ / "carillon.db";
};

chosen_store::chosen_store(asio::io_context& ctx, time_source& time)
    : executor_(ctx.get_executor()), time_(time)
{
    const std::string_view chosen = chosen_kind();
    if (chosen == "sqlite")
        kind_ = std::make_unique<in_sqlite>(executor_);
    else
        kind_ = std::make_unique<in_memory>(executor_);
    is_awkward_ = chosen == "awkward";
    if (chosen != "sqlite" && chosen != "memory" && !is_awkward_)
        throw std::invalid_argument("CARILLON_TEST_STORE is memory, sqlite or awkward");
    transient_ = std::make_unique<connection>(executor_, connect_as_chosen(), false);
}

chosen_store::~chosen_store() = default;

std::unique_ptr<connection> chosen_store::connect()
{
    return std::make_unique<connection>(executor_, connect_as_chosen());
}

std::unique_ptr<connection> chosen_store::connect(const awkwardness& how)
{
    auto real = std::make_unique<awkward_store>(executor_, time_, kind_->connect(), how);
    return std::make_unique<connection>(executor_, std::move(real));
}

std::unique_ptr<store> chosen_store::connect_as_chosen()
{
    if (!is_awkward_) return kind_->connect();
    return std::make_unique<awkward_store>(
        executor_, time_, kind_->connect(), awkwardness{.seed = ++connections_});
}

std::vector<run_record> chosen_store::runs(const std::string& chain) const
{
    std::vector<run_record> out = kind_->look()->latest_runs({chain}, all).at(0);
    std::reverse(out.begin(), out.end());
    return out;
}

std::vector<missed_record> chosen_store::missed() const
{
    const history_page page = kind_->look()->find({.limit = all});
    std::vector<missed_record> out;
    for (auto e = page.entries.rbegin(); e != page.entries.rend(); ++e)
        if (const auto* m = std::get_if<missed_record>(&e->what)) out.push_back(*m);
    return out;
}

} // namespace carillon::test

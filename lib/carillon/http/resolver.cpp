#include <carillon/detail/all_signals_blocked.hpp>
#include <carillon/detail/last_error.hpp>
#include <carillon/detail/pending.hpp>
#include <carillon/detail/text.hpp>
#include <carillon/http/resolver.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <functional>
#include <iterator>
#include <list>
#include <mutex>
#include <netdb.h>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <vector>

namespace asio = boost::asio;

namespace carillon::http {
namespace {

using endpoints = resolver::endpoints;
using answer = resolver::answer;

error_code code_of(int eai)
{
    switch (eai) {
    case EAI_AGAIN:
        return asio::error::host_not_found_try_again;
    case EAI_NODATA:
        return errc::no_address;
    case EAI_NONAME:
        return asio::error::host_not_found;
    case EAI_MEMORY:
        return make_error_code(boost::system::errc::not_enough_memory);
    case EAI_SYSTEM:
        return detail::last_error();
    default:
        return asio::error::host_not_found;
    }
}

/** The addresses that need no name server: those of IP literals, and of `localhost` and what ends
 * in `.localhost` (RFC 6761 section 6.3). */
endpoints known_addresses(std::string_view host, std::uint16_t port)
{
    error_code not_literal;
    const auto address = asio::ip::make_address(std::string(host), not_literal);
    if (!not_literal) return {{address, port}};
    if (host.ends_with('.')) host.remove_suffix(1);
    static constexpr std::string_view name = "localhost";
    const bool is_local =
        host.size() >= name.size() &&
        detail::equals_ignoring_case(host.substr(host.size() - name.size()), name) &&
        (host.size() == name.size() || host[host.size() - name.size() - 1] == '.');
    if (!is_local) return {};
    return {{asio::ip::address_v6::loopback(), port}, {asio::ip::address_v4::loopback(), port}};
}

/** Blocks, for as long as the system's resolver does. */
answer look_up(const std::string& host)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (const int eai = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); eai != 0)
        return {code_of(eai), {}};

    answer out;
    for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
        asio::ip::tcp::endpoint e;
        if (a->ai_addrlen > e.capacity()) continue;
        e.resize(a->ai_addrlen);
        std::copy_n(
            reinterpret_cast<const char*>(a->ai_addr), a->ai_addrlen,
            reinterpret_cast<char*>(e.data()));
        if (std::find(out.found.begin(), out.found.end(), e) == out.found.end())
            out.found.push_back(e);
    }
    ::freeaddrinfo(list);
    if (out.found.empty()) out.ec = errc::no_address;
    return out;
}

} // namespace

/**
 * One look-up under way. Its handler belongs to whoever takes it first: the answer or a
 * cancellation.
 *
 * The wait of its timer owns it, and so the `io_context` does: one that ends early destroys it, and
 * a handler that holds the resolver itself keeps neither alive.
 */
class resolver::lookup : public std::enable_shared_from_this<lookup> {
public:
    using operation = detail::pending<void(error_code, endpoints)>;

    lookup(const asio::any_io_executor& ex, handler_type handler)
        : timer_(ex), operation_(std::in_place, ex, std::move(handler))
    {}

    /** Has `abandon` called with a code when the caller cancels, or at `until`. Called on the
     * caller's executor. */
    void watch(time_point until, std::function<void(error_code)> abandon)
    {
        timer_.expires_at(until);
        timer_.async_wait([self = shared_from_this(), abandon](error_code ec) {
            if (!ec) abandon(errc::timed_out);
        });
        auto slot = operation_->slot();
        if (!slot.is_connected()) return;
        slot.assign([abandon = std::move(abandon)](asio::cancellation_type) {
            abandon(asio::error::operation_aborted);
        });
    }

    /** Called on the caller's executor. */
    void finish(answer a)
    {
        timer_.cancel();
        std::optional<operation> op = std::exchange(operation_, std::nullopt);
        if (op) std::move(*op).complete(a.ec, std::move(a.found));
    }

private:
    asio::steady_timer timer_;
    std::optional<operation> operation_;
};

/**
 * The names that wait for a thread and those that have one.
 *
 * Shared by the resolver and its threads, of which those inside getaddrinfo may outlive it: they
 * then touch the queue alone, which holds neither handler nor executor any more.
 */
class resolver::lookup_queue : public std::enable_shared_from_this<lookup_queue> {
public:
    explicit lookup_queue(asio::any_io_executor ex) : executor_(std::move(ex)) {}

    /** Whom to tell a name's addresses. */
    struct asker {
        std::weak_ptr<lookup> who;
        std::uint16_t port;
    };

    /** What somebody asks for: who asks for the same name meanwhile, shares the answer. */
    struct question {
        /// Empty where it is not about a name.
        std::string host;
        std::function<answer()> find;
        std::list<asker> asked_by;
        bool has_thread = false;
    };

    /** Queues a question. Throws nothing: an initiating function that does ends the process. */
    error_code push(std::string host, std::function<answer()> find, asker by)
    {
        const std::lock_guard lock(mutex_);
        if (const auto same = by_name_.find(host); same != by_name_.end()) {
            same->second->asked_by.push_back(std::move(by));
            return {};
        }
        if (waiting_.size() >= max_waiting) return errc::queue_full;
        if (idle_ <= waiting_.size() && workers_.size() < max_threads) {
            const error_code ec = add_thread();
            if (ec && workers_.empty()) return ec;
        }
        waiting_.push_back({std::move(host), std::move(find), {std::move(by)}});
        const auto mine = std::prev(waiting_.end());
        if (!mine->host.empty()) by_name_.emplace(mine->host, mine);
        changed_.notify_one();
        return {};
    }

    /** Takes a question back: one that nobody else asks and no thread has yet, altogether. */
    void forget(const std::string& host, const std::shared_ptr<lookup>& l)
    {
        const std::lock_guard lock(mutex_);
        const auto same = by_name_.find(host);
        if (same != by_name_.end()) return forget(same->second, l);
        for (auto* list : {&waiting_, &active_})
            for (auto q = list->begin(); q != list->end();)
                q->host.empty() ? forget(q++, l) : static_cast<void>(++q);
    }

    /**
     * Ends all look-ups, and waits for the threads that are not inside getaddrinfo. Called on the
     * caller's executor.
     */
    void close()
    {
        std::list<question> ended;
        std::vector<std::thread> idle;
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
            ended.splice(ended.end(), active_);
            ended.splice(ended.end(), waiting_);
            by_name_.clear();
            executor_ = {};
            changed_.notify_all();
            for (worker& w : workers_) {
                if (w.is_busy)
                    w.thread.detach();
                else
                    idle.push_back(std::move(w.thread));
            }
        }
        // To their very end: what a thread still has to do after its last line is more than it
        // seems.
        for (std::thread& t : idle) t.join();
        for (const question& q : ended) {
            for (const asker& a : q.asked_by)
                if (const auto l = a.who.lock()) l->finish({asio::error::operation_aborted, {}});
        }
    }

private:
    using question_place = std::list<question>::iterator;

    struct worker {
        std::thread thread;
        bool is_busy = false; // inside getaddrinfo
    };

    void forget(question_place q, const std::shared_ptr<lookup>& l)
    {
        std::erase_if(q->asked_by, [&](const asker& a) { return a.who.lock() == l; });
        if (!q->asked_by.empty() || q->has_thread) return;
        by_name_.erase(q->host);
        waiting_.erase(q);
    }

    error_code add_thread()
    {
        const detail::all_signals_blocked quiet;
        worker& w = workers_.emplace_back();
        try {
            w.thread = std::thread([self = shared_from_this(), &w] { self->work(w); });
        } catch (const std::system_error& e) {
            workers_.pop_back();
            return e.code();
        }
        return {};
    }

    void work(worker& me)
    {
        std::unique_lock lock(mutex_);
        while (wait_for_name(lock)) {
            const auto mine = waiting_.begin();
            active_.splice(active_.end(), waiting_, mine);
            mine->has_thread = true;
            const auto find = mine->find; // a copy: close() takes the question away

            me.is_busy = true;
            lock.unlock();
            answer a = find();
            lock.lock();
            me.is_busy = false;
            if (!closed_) deliver(mine, a);
        }
    }

    bool wait_for_name(std::unique_lock<std::mutex>& lock)
    {
        ++idle_;
        changed_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
        --idle_;
        return !closed_;
    }

    void deliver(question_place to, const answer& a)
    {
        for (asker& by : to->asked_by) {
            auto tell = [by = std::move(by), a = answer(a)]() mutable {
                for (auto& e : a.found) e.port(by.port);
                if (const auto l = by.who.lock()) l->finish(std::move(a));
            };
            asio::post(executor_, std::move(tell));
        }
        by_name_.erase(to->host);
        active_.erase(to);
    }

    std::mutex mutex_;
    std::condition_variable changed_; // there is a name, or the end
    asio::any_io_executor executor_;
    std::list<question> waiting_;
    std::list<question> active_; // those that have a thread
    std::unordered_map<std::string, question_place> by_name_;
    std::list<worker> workers_; // until the end
    std::size_t idle_ = 0;      // threads that wait for a name
    bool closed_ = false;
};

resolver::resolver(asio::any_io_executor ex)
    : executor_(ex), queue_(std::make_shared<lookup_queue>(std::move(ex)))
{}

resolver::~resolver() { queue_->close(); }

void resolver::resolve(std::string host, std::uint16_t port, time_point until, handler_type handler)
{
    auto l = std::make_shared<lookup>(executor_, std::move(handler));
    if (auto known = known_addresses(host, port); !known.empty())
        return l->finish({{}, std::move(known)});
    auto find = [host] { return look_up(host); };
    ask(std::move(l), std::move(host), std::move(find), port, until);
}

void resolver::perform(std::function<void()> work, time_point until, handler_type handler)
{
    auto done = [work = std::move(work)] {
        work();
        return answer{};
    };
    ask(std::make_shared<lookup>(executor_, std::move(handler)), {}, std::move(done), 0, until);
}

void resolver::ask(
    std::shared_ptr<lookup> l,
    std::string host,
    std::function<answer()> find,
    std::uint16_t port,
    time_point until)
{
    if (until <= std::chrono::steady_clock::now()) return l->finish({errc::timed_out, {}});
    l->watch(until, [weak = std::weak_ptr(l), queue = queue_, host](error_code ec) {
        auto abandoned = weak.lock();
        if (!abandoned) return;
        queue->forget(host, abandoned);
        abandoned->finish({ec, {}});
    });
    if (const error_code ec = queue_->push(std::move(host), std::move(find), {l, port}))
        l->finish({ec, {}});
}

} // namespace carillon::http

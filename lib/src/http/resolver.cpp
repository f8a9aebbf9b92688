#include "http/resolver.hpp"

#include "base/all_signals_blocked.hpp"
#include <carillon/detail/last_error.hpp>
#include <carillon/detail/pending.hpp>
#include <carillon/detail/text.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
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

namespace carillon::http::detail {
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
        return carillon::detail::last_error();
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
        carillon::detail::equals_ignoring_case(host.substr(host.size() - name.size()), name) &&
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
    using operation = carillon::detail::pending<void(error_code, endpoints)>;

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
    lookup_queue(asio::any_io_executor ex, const resolver_bounds& max)
        : executor_(std::move(ex)), slow_after_(max.slow_after),
          max_threads_(max.reserve + max.untried + max.slow + max.work)
    {
        lane_of(kind::proven).max = max.reserve + max.untried + max.slow;
        lane_of(kind::untried).max = max.untried;
        lane_of(kind::slow).max = max.slow;
        lane_of(kind::work).max = max.work;
    }

    /** Whom to tell a name's addresses. */
    struct asker {
        std::weak_ptr<lookup> who;
        std::uint16_t port;
    };

    /** Queues a question. Throws nothing: an initiating function that does ends the process. */
    error_code push(std::string host, std::function<answer()> find, asker by)
    {
        const std::lock_guard lock(mutex_);
        join_retired();
        if (const auto same = by_name_.find(host); same != by_name_.end()) {
            same->second->asked_by.push_back(std::move(by));
            return {};
        }
        if (waiting() >= max_waiting) return errc::queue_full;
        const kind k = kind_of(host);
        std::list<question>& line = lane_of(k).waiting;
        line.push_back(
            {.of = k, .host = std::move(host), .find = std::move(find), .asked_by = {by}});
        const auto mine = std::prev(line.end());
        if (!mine->host.empty()) by_name_.emplace(mine->host, mine);
        const error_code ec = see_to_threads();
        if (!ec || !workers_.empty()) return {};
        by_name_.erase(mine->host);
        line.erase(mine);
        return ec;
    }

    /** Takes a question back: one that nobody else asks and no thread has yet, altogether. */
    void forget(const std::string& host, const std::shared_ptr<lookup>& l)
    {
        const std::lock_guard lock(mutex_);
        const auto same = by_name_.find(host);
        if (same != by_name_.end()) return forget(same->second, l);
        for (auto* list : {&lane_of(kind::work).waiting, &active_})
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
            for (lane& l : lanes_) ended.splice(ended.end(), l.waiting);
            by_name_.clear();
            executor_ = {};
            changed_.notify_all();
            idle.swap(retired_);
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
    /** What is known of how long a question takes; also the order in which they get threads. */
    enum class kind { proven, untried, slow, work };

    /** What somebody asks for: who asks for the same name meanwhile, shares the answer. */
    struct question {
        kind of = kind::untried;
        /// Empty where it is not about a name.
        std::string host;
        std::function<answer()> find;
        std::list<asker> asked_by;
        /// Since when it has a thread.
        std::optional<time_point> begun{};
    };
    using question_place = std::list<question>::iterator;

    /** The questions of one kind. */
    struct lane {
        std::list<question> waiting;
        std::size_t busy = 0; // threads that they have
        std::size_t max = 0;

        std::size_t startable() const
        {
            return busy < max ? std::min(waiting.size(), max - busy) : 0;
        }
    };

    struct worker {
        std::thread thread;
        bool is_busy = false; // inside getaddrinfo
    };
    using worker_place = std::list<worker>::iterator;

    /// Threads that wait for a name; more end.
    static constexpr std::size_t max_idle = 16;

    /// Of so many names it is known how their look-ups went; then it is learnt anew.
    static constexpr std::size_t max_known = 10'000;

    lane& lane_of(kind k) { return lanes_[static_cast<std::size_t>(k)]; }

    kind kind_of(const std::string& host) const
    {
        if (host.empty()) return kind::work;
        const auto known = was_slow_.find(host);
        if (known == was_slow_.end()) return kind::untried;
        return known->second ? kind::slow : kind::proven;
    }

    std::size_t waiting() const
    {
        std::size_t found = 0;
        for (const lane& l : lanes_) found += l.waiting.size();
        return found;
    }

    /** How many questions might have a thread now. */
    std::size_t startable() const
    {
        std::size_t found = 0;
        for (const lane& l : lanes_) found += l.startable();
        return found;
    }

    void forget(question_place q, const std::shared_ptr<lookup>& l)
    {
        std::erase_if(q->asked_by, [&](const asker& a) { return a.who.lock() == l; });
        if (is_slow(*q)) remember(q->host, true);
        if (!q->asked_by.empty() || q->begun) return;
        by_name_.erase(q->host);
        lane_of(q->of).waiting.erase(q);
    }

    bool is_slow(const question& q) const
    {
        return q.begun && std::chrono::steady_clock::now() - *q.begun > slow_after_;
    }

    void remember(const std::string& host, bool was_slow)
    {
        if (host.empty()) return;
        if (was_slow_.size() >= max_known) was_slow_.clear();
        was_slow_[host] = was_slow;
    }

    /** Has threads take what they may. Fails where another is needed and cannot be had. */
    error_code see_to_threads()
    {
        const std::size_t wanted = startable();
        if (wanted == 0) return {};
        changed_.notify_one();
        return idle_ < wanted && workers_.size() < max_threads_ ? add_thread() : error_code{};
    }

    error_code add_thread()
    {
        const carillon::detail::all_signals_blocked quiet;
        workers_.emplace_back();
        const worker_place mine = std::prev(workers_.end());
        try {
            mine->thread = std::thread([self = shared_from_this(), mine] { self->work(mine); });
        } catch (const std::system_error& e) {
            workers_.pop_back();
            return e.code();
        }
        return {};
    }

    void work(worker_place me)
    {
        std::unique_lock lock(mutex_);
        while (wait_for_question(lock)) {
            const question_place mine = take();
            const auto find = mine->find; // a copy: close() takes the question away
            // Others of its kind or of another may be startable, too. Where no thread is to be had
            // for them, they wait for one that is busy.
            static_cast<void>(see_to_threads());

            me->is_busy = true;
            lock.unlock();
            answer a = find();
            lock.lock();
            me->is_busy = false;
            if (!closed_) deliver(mine, a);
        }
        if (closed_) return;
        retired_.push_back(std::move(me->thread));
        workers_.erase(me);
    }

    /** False where the thread is to end. */
    bool wait_for_question(std::unique_lock<std::mutex>& lock)
    {
        if (!closed_ && startable() == 0 && idle_ >= max_idle) return false;
        ++idle_;
        changed_.wait(lock, [&] { return closed_ || startable() > 0; });
        --idle_;
        return !closed_;
    }

    /** Gives the first startable question a thread. */
    question_place take()
    {
        const auto from = std::find_if(
            lanes_.begin(), lanes_.end(), [](const lane& l) { return l.startable() > 0; });
        const auto mine = from->waiting.begin();
        active_.splice(active_.end(), from->waiting, mine);
        ++from->busy;
        mine->begun = std::chrono::steady_clock::now();
        return mine;
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
        --lane_of(to->of).busy;
        // What was slow and found all the same may have lost a packet: it begins anew.
        if (!is_slow(*to))
            remember(to->host, false);
        else if (a.ec)
            remember(to->host, true);
        else
            was_slow_.erase(to->host);
        by_name_.erase(to->host);
        active_.erase(to);
    }

    /** They are past their last use of the lock. */
    void join_retired()
    {
        for (std::thread& t : retired_) t.join();
        retired_.clear();
    }

    std::mutex mutex_;
    std::condition_variable changed_; // there is a name, or the end
    asio::any_io_executor executor_;
    const std::chrono::steady_clock::duration slow_after_;
    const std::size_t max_threads_;
    std::array<lane, 4> lanes_;  // by their kind
    std::list<question> active_; // those that have a thread
    std::unordered_map<std::string, question_place> by_name_;
    std::unordered_map<std::string, bool> was_slow_; // at its last look-up
    std::list<worker> workers_;                      // until the end
    std::vector<std::thread> retired_;               // have ended, or are about to
    std::size_t idle_ = 0;                           // threads that wait for a name
    bool closed_ = false;
};

resolver::resolver(asio::any_io_executor ex, resolver_bounds max)
    : executor_(ex), queue_(std::make_shared<lookup_queue>(std::move(ex), max))
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

} // namespace carillon::http::detail

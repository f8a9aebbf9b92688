#include "http/lookup_queue.hpp"

#include "base/all_signals_blocked.hpp"
#include <carillon/detail/thread_name.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

namespace asio = boost::asio;

namespace carillon::http::detail {
namespace {

/// So many threads may wait for a question. Others end.
constexpr std::size_t max_idle_threads = 16;

/// For so many names it is remembered whether their look-ups were slow. Then all are forgotten.
constexpr std::size_t max_known_names = 10'000;

} // namespace

lookup_queue::lookup_queue(asio::any_io_executor ex, const resolver_bounds& max)
    : executor_(std::move(ex)), slow_after_(max.slow_after),
      max_threads_(max.reserve + max.untried + max.slow + max.work)
{
    lane_of(kind::proven).max = max.reserve + max.untried + max.slow;
    lane_of(kind::untried).max = max.untried;
    lane_of(kind::slow).max = max.slow;
    lane_of(kind::work).max = max.work;
}

error_code lookup_queue::push(std::string host, std::function<lookup_answer()> find, asker by)
{
    const std::lock_guard lock(mutex_);
    join_retired();
    if (const auto same = by_name_.find(host); same != by_name_.end()) {
        same->second->asked_by.push_back(std::move(by));
        return {};
    }
    if (waiting() >= resolver::max_waiting) return errc::queue_full;
    const kind k = kind_of(host);
    std::list<question>& line = lane_of(k).waiting;
    line.push_back({.of = k, .host = std::move(host), .find = std::move(find), .asked_by = {by}});
    const auto mine = std::prev(line.end());
    if (!mine->host.empty()) by_name_.emplace(mine->host, mine);
    const error_code ec = start_threads();
    if (!ec || !workers_.empty()) return {};
    by_name_.erase(mine->host);
    line.erase(mine);
    return ec;
}

void lookup_queue::withdraw(const std::string& host, const std::shared_ptr<lookup>& l)
{
    const std::lock_guard lock(mutex_);
    const auto same = by_name_.find(host);
    if (same != by_name_.end()) return withdraw(same->second, l);
    for (auto* list : {&lane_of(kind::work).waiting, &active_})
        for (auto q = list->begin(); q != list->end();)
            q->host.empty() ? withdraw(q++, l) : static_cast<void>(++q);
}

void lookup_queue::withdraw(question_position q, const std::shared_ptr<lookup>& l)
{
    std::erase_if(q->asked_by, [&](const asker& a) { return a.who.lock() == l; });
    if (is_slow(*q)) remember(q->host, true);
    if (!q->asked_by.empty() || q->begun) return;
    by_name_.erase(q->host);
    lane_of(q->of).waiting.erase(q);
}

void lookup_queue::close()
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
    // Joined, not detached: a thread still has things to do after the last line of its function.
    for (std::thread& t : idle) t.join();
    for (const question& q : ended) {
        for (const asker& a : q.asked_by)
            if (const auto l = a.who.lock()) l->finish({asio::error::operation_aborted, {}});
    }
}

std::size_t lookup_queue::lane::startable() const
{
    return busy < max ? std::min(waiting.size(), max - busy) : 0;
}

lookup_queue::kind lookup_queue::kind_of(const std::string& host) const
{
    if (host.empty()) return kind::work;
    const auto known = was_slow_.find(host);
    if (known == was_slow_.end()) return kind::untried;
    return known->second ? kind::slow : kind::proven;
}

std::size_t lookup_queue::waiting() const
{
    std::size_t found = 0;
    for (const lane& l : lanes_) found += l.waiting.size();
    return found;
}

/** How many questions might have a thread now. */
std::size_t lookup_queue::startable() const
{
    std::size_t found = 0;
    for (const lane& l : lanes_) found += l.startable();
    return found;
}

bool lookup_queue::is_slow(const question& q) const
{
    return q.begun && std::chrono::steady_clock::now() - *q.begun > slow_after_;
}

void lookup_queue::remember(const std::string& host, bool was_slow)
{
    if (host.empty()) return;
    if (was_slow_.size() >= max_known_names) was_slow_.clear();
    was_slow_[host] = was_slow;
}

/** Wakes or adds a thread if a question is startable. Fails if a thread is needed and cannot be
 * had.
 */
error_code lookup_queue::start_threads()
{
    const std::size_t wanted = startable();
    if (wanted == 0) return {};
    changed_.notify_one();
    return idle_ < wanted && workers_.size() < max_threads_ ? add_thread() : error_code{};
}

error_code lookup_queue::add_thread()
{
    const carillon::detail::all_signals_blocked quiet;
    workers_.emplace_back();
    const worker_position mine = std::prev(workers_.end());
    try {
        mine->thread = std::thread([self = shared_from_this(), mine] { self->work(mine); });
    } catch (const std::system_error& e) {
        workers_.pop_back();
        return e.code();
    }
    return {};
}

/** Joins threads that hold the lock for the last time, or have done so. */
void lookup_queue::join_retired()
{
    for (std::thread& t : retired_) t.join();
    retired_.clear();
}

/** What a thread does. */
void lookup_queue::work(worker_position me)
{
    carillon::detail::name_this_thread("carillon-names");
    std::unique_lock lock(mutex_);
    while (wait_for_question(lock)) {
        const question_position mine = take();
        const auto find = mine->find; // a copy: close() takes the question away
        // Other questions may be startable, too. If no thread can be had for them, they wait for a
        // busy one.
        static_cast<void>(start_threads());

        me->is_busy = true;
        lock.unlock();
        const lookup_answer a = find();
        lock.lock();
        me->is_busy = false;
        if (!closed_) deliver(mine, a);
    }
    if (closed_) return;
    retired_.push_back(std::move(me->thread));
    workers_.erase(me);
}

/** Returns false if the thread is to end. */
bool lookup_queue::wait_for_question(std::unique_lock<std::mutex>& lock)
{
    if (!closed_ && startable() == 0 && idle_ >= max_idle_threads) return false;
    ++idle_;
    changed_.wait(lock, [&] { return closed_ || startable() > 0; });
    --idle_;
    return !closed_;
}

/** Gives the first startable question a thread. */
lookup_queue::question_position lookup_queue::take()
{
    const auto from =
        std::find_if(lanes_.begin(), lanes_.end(), [](const lane& l) { return l.startable() > 0; });
    const auto mine = from->waiting.begin();
    active_.splice(active_.end(), from->waiting, mine);
    ++from->busy;
    mine->begun = std::chrono::steady_clock::now();
    return mine;
}

/** Posts the answer to all who asked, and remembers how long it took. */
void lookup_queue::deliver(question_position to, const lookup_answer& a)
{
    for (asker& by : to->asked_by) {
        auto tell = [by = std::move(by), a = lookup_answer(a)]() mutable {
            for (auto& e : a.found) e.port(by.port);
            if (const auto l = by.who.lock()) l->finish(std::move(a));
        };
        asio::post(executor_, std::move(tell));
    }
    --lane_of(to->of).busy;
    // A slow look-up that found something may have lost a packet: the name counts as untried again.
    if (!is_slow(*to))
        remember(to->host, false);
    else if (a.ec)
        remember(to->host, true);
    else
        was_slow_.erase(to->host);
    by_name_.erase(to->host);
    active_.erase(to);
}

} // namespace carillon::http::detail

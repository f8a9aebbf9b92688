#pragma once

#include "http/host_addresses.hpp"
#include "http/lookup.hpp"
#include "http/resolver.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace carillon::http::detail {

/**
 * The questions that wait for a thread, those that have one, and the threads. A @ref resolver asks
 * them.
 *
 * The resolver and the threads share it. A thread inside getaddrinfo may outlive the resolver. It
 * then uses this queue and nothing else, and a closed queue holds neither handler nor executor.
 */
class lookup_queue : public std::enable_shared_from_this<lookup_queue> {
public:
    /** Who gets a name's addresses, and with which port. */
    struct asker {
        std::weak_ptr<lookup> who;
        std::uint16_t port;
    };

    /** `ex` is the resolver's. */
    lookup_queue(boost::asio::any_io_executor ex, const resolver_bounds& max);

    /**
     * Queues a question, which `find` answers. It shares the answer to an equal `host` that is
     * being asked already; an empty one is equal to none. Throws nothing: an initiating function
     * that did would end the process.
     */
    error_code push(std::string host, std::function<lookup_answer()> find, asker by);

    /** Withdraws a look-up's question. The question ends if nobody else asks it and no thread has
     * it.
     */
    void withdraw(const std::string& host, const std::shared_ptr<lookup>& l);

    /** Ends all look-ups, and waits for the threads that are not inside getaddrinfo. To be called
     * on the resolver's executor. */
    void close();

private:
    using time_point = std::chrono::steady_clock::time_point;

    /** What is known of how long a question takes. Questions get threads in this order, too. */
    enum class kind { proven, untried, slow, work };

    struct question {
        kind of = kind::untried;
        /// Empty if it is not about a name.
        std::string host;
        std::function<lookup_answer()> find;
        std::list<asker> asked_by;
        /// When it got its thread.
        std::optional<time_point> begun{};
    };
    using question_position = std::list<question>::iterator;

    /** The questions of one kind. */
    struct lane {
        std::list<question> waiting;
        std::size_t busy = 0; // threads that they have
        std::size_t max = 0;

        std::size_t startable() const;
    };

    struct worker {
        std::thread thread;
        bool is_busy = false; // inside getaddrinfo
    };
    using worker_position = std::list<worker>::iterator;

    lane& lane_of(kind k) { return lanes_[static_cast<std::size_t>(k)]; }
    kind kind_of(const std::string& host) const;
    std::size_t waiting() const;
    std::size_t startable() const;
    bool is_slow(const question& q) const;
    void remember(const std::string& host, bool was_slow);
    void withdraw(question_position q, const std::shared_ptr<lookup>& l);
    error_code start_threads();
    error_code add_thread();
    void join_retired();
    void work(worker_position me);
    bool wait_for_question(std::unique_lock<std::mutex>& lock);
    question_position take();
    void deliver(question_position to, const lookup_answer& a);

    std::mutex mutex_;
    std::condition_variable changed_; // a question is startable, or the queue is closed
    boost::asio::any_io_executor executor_;
    const std::chrono::steady_clock::duration slow_after_;
    const std::size_t max_threads_;
    std::array<lane, 4> lanes_;  // by kind
    std::list<question> active_; // those that have a thread
    std::unordered_map<std::string, question_position> by_name_;
    std::unordered_map<std::string, bool> was_slow_; // by name, at its last look-up
    std::list<worker> workers_;
    std::vector<std::thread> retired_; // have ended, or are about to
    std::size_t idle_ = 0;             // threads that wait for a question
    bool closed_ = false;
};

} // namespace carillon::http::detail

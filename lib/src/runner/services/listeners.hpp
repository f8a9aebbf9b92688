#pragma once

#include "runner/services/kept_event.hpp"
#include <carillon/runner/event.hpp>
#include <carillon/runner/subscription.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace carillon::detail {

/**
 * Who is told of a runner's events, in the order in which they came.
 *
 * A listener that is called may do anything: add others, which are told from the next event on,
 * remove itself or others, which are called no more, and end all. What it does may raise further
 * events: they wait until the one that is being told has been told to all, so that each listener
 * hears of them in the same order.
 */
class listeners : public std::enable_shared_from_this<listeners> {
public:
    subscription add(event_handler handler);
    void remove(std::uint64_t id);

    /** At the runner's end: nobody is called any more. */
    void forget_all();

    void tell(const event& e);

private:
    struct listener {
        event_handler handler;
        std::uint64_t id;
        bool is_removed = false;
    };

    using list = std::vector<std::shared_ptr<listener>>;

    void tell_all(const event& e) const;

    // Replaced whole, so that a loop over it may go on.
    std::shared_ptr<const list> all_ = std::make_shared<list>();
    std::uint64_t last_id_ = 0;
    bool is_telling_ = false;
    std::deque<std::unique_ptr<const kept_event>> waiting_; // raised while another is being told
};

} // namespace carillon::detail

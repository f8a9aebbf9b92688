#include "runner/services/listeners.hpp"

#include <utility>

namespace carillon {
namespace detail {

subscription listeners::add(event_handler handler)
{
    auto all = std::make_shared<list>(*all_);
    all->push_back(std::make_shared<listener>(std::move(handler), ++last_id_));
    all_ = std::move(all);
    return {weak_from_this(), last_id_};
}

void listeners::remove(std::uint64_t id)
{
    auto all = std::make_shared<list>(*all_);
    std::erase_if(*all, [&](const auto& l) {
        if (l->id != id) return false;
        l->is_removed = true; // for a loop that tells of an event meanwhile
        return true;
    });
    // What a listener holds may call back as it is destroyed: the new list stands by then.
    const auto older = std::exchange(all_, std::move(all));
}

void listeners::forget_all()
{
    const auto older = std::exchange(all_, std::make_shared<list>());
    for (const auto& l : *older) l->is_removed = true; // they may refer to the runner
}

void listeners::tell(const event& e)
{
    if (is_telling_) {
        waiting_.push_back(std::make_unique<kept_event>(e));
        return;
    }
    const auto alive = shared_from_this(); // a listener may end the runner
    struct end_of_telling {                // also where a listener throws
        listeners& all;
        ~end_of_telling()
        {
            all.is_telling_ = false;
            all.waiting_.clear();
        }
    } const end{*this};
    is_telling_ = true;
    tell_all(e);
    for (; !waiting_.empty(); waiting_.pop_front()) tell_all(waiting_.front()->get());
}

void listeners::tell_all(const event& e) const
{
    const auto called = all_;
    for (const auto& l : *called)
        if (!l->is_removed) l->handler(e);
}

} // namespace detail

void subscription::remove()
{
    if (const auto alive = of_.lock()) alive->remove(id_);
}

} // namespace carillon

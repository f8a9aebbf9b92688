#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace carillon::detail {

/**
 * Counts what a runner has under way, and keeps the runner alive meanwhile. Each part of the runner
 * counts its own waits for others with it; the core looks at it before it ends.
 */
class work_count {
public:
    /** `on_idle` is called when a handler that was counted has done its work. */
    void serve(std::weak_ptr<void> owner, std::function<void()> on_idle)
    {
        owner_ = std::move(owner);
        on_idle_ = std::move(on_idle);
    }

    /** What holds it keeps the runner alive. */
    std::shared_ptr<void> owner() const { return owner_.lock(); }

    bool is_idle() const noexcept { return count_ == 0; }

    /** A handler that is under way from now until it has been called, or is destroyed uncalled. */
    template <class F>
    auto track(F f)
    {
        return [w = work(*this), f = std::move(f)](auto&&... args) mutable {
            f(std::forward<decltype(args)>(args)...);
            std::move(w).end();
        };
    }

    /** A handler that is called only where the runner is still there, and keeps it so meanwhile. It
     * counts as nothing. */
    template <class F>
    auto while_alive(F f) const
    {
        return [owner = owner_, f = std::move(f)](auto&&... args) mutable {
            if (const auto alive = owner.lock()) f(std::forward<decltype(args)>(args)...);
        };
    }

private:
    class work {
    public:
        explicit work(work_count& of) : owner_(of.owner()), of_(&of) { ++of.count_; }
        work(work&& other) noexcept
            : owner_(std::move(other.owner_)), of_(std::exchange(other.of_, nullptr))
        {}
        work& operator=(work&&) = delete;
        ~work() { release(); }

        void end() &&
        {
            work_count& of = *of_;
            release();
            of.on_idle_();
        }

    private:
        void release() noexcept
        {
            if (auto* of = std::exchange(of_, nullptr)) --of->count_;
        }

        std::shared_ptr<void> owner_;
        work_count* of_;
    };

    std::weak_ptr<void> owner_;
    std::function<void()> on_idle_;
    std::size_t count_ = 0;
};

} // namespace carillon::detail

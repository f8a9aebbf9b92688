#include <carillon/detail/pending.hpp>
#include <carillon/time/virtual_time.hpp>

#include <boost/asio/error.hpp>

#include <cstdint>
#include <cstring>
#include <map>
#include <utility>

namespace asio = boost::asio;

namespace carillon {

/** The clocks and the waits. Cancellation handlers share it, since they may outlive the source. */
class virtual_time::waits : public std::enable_shared_from_this<waits> {
public:
    waits(instant now, microseconds since_boot) : wall_(now), boot_(since_boot) {}

    instant wall() const noexcept { return wall_; }
    microseconds boot() const noexcept { return boot_; }

    void
    add(const asio::any_io_executor& ex,
        microseconds boot,
        bool is_first,
        bool on_wall_clock,
        handler_type handler)
    {
        const key at{boot, !is_first, ++last_};
        entry& e = entries_.try_emplace(at, on_wall_clock, operation(ex, std::move(handler)))
                       .first->second;
        auto slot = e.op.slot();
        if (!slot.is_connected()) return;
        slot.assign([weak = weak_from_this(), at](asio::cancellation_type) {
            if (auto self = weak.lock()) self->finish(at, asio::error::operation_aborted);
        });
    }

    std::optional<instant> next() const
    {
        if (entries_.empty()) return std::nullopt;
        return wall_ + (entries_.begin()->first.boot - boot_);
    }

    void advance_to(instant t)
    {
        while (!entries_.empty() && *next() <= t) advance_to_next();
        move_to(t);
    }

    /** Moves the clocks to the next wait, which must exist, and completes all waits of that time.
     */
    void advance_to_next()
    {
        const key first = entries_.begin()->first;
        move_to(wall_ + std::max(first.boot - boot_, microseconds{0}));
        while (!entries_.empty()) {
            const key at = entries_.begin()->first;
            if (at.boot != first.boot || at.is_later != first.is_later) break;
            finish(at, {});
        }
    }

    void step(microseconds by)
    {
        wall_ += by;
        for (auto it = entries_.begin(); it != entries_.end();) {
            const key at = it->first;
            const bool affected = it->second.on_wall_clock;
            ++it;
            if (affected) finish(at, errc::clock_changed);
        }
    }

    void reboot()
    {
        ++boots_;
        boot_ = microseconds{0};
        while (!entries_.empty()) finish(entries_.begin()->first, asio::error::operation_aborted);
    }

    std::uint64_t boots() const noexcept { return boots_; }

private:
    using operation = detail::pending<void(error_code)>;

    struct key {
        microseconds boot;    // when
        bool is_later;        // than what is first of that instant
        std::uint64_t number; // in the order of arrival

        friend auto operator<=>(const key&, const key&) = default;
    };

    struct entry {
        entry(bool wall, operation o) : on_wall_clock(wall), op(std::move(o)) {}
        bool on_wall_clock;
        operation op;
    };

    void move_to(instant t)
    {
        if (t <= wall_) return;
        boot_ += t - wall_;
        wall_ = t;
    }

    void finish(key at, error_code ec)
    {
        auto node = entries_.extract(at);
        if (!node.empty()) std::move(node.mapped().op).complete(ec);
    }

    instant wall_;
    microseconds boot_;
    std::uint64_t boots_ = 1;
    std::uint64_t last_ = 0;
    std::map<key, entry> entries_;
};

virtual_time::virtual_time(asio::any_io_executor ex, instant now, microseconds since_boot)
    : executor_(std::move(ex)), waits_(std::make_shared<waits>(now, since_boot))
{}

virtual_time::virtual_time(asio::any_io_executor ex, std::shared_ptr<waits> shared, bool is_first)
    : executor_(std::move(ex)), waits_(std::move(shared)), is_first_(is_first)
{}

virtual_time::~virtual_time() = default;

std::unique_ptr<time_source> virtual_time::beforehand() const
{
    return std::unique_ptr<time_source>(new virtual_time(executor_, waits_, true));
}

instant virtual_time::now() const noexcept { return waits_->wall(); }

microseconds virtual_time::since_boot() const noexcept { return waits_->boot(); }

boost::uuids::uuid virtual_time::boot_id() const noexcept
{
    boost::uuids::uuid id{};
    const std::uint64_t number = waits_->boots();
    std::memcpy(id.data, &number, sizeof number);
    return id;
}

std::optional<instant> virtual_time::next_wait() const { return waits_->next(); }

void virtual_time::advance_to(instant t) { waits_->advance_to(t); }

void virtual_time::step(microseconds by) { waits_->step(by); }

void virtual_time::reboot() { waits_->reboot(); }

void virtual_time::run_until(asio::io_context& ctx, instant end)
{
    for (;;) {
        ctx.restart();
        ctx.poll();
        const std::optional<instant> next = waits_->next();
        if (!next || *next > end) break;
        waits_->advance_to_next();
    }
    waits_->advance_to(end);
}

void virtual_time::wait_until(instant t, handler_type handler)
{
    waits_->add(executor_, since_boot() + (t - now()), is_first_, true, std::move(handler));
}

void virtual_time::wait_for(microseconds span, handler_type handler)
{
    waits_->add(executor_, since_boot() + span, is_first_, false, std::move(handler));
}

} // namespace carillon

#pragma once

#include "base/text_cursor.hpp"
#include <carillon/detail/text.hpp>
#include <carillon/error.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

// The grammar of one field of a cron expression.

namespace carillon::detail {

/** What a field of a cron expression is called, and which values it has. */
struct cron_field_kind {
    std::string_view name;
    unsigned first;
    unsigned last;
    /// How many values there are. No step is longer, and a range wraps around after as many.
    unsigned size;
    /// The last value that `H` draws. Days that some months lack are left out.
    unsigned last_hashed;
    std::span<const std::string_view> names{};
    /// For errors: what may stand in the field.
    std::string_view allowed;
    /// `*` may be written as `?`.
    bool has_question = false;
    /// `H` may stand in it.
    bool has_hash = true;
    /// A range may run from a larger value to a smaller one.
    bool wraps_around = true;
};

extern const cron_field_kind second_field;
extern const cron_field_kind minute_field;
extern const cron_field_kind hour_field;
extern const cron_field_kind day_field;
extern const cron_field_kind month_field;
extern const cron_field_kind weekday_field;
extern const cron_field_kind year_field;

/** Where a field stands in its expression. */
struct cron_field_place {
    std::size_t begin = 0;
    std::size_t end = 0;
};

/** `a`, or `a-b`. */
struct cron_range {
    unsigned first = 0;
    unsigned last = 0;
    bool is_single = true;
};

/** Reads one field. The first mistake is in @ref error; whatever it reads after that has no
 * meaning.
 */
class cron_field_reader {
public:
    /** Is called with each value of the field. */
    using value_handler = std::function<void(unsigned)>;

    /** `text` is the whole expression; `job_name` fixes the values of `H`. */
    cron_field_reader(
        std::string_view text,
        cron_field_place place,
        const cron_field_kind& kind,
        std::string_view job_name)
        : in_(text.substr(0, place.end), place.begin), kind_(kind), job_name_(job_name)
    {}

    const std::optional<parse_error>& error() const { return error_; }
    bool has_failed() const { return error_.has_value(); }
    text_cursor& in() { return in_; }

    /** Reads the list. `special` takes an item that only this field has, and returns whether there
     * was one. All other values go to `add`. */
    void
    read(const value_handler& add, const std::function<bool()>& special = [] { return false; });

    /** `a` or `a-b`. */
    cron_range value_or_range();

    /** A number from `least` to `most`, which began at `begin`. */
    unsigned number(std::size_t begin, unsigned least, unsigned most);

    /** Calls `add` with each value from `first` to `last`. If `first` is the larger, they run
     * beyond the field's end and begin again. */
    void each(unsigned first, unsigned last, unsigned step, const value_handler& add) const;

    template <class... Args>
    void fail(std::size_t at, fmt::format_string<Args...> text, Args&&... args)
    {
        if (!error_) error_.emplace(at, fmt::format(text, std::forward<Args>(args)...));
    }

private:
    unsigned value();
    void read_item(const value_handler& add);
    unsigned read_step(unsigned longest);
    void read_hashed(const value_handler& add);
    void fail_here();

    text_cursor in_;
    const cron_field_kind& kind_;
    std::string_view job_name_;
    std::optional<parse_error> error_;
};

} // namespace carillon::detail

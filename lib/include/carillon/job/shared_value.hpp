#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <utility>

namespace carillon {

/**
 * An immutable value that its copies share.
 *
 * Thousands of jobs with the same policy hold it once, each by one pointer. Reads like a pointer to
 * const; assigning a `T` replaces the value of this object alone. Copies may be read from several
 * threads.
 */
template <class T>
class shared_value {
public:
    /** Holds `T{}`. */
    shared_value() : node_(initial()) {}

    /** Holds a value. */
    shared_value(T value) : node_(new node(std::move(value))) {}

    /** The value. */
    const T& operator*() const noexcept { return node_->value; }

    /** The value's members. */
    const T* operator->() const noexcept { return &node_->value; }

    friend bool operator==(const shared_value& a, const shared_value& b)
    {
        return a.node_ == b.node_ || *a == *b;
    }

private:
    struct node : boost::intrusive_ref_counter<node, boost::thread_safe_counter> {
        node() = default;
        explicit node(T v) : value(std::move(v)) {}

        T value{};
    };

    static const boost::intrusive_ptr<const node>& initial()
    {
        static const boost::intrusive_ptr<const node> value(new node);
        return value;
    }

    boost::intrusive_ptr<const node> node_;
};

} // namespace carillon

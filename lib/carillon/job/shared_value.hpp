#pragma once

#include <memory>
#include <utility>

namespace carillon {

/**
 * An immutable value that its copies share.
 *
 * Thousands of jobs with the same policy hold it once. Reads like a pointer to const; assigning a
 * `T` replaces the value of this object alone. Copies may be read from several threads.
 */
template <class T>
class shared_value {
public:
    shared_value() : value_(initial()) {}
    shared_value(T value) : value_(std::make_shared<const T>(std::move(value))) {}

    const T& operator*() const noexcept { return *value_; }
    const T* operator->() const noexcept { return value_.get(); }

    friend bool operator==(const shared_value& a, const shared_value& b)
    {
        return a.value_ == b.value_ || *a.value_ == *b.value_;
    }

private:
    static const std::shared_ptr<const T>& initial()
    {
        static const auto value = std::make_shared<const T>();
        return value;
    }

    std::shared_ptr<const T> value_;
};

} // namespace carillon

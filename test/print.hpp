#pragma once

#include <carillon/error.hpp>
#include <carillon/time/instant.hpp>

#include <boost/core/demangle.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <concepts>
#include <optional>
#include <ostream>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

/** How a failed BOOST_TEST(a == b) prints what it compared: words, instants, spans, lists of them.
 */
namespace carillon::test {

/** Has two lists compared one by one, so that each difference is printed. */
using boost::test_tools::per_element;

/** Our enums that have a word for each value. */
template <class T>
concept word = std::is_enum_v<T> && requires(T t) {
    { to_string(t) } -> std::convertible_to<std::string_view>;
};

template <class T>
concept list =
    std::ranges::forward_range<const T> && !requires(std::ostream& out, const T& t) { out << t; };

/** Instants that came to no run: the first, the last, how many. */
template <class T>
concept passed = requires(const T& t) {
    t.from;
    t.to;
    t.count;
};

/** A run. */
template <class T>
concept run = requires(const T& t) {
    t.chain;
    t.scheduled_at;
    t.outcome;
};

/** Structs without a printer of their own. */
template <class T>
concept silent = std::is_class_v<T> && !list<T> && !passed<T> && !run<T> &&
                 !requires(std::ostream& out, const T& t) { out << t; };

/** Enums without words. */
template <class T>
concept number =
    std::is_enum_v<T> && !word<T> && !requires(std::ostream& out, const T& t) { out << t; };

/** What Boost.Test is to print of a value, by what the value is. */
template <class T>
void print(std::ostream& out, const T& value)
{
    boost::test_tools::tt_detail::print_log_value<T>()(out, value);
}

} // namespace carillon::test

namespace boost::test_tools::tt_detail {

template <carillon::test::word T>
struct print_log_value<T> {
    void operator()(std::ostream& out, T value) { out << to_string(value); }
};

template <>
struct print_log_value<carillon::instant> {
    void operator()(std::ostream& out, carillon::instant t) { out << carillon::format_utc(t); }
};

template <class Rep, class Period>
struct print_log_value<std::chrono::duration<Rep, Period>> {
    void operator()(std::ostream& out, std::chrono::duration<Rep, Period> d)
    {
        out << std::chrono::duration<double>(d).count() << " s";
    }
};

template <class T>
struct print_log_value<std::optional<T>> {
    void operator()(std::ostream& out, const std::optional<T>& value)
    {
        if (value)
            carillon::test::print(out, *value);
        else
            out << "nothing";
    }
};

template <>
struct print_log_value<std::nullopt_t> {
    void operator()(std::ostream& out, std::nullopt_t) { out << "nothing"; }
};

template <>
struct print_log_value<carillon::errc> {
    void operator()(std::ostream& out, carillon::errc e) { out << make_error_code(e).message(); }
};

template <carillon::test::number T>
struct print_log_value<T> {
    void operator()(std::ostream& out, T value)
    {
        out << static_cast<std::underlying_type_t<T>>(value);
    }
};

template <class Clock, class Duration>
struct print_log_value<std::chrono::time_point<Clock, Duration>> {
    void operator()(std::ostream& out, std::chrono::time_point<Clock, Duration> t)
    {
        carillon::test::print(out, t.time_since_epoch());
    }
};

template <class... Ts>
struct print_log_value<std::variant<Ts...>> {
    void operator()(std::ostream& out, const std::variant<Ts...>& value)
    {
        std::visit([&](const auto& v) { carillon::test::print(out, v); }, value);
    }
};

template <carillon::test::passed T>
struct print_log_value<T> {
    void operator()(std::ostream& out, const T& t)
    {
        out << t.count << " from " << carillon::format_utc(t.from) << " to "
            << carillon::format_utc(t.to);
        if constexpr (requires { t.reason; }) out << ", " << to_string(t.reason);
    }
};

template <carillon::test::run T>
struct print_log_value<T> {
    void operator()(std::ostream& out, const T& t)
    {
        out << t.chain << " of " << carillon::format_utc(t.scheduled_at) << ": ";
        carillon::test::print(out, t.outcome);
    }
};

/** Of a struct at least its name. */
template <carillon::test::silent T>
struct print_log_value<T> {
    void operator()(std::ostream& out, const T&) { out << boost::core::demangle(typeid(T).name()); }
};

template <carillon::test::list T>
struct print_log_value<T> {
    void operator()(std::ostream& out, const T& values)
    {
        const char* before = "{";
        for (const auto& value : values) {
            out << std::exchange(before, ", ");
            carillon::test::print(out, value);
        }
        out << (values.empty() ? "{}" : "}");
    }
};

} // namespace boost::test_tools::tt_detail

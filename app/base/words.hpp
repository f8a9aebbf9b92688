#pragma once

#include <carillon/error.hpp>
#include <carillon/time/schedule.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace carillon::app {

/** `column 3: 25 is no hour, which is 0-23` */
inline std::string at_column(const parse_error& e)
{
    return "column " + std::to_string(e.offset + 1) + ": " + e.what;
}

/** The words that stand for the values of an enumeration. */
template <class T, std::size_t N>
using word_list = std::array<std::pair<std::string_view, T>, N>;

inline constexpr word_list<dst_policy, 4> dst_words{
    {{"run", dst_policy::run},
     {"skip", dst_policy::skip},
     {"both", dst_policy::both},
     {"shift", dst_policy::shift}}};

inline constexpr word_list<catch_up_policy, 3> catch_up_words{
    {{"none", catch_up_policy::none},
     {"once", catch_up_policy::once},
     {"all", catch_up_policy::all}}};

template <class T, std::size_t N>
std::optional<T> find_word(const word_list<T, N>& words, std::string_view word)
{
    for (const auto& [name, value] : words)
        if (name == word) return value;
    return std::nullopt;
}

} // namespace carillon::app

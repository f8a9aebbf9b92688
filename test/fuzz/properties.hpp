#pragma once

#include "time/written_times.hpp"
#include <carillon/error.hpp>
#include <carillon/time/local_pattern.hpp>
#include <carillon/time/schedule.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

/** What must hold for whatever a fuzzer comes upon. Each check says what does not hold and ends
 * the process, upon which libFuzzer keeps the input. */
namespace carillon::fuzz {

/** The input, as text. */
inline std::string_view as_text(const std::uint8_t* data, std::size_t size)
{
    return {reinterpret_cast<const char*>(data), size};
}

/** `text` is what `what` speaks of. */
void check(bool holds, std::string_view what, std::string_view text);

/** No question may take longer than 50 ms: of the thread's own time, since a busy machine is no
 * mistake. */
class stopwatch {
public:
    explicit stopwatch(std::string_view what);
    stopwatch(const stopwatch&) = delete;
    stopwatch& operator=(const stopwatch&) = delete;
    ~stopwatch();

private:
    std::string_view what_;
    std::chrono::nanoseconds begin_;
};

/** An error tells a place within the text, where a character begins, and something about it. */
void check_error(std::string_view text, const parse_error& e);

/** In a zone that the text chooses and under each policy: the answers lie where they may, and
 * those forwards, backwards and counted agree. */
void check_instants(std::string_view text, const local_pattern& pattern);

/** The same for ticks. */
void check_ticks(std::string_view text, const grid& ticks);

/** The pattern means what the tests' oracle reads. */
void check_meaning(
    std::string_view text, const local_pattern& pattern, const test::written_times& expected);

} // namespace carillon::fuzz

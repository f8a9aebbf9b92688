#pragma once

#include <carillon/time/instant.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace carillon {

/** How much a record matters, the least first. */
enum class log_level { debug, info, warning, error };

/** The level's name: `info`. */
std::string_view to_string(log_level l) noexcept;

/**
 * One thing to log, as data: what a Boost.Log record of carillon's carries.
 *
 * Each record has the attributes `Severity` (a @ref log_level), `Message` (a std::string, so that
 * any sink can print it) and `Entry` (a @ref shared_log_entry), from which a sink takes what its
 * format shows. It may keep the entry, and read it on another thread. Secrets are hidden already;
 * texts may hold control characters, which a format must escape.
 *
 * A filter of the core's or a sink's sees `Severity` alone: a record that none of them wants is
 * never made.
 */
struct log_entry {
    log_level level = log_level::info;
    instant time{};
    /// What happened, in one word: `firing_began`, `run_started`, `job_started`, `attempt_failed`,
    /// `job_ended`, `run_ended`, `run_skipped`, `runs_missed`, `clock_changed`, `circuit_opened`,
    /// `circuit_closed`, `polling_began`, `overlap_persists`, `store_failed`, `store_recovered`,
    /// `progress_failed`, `record_failed`, or the program's own.
    std::string_view event;
    /// Empty where the record is not about a job, a chain or a run.
    std::string job{};
    std::string title{};
    std::string chain{};
    std::string run{};
    /// 0 where it is not about an attempt.
    int attempt = 0;
    std::string_view outcome{};
    /// What a reply says of itself: its `/status`.
    std::string status{};
    int http_status = 0;
    std::optional<microseconds> latency{};
    std::optional<microseconds> lateness{};
    std::string message{};
    /// Why a job did not complete, where `message` is the reply's own and does not say so.
    std::string error{};
    /// In which part of an exchange an attempt ended that did not complete.
    std::string_view phase{};
    /// How long that part had taken.
    std::optional<microseconds> phase_time{};
    /// What may help against it.
    std::string_view advice{};
};

/** An entry as records carry it; nobody changes it. */
using shared_log_entry = std::shared_ptr<const log_entry>;

/** Hands an entry to Boost.Log's core, which gives it to the sinks. */
void write_log(log_entry entry);

} // namespace carillon

#pragma once

#include "log/sinks.hpp"
#include <carillon/error.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace carillon::app {

/** A record, and how its sink has it, without a line's end. */
struct log_line {
    const log_entry* entry;
    std::string text;
};

/** Writes a sink's lines. Used by one thread at a time; may block. */
class line_writer {
public:
    line_writer() = default;
    line_writer(const line_writer&) = delete;
    line_writer& operator=(const line_writer&) = delete;
    virtual ~line_writer() = default;

    /** Tries whether lines can be written. It need not be called before a write. */
    virtual error_code open() { return {}; }

    /** Writes lines in their order, as many as it can: `written` of them. After an error the next
     * call tries again. */
    virtual error_code write(const std::vector<log_line>& lines, std::size_t& written) = 0;
};

/** The writer for a sink's type. */
std::unique_ptr<line_writer> make_writer(const sink_options& options);

} // namespace carillon::app

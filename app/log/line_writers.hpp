#pragma once

#include "log/sinks.hpp"
#include <carillon/error.hpp>

#include <memory>
#include <string>

namespace carillon::app {

/** Writes a sink's lines. Used by one thread at a time; may block. */
class line_writer {
public:
    line_writer() = default;
    line_writer(const line_writer&) = delete;
    line_writer& operator=(const line_writer&) = delete;
    virtual ~line_writer() = default;

    /** Tries whether lines can be written. It need not be called before a write. */
    virtual error_code open() { return {}; }

    /** Writes one record, whose line has no end yet. After an error the next call tries again. */
    virtual error_code write(const log_entry& e, std::string line) = 0;
};

/** The writer for a sink's type. */
std::unique_ptr<line_writer> make_writer(const sink_options& options);

} // namespace carillon::app

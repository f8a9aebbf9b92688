#pragma once

/** @file
 * Everything that a program which embeds carillon needs. */

/** @namespace carillon
 * An HTTP job runner on Boost.Asio: schedules, jobs, stores, and the @ref carillon::runner. */

/** @namespace carillon::http
 * How requests are sent: the @ref carillon::http::transport and its implementations. */

#include <carillon/error.hpp>
#include <carillon/http/client.hpp>
#include <carillon/http/scripted_transport.hpp>
#include <carillon/job/expectation.hpp>
#include <carillon/job/job.hpp>
#include <carillon/job/job_set.hpp>
#include <carillon/job/job_state.hpp>
#include <carillon/job/run.hpp>
#include <carillon/runner/event.hpp>
#include <carillon/runner/event_log.hpp>
#include <carillon/runner/runner.hpp>
#include <carillon/secret.hpp>
#include <carillon/store/memory_store.hpp>
#include <carillon/store/sqlite_store.hpp>
#include <carillon/store/sqlite_store_reader.hpp>
#include <carillon/store/store.hpp>
#include <carillon/store/store_reader.hpp>
#include <carillon/time/instant.hpp>
#include <carillon/time/schedule.hpp>
#include <carillon/time/span.hpp>
#include <carillon/time/time_source.hpp>
#include <carillon/time/virtual_time.hpp>
#include <carillon/version.hpp>

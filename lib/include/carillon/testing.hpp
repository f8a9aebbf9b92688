#pragma once

/**
 * For the tests of programs that embed carillon: what stands in for the three seams of a @ref
 * carillon::runner, so that a year of schedules passes within a moment, without network or disk.
 *
 * @ref carillon::virtual_time is a clock that moves only when told to; @ref
 * carillon::http::scripted_transport answers each request as a script says; @ref
 * carillon::memory_store remembers as long as it lives, and two of them that share a memory are a
 * process before and after its restart. All are as good for simulations.
 *
 * @code
 * asio::io_context ctx;
 * carillon::virtual_time time(ctx.get_executor(), carillon::instant{});
 * carillon::http::scripted_transport transport(
 *     ctx.get_executor(), time, [](const carillon::http::request&) {
 *         return carillon::http::reply_with(200, "{}", 3s);
 *     });
 * carillon::memory_store store(ctx.get_executor());
 * carillon::runner runner(ctx.get_executor(), time, transport, store, {.seed = 1});
 * runner.set_jobs(...);
 * runner.async_run(asio::detached);
 * time.run_until(ctx, time.now() + 1h);
 * @endcode
 */

#include <carillon/http/scripted_transport.hpp>
#include <carillon/store/memory_store.hpp>
#include <carillon/time/virtual_time.hpp>

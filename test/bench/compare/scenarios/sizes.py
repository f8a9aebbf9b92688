"""What many jobs take while nothing happens."""

import time

from .. import arrivals, machine
from ..load import Load


def never():
    """Once a year, in half a year."""
    return f"30 4 1 {(time.gmtime().tm_mon + 5) % 12 + 1} *"


def idle_load(jobs):
    return Load(jobs, cron=never(), seconds=900)


def able(bench):
    return [c for c in bench.contenders() if c.does_cron]


def memory(bench):
    yield from bench.each(able(bench), memory_of)


def memory_of(bench, contender):
    sizes = [1000] if bench.quick else [1000, 10_000, 100_000, 1_000_000]
    one = resident(bench, contender, 1)
    yield "resident with 1 job", "MiB", one / 2**20
    for jobs in sizes:
        if jobs <= contender.most_idle_jobs:
            yield f"for each of {jobs:,} jobs", "bytes", (resident(bench, contender, jobs) - one) / (jobs - 1)


def resident(bench, contender, jobs):
    """Bytes, a second after it is ready."""
    with bench.stage() as stage, contender.start(idle_load(jobs), stage.port, stage.folder) as started:
        time.sleep(1)
        return machine.memory_kib(started.pid) * 1024


def start(bench):
    yield from bench.each(able(bench), start_of)


def start_of(bench, contender):
    for jobs in [1] if bench.quick or contender.most_idle_jobs < 100_000 else [1, 100_000]:
        with bench.stage() as stage, contender.start(idle_load(jobs), stage.port, stage.folder) as started:
            yield f"ready with {jobs:,}", "s", started.ready_seconds
    if contender.spreads:
        yield "first request", "s", first_request(bench, contender)


def first_request(bench, contender):
    """From exec until a request is here, where one of 20 jobs is due each 5 ms."""
    with bench.stage() as stage:
        with contender.start(Load(20, every_ms=100, groups=20), stage.port, stage.folder) as started:
            stage.wait_for(1, 10)
        stage.target.close()
        came = [arrived for _, _, arrived in arrivals.parse(stage.target.arrivals)]
    if not came:
        raise machine.Invalid("no request came")
    return came[0] / 1e6 - started.begun


def idle(bench):
    yield from bench.each(able(bench), idle_of)


def idle_of(bench, contender):
    seconds = 2 if bench.quick else 10
    with bench.stage() as stage, contender.start(idle_load(100), stage.port, stage.folder) as started:
        time.sleep(2)
        wake_ups, cpu, begun = machine.wake_ups(started.pid), machine.cpu_seconds(started.pid), time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - begun
        yield "wake-ups", "/s", (machine.wake_ups(started.pid) - wake_ups) / took
        yield "CPU", "µs/s", (machine.cpu_seconds(started.pid) - cpu) / took * 1e6

"""What a second core takes: a run's CPU by thread, and the most jobs a second that another core makes possible."""

import math
import time

from .. import machine
from ..carillon import Carillon
from ..load import Load
from . import throughput

RUNS_A_SECOND, GROUPS = 2000, 20
THREADS = {"main": "event loop", "carillon-store": "store", "carillon-log": "log"}


def of_carillon(bench):
    for durable in (True, False):
        one = Carillon(bench.program, durable)
        if not bench.contenders(one.key):
            continue
        both = Carillon(bench.program, durable, cores=f"{machine.CLIENT_CORE},{machine.TARGET_CORE}")
        both.key += "-two-cores"    # which the search remembers its result by
        yield from bench.each([one], by_thread)
        for contender, cores in (one, "one core"), (both, "two cores"):
            yield from bench.each([contender], most_with, cores)


def by_thread(bench, contender):
    """Microseconds of each run; the kernel's part is the thread's that calls it."""
    seconds = 2 if bench.quick else 10
    load = Load(RUNS_A_SECOND, every_ms=1000, groups=GROUPS, seconds=seconds + 30)
    with bench.stage() as stage, contender.start(load, stage.port, stage.folder) as started:
        begin = math.ceil(time.time() + 2) - 0.02
        machine.sleep_until(begin)
        before = machine.thread_seconds(started.pid)
        machine.sleep_until(begin + seconds)
        took = machine.thread_seconds(started.pid) - before
    for thread, name in THREADS.items():
        if took[thread]:
            yield name, "µs a run", took[thread] / (seconds * RUNS_A_SECOND) * 1e6


def most_with(bench, contender, cores):
    for figure, unit, value in throughput.most(bench, contender, 1, lambda v: v.missed == 0):
        if figure == "most":
            yield f"most with {cores}", unit, value

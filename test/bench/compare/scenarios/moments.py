"""When requests arrive."""

import math
import time

from .. import arrivals, machine
from ..clocked_target import ClockedTarget
from ..load import Load


def herd(bench):
    yield from bench.each(bench.contenders(), herd_of)


def herd_of(bench, contender):
    jobs = 500 if bench.quick else 10_000
    at = int(time.time()) + (3 if bench.quick else 8)
    with bench.stage() as stage:
        with contender.start(Load(jobs, at=at, seconds=120), stage.port, stage.folder) as started:
            if time.time() > at - 0.5:
                raise machine.Invalid("it was not ready half a second before the instant")
            machine.sleep_until(at)
            stage.wait_for(jobs, 60)
            peak = machine.memory_kib(started.pid, "VmHWM")
        verdict = stage.judge(jobs)
    if verdict.missed:
        raise machine.Missed(f"{verdict.missed} of {jobs} did not arrive")
    yield "first arrival", "ms", verdict.late_ms[0]
    yield "middle arrival", "ms", verdict.percentile(0.5)
    yield "last arrival", "ms", verdict.late_ms[-1]
    yield "peak of memory", "MiB", peak / 1024


def lateness(bench):
    yield from bench.each(bench.contenders(), lateness_of)


def lateness_of(bench, contender):
    jobs, seconds = 20, 2 if bench.quick else 20
    with bench.stage() as stage, ClockedTarget() as target:
        with contender.start(Load(jobs, every_ms=1000, seconds=seconds + 30), target.port, stage.folder):
            first = math.ceil(time.time()) + 2
            machine.sleep_until(first + seconds + 0.5)
        verdict = arrivals.judge(target.arrivals(), jobs * seconds, first * 1_000_000, (first + seconds) * 1_000_000)
    if verdict.missed:
        raise machine.Missed(f"{verdict.missed} runs were missed")
    yield "earliest", "ms", verdict.late_ms[0]
    yield "p50", "ms", verdict.percentile(0.5)
    yield "p99", "ms", verdict.percentile(0.99)

"""CPU of a run and of a log record."""

import dataclasses
import math
import time

from .. import machine
from ..carillon import Carillon
from ..load import Load

RUNS_A_SECOND = 100
AT_ONCE = 10        # due together, each 100 ms
RECORDS_A_RUN = 4   # run_started, job_started, job_ended, run_ended


def of_a_run(bench):
    able = [c for c in bench.contenders() if c.spreads]
    for jobs in [10, 1000] if bench.quick else [10, 1000, 100_000, 1_000_000]:
        yield from bench.each([c for c in able if jobs <= c.most_idle_jobs], run_with, jobs)


def run_with(bench, contender, jobs):
    """Each job in its turn: the more jobs there are, the rarer is each."""
    groups = jobs // AT_ONCE
    load = Load(jobs, every_ms=groups * 1000 * AT_ONCE // RUNS_A_SECOND, groups=groups, seconds=900)
    yield f"a run with {jobs:,} jobs", "µs", cpu_of_a_run(bench, contender, load, 2 if bench.quick else 10)


def cpu_of_a_run(bench, contender, load, seconds):
    """Microseconds, from a moment between two instants to another, so that few runs are cut in two."""
    with bench.stage() as stage:
        with contender.start(load, stage.port, stage.folder) as started:
            begin = math.ceil(time.time() + 2) - 0.02
            machine.sleep_until(begin)
            cpu = machine.cpu_seconds(started.pid)
            machine.sleep_until(begin + seconds)
            cpu = machine.cpu_seconds(started.pid) - cpu
            time.sleep(1)
        runs = seconds * load.jobs * 1000 // load.every_ms
        first = round(begin * 1_000_000)
        verdict = stage.judge(runs, first, first + seconds * 1_000_000)
    if verdict.missed:
        raise machine.Missed(f"{verdict.missed} of {runs} runs were missed")
    return cpu / runs * 1e6


def of_a_record(bench):
    """The cost of a run with each format less that without a log, for each of its records."""
    if not bench.contenders("carillon-memory"):
        return
    seconds, jobs = (2, 100) if bench.quick else (10, 1000)
    load = Load(jobs, every_ms=1000, groups=20, seconds=seconds + 30)
    without = math.nan
    for sink in (None, "text", "json", "logfmt", "classic"):
        with bench.noting(f"carillon, log {sink}"):
            contender = Carillon(bench.program, durable=False, sink=sink)
            cost = cpu_of_a_run(bench, contender, dataclasses.replace(load, log=bool(sink)), seconds)
            yield sink or "no log", "CPU of a run", "µs", cost
            if sink:
                yield sink, "CPU of a record", "µs", (cost - without) / RECORDS_A_RUN
            else:
                without = cost

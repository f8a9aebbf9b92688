"""How many jobs a second a contender manages."""

import math
import re
import shutil
import subprocess
import sys
import time

from .. import machine
from ..load import CONNECTIONS, Load

WARM_UP_SECONDS, DRAIN_SECONDS = 2, 1.5
GROUPS = 20                     # 50 ms apart
MOST_LATE_MS = 100              # of 99 in 100
PRECISION = 1.05                # of the rate that is found


def at_once(bench):
    yield from bench.each(bench.contenders(), most, 1, lambda v: v.missed == 0)
    yield from wrk(bench)


def spread(bench):
    def is_good(verdict):
        return verdict.missed == 0 and verdict.percentile(0.99) < MOST_LATE_MS
    able = [c for c in bench.contenders() if c.spreads]
    yield from bench.each(able, most, GROUPS, is_good)


def most(bench, contender, groups, is_good):
    """By a ladder: up until a step fails, then between the last two. A later round begins near what was found."""
    known = ("most", groups, contender.key)
    begin, step = (bench.memory[known] * 0.9, 1.2) if known in bench.memory else (contender.begin_rate, 1.5)
    passed = {}

    def passes(rate):
        for _ in range(1 if bench.quick else 2):    # a neighbour may have taken the core
            verdict = offer_or_none(bench, contender, rate, groups)
            if verdict and is_good(verdict):
                passed[rate] = verdict
                return True
        return False

    rate = climb(passes, int(begin), step, 1.5 if bench.quick else PRECISION)
    bench.memory[known] = rate
    yield "most", "runs/s", rate
    yield "p99 lateness at that", "ms", passed[rate].percentile(0.99)


def climb(passes, rate, step, precision):
    """The highest rate that passes, where one that is `precision` times as high does not."""
    good, bad = 0, math.inf
    while bad > max(good * precision, good + 1):
        if passes(rate):
            good = rate
        else:
            bad = rate
        if good == 0 and rate < 2:
            raise machine.Invalid("it misses runs at one a second")
        if bad == math.inf:
            rate = math.ceil(rate * step)
        elif good == 0:
            rate = int(rate / step)
        else:
            rate = round(math.sqrt(good * bad))
    return good


def offer_or_none(bench, contender, rate, groups):
    """None from a peer that takes an instant for the next one when it is late by a second, so that one comes twice."""
    try:
        return offer(bench, contender, rate, groups)
    except machine.Invalid as e:
        if contender.knows_instants:
            raise
        print(f"{contender.name} at {rate} jobs a second: {e}", file=sys.stderr)
        return None


def offer(bench, contender, rate, groups):
    """The verdict on so many jobs a second."""
    seconds = 2 if bench.quick else 5
    load = Load(rate, every_ms=1000, groups=groups, seconds=seconds + 30)
    with bench.stage() as stage:
        with contender.start(load, stage.port, stage.folder):
            first = math.ceil(time.time()) + WARM_UP_SECONDS
            machine.sleep_until(first + seconds + DRAIN_SECONDS)
        return stage.judge(rate * seconds, first * 1_000_000, (first + seconds) * 1_000_000)


def wrk(bench):
    """What the target and one core of a client can do at all: no schedule, no record."""
    if not shutil.which("wrk"):
        print("wrk is left out; missing: wrk", file=sys.stderr)
        return
    with bench.stage() as stage:
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{2 if bench.quick else 5}s", "-H", "Carillon-Job: wrk",
                   "-H", "Carillon-Scheduled-At: -", f"http://127.0.0.1:{stage.port}/run"]
        command = machine.pinned(machine.CLIENT_CORE, command)
        out = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout
    yield "wrk", "most", "runs/s", float(re.search(r"Requests/sec:\s*([\d.]+)", out)[1])

"""Judges what the target has logged: lateness, what is missing, what came twice or early."""

import calendar
import dataclasses
import math
import time

from .machine import Invalid


def parse(path):
    """(instant, job, arrived) of each request of a job; microseconds since 1970. nginx logs milliseconds."""
    instants = {}
    with open(path, encoding="ascii") as f:
        for line in f:
            arrived, scheduled, job = line.split()
            if scheduled == "-":
                continue
            if scheduled not in instants:
                instants[scheduled] = instant_of(scheduled)
            yield instants[scheduled], job, int(arrived.replace(".", "")) * 1000


def instant_of(text):
    """Microseconds since 1970 of 2026-11-29T14:03:48.000000Z."""
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")) * 1_000_000 + int(text[20:26])


@dataclasses.dataclass
class Verdict:
    expected: int
    arrived: int
    late_ms: list       # sorted

    @property
    def missed(self):
        return self.expected - self.arrived

    def percentile(self, share):
        if not self.late_ms:
            return math.nan
        return self.late_ms[min(len(self.late_ms) - 1, int(len(self.late_ms) * share))]


def judge(arrivals, expected, first=0, last=1 << 62):
    """Of the instants from `first` up to `last`. Invalid if one came twice or early."""
    seen, late = set(), []
    for instant, job, arrived in arrivals:
        if not first <= instant < last:
            continue
        if (instant, job) in seen:
            raise Invalid(f"{job} came twice for one instant")
        seen.add((instant, job))
        late.append((arrived - instant) / 1000)
    late.sort()
    if late and late[0] < -1.5:  # nginx cuts milliseconds, and reads the clock once for several requests
        raise Invalid(f"a request came {-late[0]:.0f} ms early")
    if len(seen) > expected:
        raise Invalid(f"{len(seen)} requests came where {expected} were due")
    return Verdict(expected, len(seen), late)

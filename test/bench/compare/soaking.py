"""The soak's samples, and its account of every run."""

import dataclasses
import os
import sqlite3

from . import arrivals, machine
from .load import job_name

SETTLE_SECONDS = 2          # after an instant, until its run is over and recorded
MOST_PROBLEMS = 10          # that are told one by one


@dataclasses.dataclass
class Sample:
    second: int
    memory_mib: float
    descriptors: int
    threads: int
    store_mib: float        # with SQLite's log,
    log_mib: float          # which has so much of it
    cpu_seconds: float

    @staticmethod
    def take(second, pid, store):
        log = os.path.getsize(store + "-wal") / 2**20
        return Sample(second, machine.memory_kib(pid) / 1024, machine.descriptors(pid), machine.threads(pid),
                      os.path.getsize(store) / 2**20 + log, log, machine.cpu_seconds(pid))

    def line(self):
        return (f"{self.second:6} s  {self.memory_mib:8.1f} MiB  {self.descriptors:5} descriptors  "
                f"{self.threads:3} threads  "
                f"store {self.store_mib:8.1f} MiB, {self.log_mib:.1f} of them SQLite's log  "
                f"CPU {self.cpu_seconds:8.1f} s")


def write_samples(path, samples):
    with open(path, "w", encoding="utf-8") as f:
        f.write("\t".join(field.name for field in dataclasses.fields(Sample)) + "\n")
        for sample in samples:
            f.write("\t".join(f"{value:g}" for value in dataclasses.astuple(sample)) + "\n")


class Ledger:
    """Counts each run that is due from `first` until `last`, in Unix seconds, at the target and in the store.

    The time between is a multiple of the load's period, so that each job is due equally often.
    An instant is forgotten when all its jobs have arrived, so that the account does not grow with the time.
    """

    def __init__(self, load, first, last):
        self.first, self.last = first * 1_000_000, last * 1_000_000
        self.period = load.every_ms * 1000
        self.expected = load.jobs * (self.last - self.first) // self.period
        self.arrived = self.stored = 0
        self.wrong = []
        # The jobs of the group that is due so many microseconds after the multiples of the period.
        self.members = {load.phase_ms(group) * 1000: {job_name(i) for i in range(group, load.jobs, load.groups)}
                        for group in range(load.groups)}
        self.open = {}      # instant: the jobs that have not arrived
        self.complete = set()
        self.read_until = self.first

    def read_target(self, path):
        for instant, job, arrived in arrivals.parse(path):
            if not self.first <= instant < self.last:
                continue
            missing = self.open.get(instant)
            if missing is None and instant not in self.complete:
                missing = self.open[instant] = set(self.members.get(instant % self.period, ()))
            if not missing or job not in missing:
                self.note(f"{job} came once more, or was not due, at {instant}")
                continue
            if arrived < instant - 1500:
                self.note(f"{job} came {(instant - arrived) / 1000:.0f} ms early at {instant}")
            missing.discard(job)
            self.arrived += 1
            if not missing:
                del self.open[instant]
                self.complete.add(instant)

    def read_store(self, path, until):
        """Takes the rows of the instants up to `until`, in Unix seconds, since the last time."""
        begin, end = self.read_until, until * 1_000_000
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            rows = db.execute("SELECT outcome, count(*), count(DISTINCT chain || scheduled_at) FROM history"
                              " WHERE scheduled_at >= ? AND scheduled_at < ? GROUP BY outcome", (begin, end)).fetchall()
        db.close()
        for outcome, count, distinct in rows:
            if outcome == "completed" and count == distinct:
                self.stored += count
            else:
                self.note(f"the store has {count} runs, {distinct} of them different, that are {outcome}")
        self.read_until = end

    def read_warnings(self, path):
        """What the daemon itself has warned of."""
        with open(path, encoding="utf-8") as f:
            for line in f:
                self.note(f"the daemon says: {line.strip()}")

    def note(self, problem):
        self.wrong.append(problem)

    def problems(self):
        yield from self.wrong[:MOST_PROBLEMS]
        if len(self.wrong) > MOST_PROBLEMS:
            yield f"and {len(self.wrong) - MOST_PROBLEMS} more of these"
        if self.arrived != self.expected:
            yield f"{self.expected - self.arrived:,} of {self.expected:,} runs have not arrived at the target"
        if self.stored != self.expected:
            yield f"{self.expected - self.stored:,} of {self.expected:,} runs are not in the store"

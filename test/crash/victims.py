"""Processes that are killed: the daemon, run after run, and `once` beside it."""

import os
import re
import signal
import subprocess
import threading
import time
from typing import NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
PATIENCE = 30  # seconds


def crash_points():
    """The names of all places where a test build dies on demand, by its sources."""
    out = set()
    for folder, _, files in os.walk(os.path.join(ROOT, "lib")):
        for name in files:
            with open(os.path.join(folder, name), encoding="utf-8") as f:
                out.update(re.findall(r'crash_point\("([^"]+)"\)', f.read()))
    return sorted(out)


def has_crash_points(program):
    with open(program, "rb") as f:
        return b"CARILLON_CRASH_AT" in f.read()


def now():
    """Microseconds, as everywhere here."""
    return time.time_ns() // 1000


class Life(NamedTuple):
    """Of one process: when it was surely not yet and surely no more, and what ended it."""
    begin: int
    end: int
    code: int
    killer: str  # "random", "point NAME", "term", "itself"


class Victim:
    def __init__(self, command, output, point=None, after=1, stall=None):
        """`stall` seconds are spent at the point instead of dying there."""
        self.point, self.begin = point, now()
        extra = {"CARILLON_CRASH_AT": point, "CARILLON_CRASH_AFTER": str(after)} if point else {}
        if stall is not None:
            extra["CARILLON_STALL"] = str(int(stall * 1e6))
        with open(output, "ab") as f:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                                            env={**os.environ, **extra})

    def ends_within(self, seconds):
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def finish(self, seconds):
        """Lets it live so long, unless it dies before."""
        died = self.ends_within(seconds)
        if not died:
            self.process.kill()
            self.process.wait(PATIENCE)
        return self.life(self.natural_death() if died else "random")

    def terminate(self, seconds, kill_after=None):
        """As an administrator stops it, who may lose patience."""
        if self.ends_within(seconds):
            return self.life(self.natural_death())
        self.process.send_signal(signal.SIGTERM)
        if kill_after is not None and not self.ends_within(kill_after):
            self.process.kill()
            self.process.wait(PATIENCE)
            return self.life("random")
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return self.life("itself")
        if self.process.returncode == -signal.SIGTERM:
            return self.life("random")  # before it listened to signals
        return self.life(self.natural_death() if self.process.returncode < 0 else "term")

    def natural_death(self):
        at_point = self.point and self.process.returncode == -signal.SIGKILL
        return f"point {self.point}" if at_point else "itself"

    def life(self, killer):
        return Life(self.begin, now(), self.process.returncode, killer)


class Beside(threading.Thread):
    """A `once` that lives beside the daemon, from a while after now, at most for some seconds."""

    def __init__(self, command, output, wait, seconds, point, after):
        super().__init__()
        self.given = command, output, point, after
        self.wait, self.seconds = wait, seconds
        self.ended = None
        self.start()

    def run(self):
        time.sleep(self.wait)
        self.ended = Victim(*self.given).finish(self.seconds)

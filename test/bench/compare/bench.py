"""What the scenarios work with: the contenders, a stage for each measurement, and what went wrong."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

from . import arrivals, machine
from .carillon import Carillon
from .peers import all_peers
from .target import Target


class Bench:
    def __init__(self, program, tools, folder, quick, only=()):
        """`tools` is the folder of carillon's own benches, `only` the keys of the contenders that are wanted."""
        self.program, self.tools, self.folder, self.quick = program, tools, folder, quick
        os.makedirs(folder, exist_ok=True)
        everyone = [Carillon(program), Carillon(program, durable=False), *all_peers(folder)]
        self.all = [c for c in everyone if not only or c.key in only]
        self.turn, self.invalid = 0, 0
        self.memory = {}    # what a scenario wants to know in its next round

    def prepare(self):
        """Builds the contenders; leaves out those that cannot be built, and says why."""
        if not shutil.which("nginx"):
            raise SystemExit("nginx is missing, the target of all")
        for contender in list(self.all):
            lacking = contender.missing()
            if not lacking:
                try:
                    contender.build()
                except subprocess.CalledProcessError as e:
                    lacking = [f"what '{e.cmd[0]}' was to make"]
            if lacking:
                print(f"{contender.name} is left out; missing: {' '.join(lacking)}", file=sys.stderr)
                self.all.remove(contender)

    def contenders(self, *keys):
        """Those wanted, beginning with another one in each round, so that none has the best place."""
        chosen = [c for c in self.all if not keys or c.key in keys]
        shift = self.turn % len(chosen) if chosen else 0
        return chosen[shift:] + chosen[:shift]

    def each(self, contenders, measure, *arguments):
        """(contender, figure, unit, value) of what `measure` yields without the contender."""
        for contender in contenders:
            with self.noting(contender.name):
                for figure, unit, value in measure(self, contender, *arguments):
                    yield contender.name, figure, unit, value

    @contextlib.contextmanager
    def noting(self, name):
        """Says why a measurement has no figures, and continues with the next one. That others miss runs is no fault."""
        try:
            yield
        except machine.Invalid as e:
            self.invalid += 1
            print(f"INVALID: {name}: {e}", file=sys.stderr)
        except machine.Missed as e:
            self.invalid += name.startswith("carillon")
            print(f"LEFT OUT: {name}: {e}", file=sys.stderr)

    @contextlib.contextmanager
    def stage(self):
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="stage-") as folder, Target(folder) as target:
            yield Stage(folder, target)


class Stage:
    """A folder and a target for one measurement."""

    def __init__(self, folder, target):
        self.folder, self.target, self.port = folder, target, target.port

    def wait_for(self, requests, seconds):
        """Until the target has logged so many, or the time is over."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(0.5)
            with open(self.target.arrivals, "rb") as f:
                if sum(1 for _ in f) >= requests:
                    return

    def judge(self, expected, first=0, last=1 << 62):
        """When the contender has ended. Instants in microseconds."""
        self.target.close()
        return arrivals.judge(arrivals.parse(self.target.arrivals), expected, first, last)

"""What all contenders have in common: they are built, start with a load, and say when they are ready."""

import os
import selectors
import subprocess
import time

from . import machine


class Contender:
    """Someone who sends requests when they are due. Subclasses say how they are built and started."""

    key = name = ""
    most_idle_jobs = 1_000_000  # with more its start takes minutes
    begin_rate = 1000           # jobs a second, where the search for its most begins
    does_cron = True            # knows cron expressions
    spreads = True              # knows instants within the second
    knows_instants = True       # tells a job its instant; otherwise the peer guesses it when the job begins

    def missing(self):
        """What has to be installed, or nothing."""
        return []

    def build(self):
        pass

    def command(self, load, port, folder):
        raise NotImplementedError

    def environment(self):
        return {}

    def start(self, load, port, folder):
        """A process on the client's core, when it is ready."""
        return Started(self.command(load, port, folder), self.environment())


class Started:
    """A contender that runs, until it is closed."""

    patience_seconds = 300

    def __init__(self, command, environment, cores=machine.CLIENT_CORE):
        self.begun = time.time()
        self.process = subprocess.Popen(machine.pinned(cores, command), stdout=subprocess.PIPE,
                                        env={**os.environ, **environment})
        self.pid = self.process.pid
        try:
            self.wait_until_ready()
        except BaseException:
            self.close()
            raise
        self.ready_seconds = time.time() - self.begun

    def wait_until_ready(self):
        """A peer prints a line."""
        with selectors.DefaultSelector() as s:
            s.register(self.process.stdout, selectors.EVENT_READ)
            if not s.select(self.patience_seconds):
                raise machine.Invalid("it does not become ready")
        if self.process.stdout.readline() != b"ready\n":
            raise machine.Invalid("it ended at its start")

    def close(self):
        machine.stop(self.process)
        if self.process.stdout:
            self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

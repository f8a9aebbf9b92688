"""carillon as a contender: its configuration for a load, and its start."""

import os
import socket
import time

from . import machine
from .contender import Contender, Started
from .load import job_name

DAY_MS = 86_400_000


class Carillon(Contender):
    begin_rate = 5000

    def __init__(self, program, durable=True, sink="text", cores=machine.CLIENT_CORE):
        self.program, self.durable, self.sink, self.cores = program, durable, sink, cores
        self.key = "carillon" if durable else "carillon-memory"
        self.name = "carillon" if durable else "carillon, `:memory:`"

    def missing(self):
        return [] if os.access(self.program, os.X_OK) else [self.program]

    def start(self, load, port, folder):
        config = os.path.join(folder, "carillon.toml")
        write_configuration(config, load, port, self.store(folder), self.log_sink(load, folder))
        return StartedDaemon([self.program, "run", "-c", config], self.cores)

    def store(self, folder):
        return os.path.join(folder, "carillon.db") if self.durable else ":memory:"

    def log_sink(self, load, folder):
        if not load.log:
            return 'type = "console"\nlevel = "error"\n'
        return f'type = "file"\npath = "{folder}/carillon.log"\nformat = "{self.sink}"\n'


class StartedDaemon(Started):
    """Told of its readiness as systemd is, through a socket that has no file."""

    def __init__(self, command, cores=machine.CLIENT_CORE):
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with self.told:
            address = f"carillon-bench-{os.getpid()}-{time.monotonic_ns()}"
            self.told.bind("\0" + address)
            self.told.settimeout(1)
            super().__init__(command, {"NOTIFY_SOCKET": "@" + address}, cores)

    def wait_until_ready(self):
        until = time.monotonic() + self.patience_seconds
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if b"READY=1" in self.told.recv(4096):
                    return
            except TimeoutError:
                pass
        raise machine.Invalid("it does not become ready")


def write_configuration(path, load, port, store, sink, store_keys=""):
    now_ms = int(time.time() * 1000)
    with open(path, "w", encoding="utf-8") as f:
        f.write(f'[store]\npath = "{store}"\n{store_keys}[defaults]\nbase_url = "http://127.0.0.1:{port}"\n'
                f'[[log.sinks]]\n{sink}')
        for job in range(load.jobs):
            f.write(f'[jobs.{job_name(job)}]\nurl = "/run"\nschedule = {schedule(load, job, now_ms)}\n')


def schedule(load, job, now_ms):
    """The schedule of a job in TOML."""
    if load.cron:
        return f'"{load.cron}"'
    if load.at:
        return time.strftime('{ at = "%Y-%m-%dT%H:%M:%SZ" }', time.gmtime(load.at))
    if load.groups == 1:
        return f'{{ every = "{load.every_ms}ms" }}'
    phase, every = load.phase_ms(job), load.every_ms
    if every <= 60_000 and 60_000 % every == 0:
        return f'{{ calendar = "*:*:{phase // 1000}.{phase % 1000:03}/{every / 1000:g}" }}'
    # An expression has no such period: the next instant, at that time of each day.
    at = (now_ms - phase + every - 1) // every * every + phase
    seconds = at % DAY_MS // 1000
    return f'{{ calendar = "{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{at % 1000:03}" }}'

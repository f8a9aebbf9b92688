"""The other contenders. Each is a program in test/bench/peers that takes the same arguments:

    --port=P            where the target listens, on 127.0.0.1
    --jobs=N            how many jobs
    --every=MS          milliseconds from one instant of a job to its next, and
    --groups=G          how many groups of jobs are spread over that time; or
    --at=T              the one instant of all jobs, in Unix seconds; or
    --cron=E            the cron expression of all jobs
    --seconds=S         when to end
    --connections=C     how many requests at a time
    --log=FILE          a line a run

It prints "ready" when its scheduler runs. Each request says its job and instant in headers, as carillon's do. A job
runs once at a time: where its last run has not ended, an instant is skipped.
"""

import importlib.util
import os
import shutil
import subprocess

from .contender import Contender
from .load import CONNECTIONS

SOURCES = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "peers")
GOPATH = "/usr/share/gocode"


def is_newer(built, *sources):
    return os.path.exists(built) and all(os.path.getmtime(built) >= os.path.getmtime(s) for s in sources)


class Peer(Contender):
    """A peer whose program or script is `program`."""

    def __init__(self, build_folder):
        self.build_folder = build_folder
        self.program = os.path.join(build_folder, self.key)

    def interpreter(self):
        return []

    def command(self, load, port, folder):
        words = {"port": port, "jobs": load.jobs, "every": load.every_ms, "groups": load.groups, "at": load.at,
                 "cron": load.cron, "seconds": load.seconds, "connections": CONNECTIONS,
                 "log": f"{folder}/{self.key}.log" if load.log else "/dev/null", **self.more(folder)}
        return [*self.interpreter(), self.program, *(f"--{name}={value}" for name, value in words.items() if value)]

    def more(self, folder):
        return {}


class Robfig(Peer):
    key, name, begin_rate, knows_instants = "robfig", "robfig/cron", 10_000, False

    def missing(self):
        lacking = [] if shutil.which("go") else ["golang-go"]
        there = os.path.isdir(f"{GOPATH}/src/github.com/robfig/cron")
        return lacking + ([] if there else ["golang-github-robfig-cron-dev"])

    def build(self):
        build_go("robfig.go", self.program, self.build_folder)


def build_go(source, program, build_folder):
    path = os.path.join(SOURCES, source)
    if not is_newer(program, path):
        subprocess.run(["go", "build", "-o", program, path], check=True,
                       env={**os.environ, "GO111MODULE": "off", "GOPATH": GOPATH, "GOFLAGS": "",
                            "GOCACHE": os.path.join(build_folder, "go-cache")})


class Croner(Peer):
    key, name, begin_rate, knows_instants = "croner", "croner", 4000, False
    spreads = False
    most_idle_jobs = 10_000     # each keeps an array of 10,000 years

    def __init__(self, build_folder):
        super().__init__(build_folder)
        self.program = os.path.join(SOURCES, "croner.mjs")
        self.packages = os.path.join(build_folder, "npm")

    def missing(self):
        return [tool for tool in ("node", "npm") if not shutil.which(tool)]

    def interpreter(self):
        return ["node"]

    def environment(self):
        return {"PEER_PACKAGES": self.packages, "NODE_ENV": "production"}

    def build(self):
        done = os.path.join(self.packages, "node_modules/.package-lock.json")
        wanted = [os.path.join(SOURCES, name) for name in ("package.json", "package-lock.json")]
        if not is_newer(done, *wanted):
            os.makedirs(self.packages, exist_ok=True)
            for path in wanted:
                shutil.copy(path, self.packages)
            subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=self.packages, check=True)
            os.utime(done)


class APScheduler(Peer):
    key, name, begin_rate, knows_instants = "apscheduler", "APScheduler", 500, False
    most_idle_jobs = 100_000

    def __init__(self, build_folder):
        super().__init__(build_folder)
        self.program = os.path.join(SOURCES, "apscheduler_peer.py")

    def missing(self):
        wanted = {"apscheduler": "python3-apscheduler", "urllib3": "python3-urllib3"}
        return [package for module, package in wanted.items() if importlib.util.find_spec(module) is None]

    def interpreter(self):
        return ["/usr/bin/python3"]


class Loop(Peer):
    """A loop by hand, compiled here."""

    does_cron, begin_rate, libraries = False, 30_000, []

    def missing(self):
        lacking = [] if shutil.which("g++") else ["g++"]
        return lacking + ([] if os.path.exists("/usr/include/boost/beast.hpp") else ["libboost1.81-dev"])

    def build(self):
        source = os.path.join(SOURCES, self.key.replace("-", "_") + ".cpp")
        if not is_newer(self.program, source, os.path.join(SOURCES, "send_loop.hpp")):
            subprocess.run(["g++", "-std=c++20", "-O2", "-DNDEBUG", "-pthread", source, "-o", self.program,
                            *self.libraries], check=True)


class RawLoop(Loop):
    key, name = "raw-loop", "loop by hand"


class DurableLoop(Loop):
    key, name, libraries = "durable-loop", "loop by hand, SQLite", ["-lsqlite3"]

    def more(self, folder):
        return {"store": f"{folder}/loop.db"}


def all_peers(build_folder):
    return [kind(build_folder) for kind in (Robfig, Croner, APScheduler, RawLoop, DurableLoop)]

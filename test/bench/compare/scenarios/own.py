"""carillon's own benches, which print what they measure; beside one of them a peer that measures the same."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

from .. import machine
from ..peers import GOPATH, build_go


def store(bench):
    program = tool(bench, "carillon_bench_store")
    if not program:
        return
    occurrences, rows = (1000, 1000) if bench.quick else (20_000, 1_000_000)
    for history in (0, rows):
        with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
            out = run([program, folder, occurrences, history])
        for grouped, single in re.findall(r"(\d+) occurrences/s in groups, +(\d+) one by one", out):
            yield "100 in a commit", f"durable occurrences, {history:,} rows before", "/s", float(grouped)
            yield "one in a commit", f"durable occurrences, {history:,} rows before", "/s", float(single)


def next_instant(bench):
    program = tool(bench, "carillon_bench_schedules")
    if not program:
        return
    how = (1, 20) if bench.quick else (21, 2000)
    yield from questions("carillon", run([program, *how]))
    if bench.contenders("robfig"):
        peer = os.path.join(bench.folder, "robfig_next")
        build_go("robfig_next.go", peer, bench.folder)
        yield from questions("robfig/cron", run([peer, *how]))


def questions(name, out):
    for line in out.splitlines():
        what, zone, nanoseconds, _, expression = line.split(maxsplit=4)
        place = "" if zone == "-" else f", {zone}"
        yield name, f"{what.replace('_', ' ')} `{expression}`{place}", "ns", float(nanoseconds)


def tool(bench, name):
    path = os.path.join(bench.tools, name)
    if shutil.which(path):
        return path
    print(f"{name} is left out; missing: {path}; --tools says where it is", file=sys.stderr)
    return None


def run(command):
    words = machine.pinned(machine.CLIENT_CORE, [str(word) for word in command])
    return subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE).stdout

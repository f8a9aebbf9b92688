#!/usr/bin/python3
"""Usage: .ci/pipeline.py [STEP...]

Runs the steps of .ci/run, or those whose names begin with a STEP and what they need, as they fit on two cores: one step
compiles, one runs tests, one fetches, at a time. Ends at the first failure. The last lines are a table of where the time
went and the count of tests.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JOBS = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL") or str(os.cpu_count())
SLOWEST = 10
COMPILE, TEST, FETCH = "compile", "test", "fetch"


@dataclass
class Step:
    """A command that is to succeed, after those that it needs."""

    name: str
    lane: str
    command: list
    needs: list = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0
    process: subprocess.Popen = None

    @property
    def seconds(self):
        return self.ended - self.began


def steps(work):
    """All steps, in the order in which those of a lane are taken."""
    here = str(ROOT / ".ci")

    def tests(preset, name, *arguments):
        return ["test/run", "--no-build", preset, "--output-junit", f"{work}/{name}.xml", *arguments]

    def build(preset):
        return ["test/run", "--no-test", preset]

    return [
        Step("form", TEST, [f"{here}/form"]),
        Step("build ci", COMPILE, build("ci")),
        Step("image and kernel", FETCH, ["test/fetch", "build/ci"]),
        Step("tests", TEST, tests("ci", "ci", "-LE", "slow|embed"), ["build ci"]),
        Step("build asan", COMPILE, build("asan"), ["build ci"]),
        Step("slow tests", TEST, tests("ci", "slow", "-L", "slow"), ["tests", "image and kernel"]),
        Step("schedules", TEST, ["test/schedules/differential", "build/ci/app/carillon"], ["build ci"]),
        Step("units", TEST, [f"{here}/units"], ["build ci"]),
        Step("build tsan", COMPILE, build("tsan"), ["build asan"]),
        Step("tests asan", TEST, tests("asan", "asan"), ["build asan"]),
        Step("build fuzzers", COMPILE, ["test/fuzz/run", "--build-only"], ["build tsan"]),
        Step("embedding", COMPILE, tests("ci", "embed", "-L", "embed"), ["build fuzzers"]),
        Step("tests tsan", TEST, tests("tsan", "tsan"), ["build tsan"]),
        Step("headers", COMPILE, [f"{here}/headers"], ["embedding"]),
        Step("fuzzers", TEST, ["test/fuzz/run", "20"], ["build fuzzers"]),
        Step("lint", COMPILE, [f"{here}/lint"], ["headers"]),
    ]


def chosen(all_steps, names):
    """Those whose names begin with one of `names`, and what they need."""
    if not names:
        return all_steps
    wanted = {s.name for s in all_steps if any(s.name.startswith(n) for n in names)}
    for s in reversed(all_steps):
        if s.name in wanted:
            wanted.update(s.needs)
    return [s for s in all_steps if s.name in wanted]


class Pipeline:
    """Runs steps side by side, one of each lane."""

    def __init__(self, all_steps, work):
        self.waiting = list(all_steps)
        self.running = []
        self.done = []
        self.work = work

    def run(self):
        """Whether all went well."""
        try:
            while self.waiting or self.running:
                self.start_what_can()
                time.sleep(0.1)
                for step in [s for s in self.running if s.process.poll() is not None]:
                    self.finish(step)
                    if step.process.returncode != 0:
                        return False
            return True
        finally:
            self.stop()

    def start_what_can(self):
        names = {s.name for s in self.done}
        for step in list(self.waiting):
            is_free = all(s.lane != step.lane for s in self.running)
            if is_free and all(n in names for n in step.needs):
                self.waiting.remove(step)
                self.start(step)

    def start(self, step):
        # Whoever runs tests goes before whoever compiles, so that what is timed there is not held up.
        command = ["nice", "-n", "10", *step.command] if step.lane == COMPILE else step.command
        step.began = time.monotonic()
        with open(self.log(step), "wb") as log:
            step.process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self.running.append(step)

    def finish(self, step):
        self.running.remove(step)
        self.done.append(step)
        step.ended = time.monotonic()
        end = "" if step.process.returncode == 0 else ", FAILED"
        print(f"\n== {step.name}")
        sys.stdout.flush()
        with open(self.log(step), "rb") as log:
            shutil.copyfileobj(log, sys.stdout.buffer)
        print(f"== {step.name}: {step.seconds:.0f} s{end}", flush=True)

    def stop(self):
        for step in self.running:
            os.killpg(step.process.pid, signal.SIGTERM)
        for step in self.running:
            step.process.wait()

    def log(self, step):
        return f"{self.work}/{step.name.replace(' ', '-')}.log"


def compilations(since):
    """What ninja has made since then: (seconds, what)."""
    out = []
    for log in ROOT.glob("build/*/.ninja_log"):
        for line in log.read_text().splitlines()[1:]:
            start, end, _, made, _ = line.split("\t")
            path = log.parent / made
            if made.endswith(".o") and path.exists() and path.stat().st_mtime >= since:
                made = re.sub(r"CMakeFiles/(\w+)\.dir/", "", made)
                out.append(((int(end) - int(start)) / 1000, f"{log.parent.name}: {made}"))
    return out


def test_results(work):
    """(seconds, name, status) of each test; status is run, fail, notrun or disabled (CTest's words)."""
    out = []
    for file in sorted(Path(work).glob("*.xml")):
        for case in ElementTree.parse(file).getroot().iter("testcase"):
            out.append((float(case.get("time")), f"{file.stem}: {case.get('name')}", case.get("status")))
    return out


def print_table(title, rows):
    print(f"\n{title}")
    for seconds, what in rows:
        print(f"{seconds:8.0f} s  {what}")


def print_report(pipeline, started, began, work):
    rows = [(s.seconds, f"{s.name}, from {s.began - began:.0f} s on") for s in pipeline.done]
    print_table("Where the time went (steps run side by side):", rows)
    print_table("The slowest compilations:", sorted(compilations(started), reverse=True)[:SLOWEST])
    results = test_results(work)
    print_table("The slowest tests:", sorted([(t, name) for t, name, _ in results], reverse=True)[:SLOWEST])
    count = {status: sum(s == status for _, _, s in results) for status in ("run", "fail", "notrun", "disabled")}
    skipped = [name for _, name, status in results if status in ("notrun", "disabled")]
    if skipped:
        print(f"\nSkipped: {', '.join(skipped)}")
    print(f"\n{count['run']} passed, {count['fail']} failed, {len(skipped)} skipped", flush=True)


def main():
    began, started = time.monotonic(), time.time()
    with tempfile.TemporaryDirectory() as work:
        pipeline = Pipeline(chosen(steps(work), sys.argv[1:]), work)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        good = pipeline.run()
        print_report(pipeline, started, began, work)
        if not good:
            print(f".ci/run: FAILED at: {pipeline.done[-1].name}")
        print(f"{'Every step passed' if good else 'Stopped'} after {time.monotonic() - began:.0f} s.")
        return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

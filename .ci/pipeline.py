#!/usr/bin/python3
"""Usage: .ci/pipeline.py [STEP...]

Runs the steps of .ci/run, or those that are named and what they need, as they fit on two cores: one step
compiles, one runs tests, one fetches, at a time. Ends at the first failure. The last lines are a table of where the time
went and the count of tests.
"""

import contextlib
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
PATIENCE = 30  # seconds for a step that is told to end
PACKAGES = int(os.environ.get("CARILLON_PACKAGES_SECONDS", 0))  # what .ci/run took to install them
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
    """All steps. Of those that may begin, a lane takes the first."""
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
        Step("build asan", COMPILE, build("asan")),
        Step("slow tests", TEST, tests("ci", "slow", "-L", "slow"), ["build ci", "image and kernel"]),
        Step("schedules", TEST, ["test/schedules/differential", "build/ci/app/carillon"], ["build ci"]),
        Step("units", TEST, [f"{here}/units"], ["build ci"]),
        Step("build tsan", COMPILE, build("tsan")),
        Step("tests asan", TEST, tests("asan", "asan"), ["build asan"]),
        Step("build fuzzers", COMPILE, ["test/fuzz/run", "--build-only"]),
        Step("embedding", COMPILE, tests("ci", "embed", "-L", "embed"), ["build ci"]),
        Step("tests tsan", TEST, tests("tsan", "tsan"), ["build tsan"]),
        Step("headers", COMPILE, [f"{here}/headers"]),
        Step("reference", TEST, [f"{here}/reference"]),
        Step("fuzzers", TEST, ["test/fuzz/run", "20"], ["build fuzzers"]),
        Step("lint", COMPILE, [f"{here}/lint"]),
    ]


def chosen(all_steps, names):
    """Those of these names, and what they need."""
    if not names:
        return all_steps
    known = [s.name for s in all_steps]
    unknown = [n for n in names if n not in known]
    if unknown:
        sys.exit(f".ci/run: no step {', '.join(unknown)}; there are: {', '.join(known)}")
    wanted = set(names)
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
                command, cwd=ROOT, env=dict(os.environ, CMAKE_BUILD_PARALLEL_LEVEL=JOBS), stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True
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
            with contextlib.suppress(ProcessLookupError):  # it may have ended meanwhile
                os.killpg(step.process.pid, signal.SIGTERM)
        for step in self.running:
            try:
                step.process.wait(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(step.process.pid, signal.SIGKILL)

    def log(self, step):
        return f"{self.work}/{step.name.replace(' ', '-')}.log"


def compilations(since):
    """What ninja has made since then: (seconds, what)."""
    out = {}  # by the object: of one that was made twice the last time counts
    for log in [*ROOT.glob("build/*/.ninja_log"), *ROOT.glob("build/ci/test/*/build/.ninja_log")]:
        for line in log.read_text().splitlines()[1:]:
            start, end, _, made, _ = line.split("\t")
            path = log.parent / made
            if made.endswith(".o") and path.exists() and path.stat().st_mtime >= since:
                made = re.sub(r"CMakeFiles/(\w+)\.dir/", "", made)
                out[path] = (int(end) - int(start)) / 1000, f"{log.parent.relative_to(ROOT / 'build')}: {made}"
    return list(out.values())


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
    rows = [(PACKAGES, "packages, before all others")]
    rows += [(s.seconds, f"{s.name}, from {s.began - began:.0f} s on") for s in pipeline.done]
    print_table("Where the time went (steps run side by side):", rows)
    print_table("The slowest compilations:", sorted(compilations(started), reverse=True)[:SLOWEST])
    results = test_results(work)
    print_table("The slowest tests:", sorted([(t, name) for t, name, _ in results], reverse=True)[:SLOWEST])
    count = {status: sum(s == status for _, _, s in results) for status in ("run", "fail", "notrun", "disabled")}
    skipped = [name for _, name, status in results if status in ("notrun", "disabled")]
    if skipped:
        print(f"\nSkipped: {', '.join(skipped)}")
    return f"{count['run']} passed, {count['fail']} failed, {len(skipped)} skipped"


def main():
    began, started = time.monotonic(), time.time()
    with tempfile.TemporaryDirectory() as work:
        pipeline = Pipeline(chosen(steps(work), sys.argv[1:]), work)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda n, _: sys.exit(128 + n))
        good = pipeline.run()
        count = print_report(pipeline, started, began, work)
        print()
        if not good:
            print(f".ci/run: FAILED at: {pipeline.done[-1].name}")
        print(f"{'Every step passed' if good else 'Stopped'} after {PACKAGES + time.monotonic() - began:.0f} s.")
        print(count, flush=True)
        return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

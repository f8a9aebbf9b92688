"""What the first customer's run costs: two requests, one after the other, each with a reply that is judged and logged.

As a daemon, by `carillon once` as from a timer, and by the script that stood there before: bash, curl and jq.
"""

import math
import os
import shutil
import subprocess
import sys
import time

from .. import machine
from ..carillon import StartedDaemon
from ..peers import SOURCES

KEY = "0123456789abcdef"
CONFIGURATION = """[store]
path = "{folder}/carillon.db"
[defaults]
base_url = "http://127.0.0.1:{port}"
headers = {{ X-API-Key = "{key}", Content-Type = "application/json" }}
expect = {{ json = {{ "/status" = "completed" }} }}
[[log.sinks]]
type = "file"
path = "{folder}/carillon.log"
format = "classic"
"""
CHAIN = """[jobs.compute-stickiness-{0}]
url = "/ops/jobs/compute-stickiness"
{1}[jobs.detect-silent-churn-{0}]
url = "/ops/jobs/detect-silent-churn"
after = {{ compute-stickiness-{0} = "finished" }}
"""


def cost(bench):
    if not bench.contenders("carillon"):
        return
    for rate in (1, 100):
        with bench.noting("carillon, as daemon"):
            yield f"daemon, {rate} a second", "CPU of a run", "µs", of_daemon(bench, rate)
    yield from of_processes(bench, "carillon once", once)
    if all(shutil.which(tool) for tool in ("curl", "jq")):
        yield from of_processes(bench, "bash, curl and jq", script)
    else:
        print("the script is left out; missing: curl or jq", file=sys.stderr)


def write(folder, port, chains, schedule):
    path = os.path.join(folder, "carillon.toml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(CONFIGURATION.format(folder=folder, port=port, key=KEY))
        for i in range(chains):
            phase = f"{i % 20 * 50 / 1000:.3f}"
            f.write(CHAIN.format(i, schedule.format(phase)))
    return path


def of_daemon(bench, rate):
    """Microseconds of a run, by the CPU clock of the process."""
    seconds = (2 if bench.quick else 20) if rate > 1 else (3 if bench.quick else 30)
    with bench.stage() as stage:
        config = write(stage.folder, stage.port, rate, 'schedule = {{ calendar = "*:*:{}/1" }}\n')
        with StartedDaemon([bench.program, "run", "-c", config]) as started:
            begin = math.ceil(time.time()) + 2 - 0.02
            machine.sleep_until(begin)
            cpu = machine.cpu_seconds(started.pid)
            machine.sleep_until(begin + seconds)
            cpu = machine.cpu_seconds(started.pid) - cpu
            time.sleep(0.5)
        first = round(begin * 1e6)
        verdict = stage.judge(2 * rate * seconds, first, first + seconds * 1_000_000)
    if verdict.missed:
        raise machine.Missed(f"{verdict.missed} requests are missing")
    return cpu / (rate * seconds) * 1e6


def once(bench, stage):
    return [bench.program, "once", "compute-stickiness-0", "-c", write(stage.folder, stage.port, 1, "")], {}


def script(bench, stage):
    return [os.path.join(SOURCES, "compute_stickiness.sh")], {
        "AOS_API_BASE": f"http://127.0.0.1:{stage.port}", "AOS_API_KEY": KEY, "AOS_LOG": f"{stage.folder}/script.log"}


def of_processes(bench, name, how):
    """CPU and time of a run that is a process of its own, with all that it starts."""
    count = 3 if bench.quick else 30
    with bench.stage() as stage:
        command, environment = how(bench, stage)
        cpu, begun = 0, time.monotonic()
        for _ in range(count):
            process = subprocess.Popen(machine.pinned(machine.CLIENT_CORE, command), env={**os.environ, **environment},
                                       stdout=subprocess.DEVNULL)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise SystemExit(f"{name} ended with {process.returncode}")
            cpu += used.ru_utime + used.ru_stime
        took = time.monotonic() - begun
    yield name, "CPU of a run", "µs", cpu / count * 1e6
    yield name, "time of a run", "ms", took / count * 1e3

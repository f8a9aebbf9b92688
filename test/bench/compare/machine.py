"""Processes of a measurement: where they run, and what the kernel knows of them."""

import collections
import glob
import os
import signal
import socket
import subprocess
import time

CORES = sorted(os.sched_getaffinity(0))
CLIENT_CORE, TARGET_CORE = CORES[0], CORES[min(1, len(CORES) - 1)]


class Invalid(Exception):
    """The measurement says nothing, and why."""


class Missed(Exception):
    """The contender does not keep up, and how many runs it missed."""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def pinned(cores, command):
    """The command on one core, or on some (`0,1`); it is killed when the harness ends, however that ends."""
    return ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", str(cores), *command]


def stay_on(core):
    """Moves the harness itself away from the core that is measured."""
    os.sched_setaffinity(0, {core})


def stop(process, seconds=60):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def cpu_seconds(pid):
    """CPU time of all threads, those that ended included: the process's clock, as clock_getcpuclockid(3) names it."""
    return time.clock_gettime(~pid << 3 | 2)


def thread_seconds(pid):
    """CPU time by the names of the threads that live; the first one's is "main"."""
    out = collections.Counter()
    for task in glob.glob(f"/proc/{pid}/task/*"):
        with open(f"{task}/comm", encoding="utf-8") as comm, open(f"{task}/schedstat", encoding="ascii") as times:
            name = "main" if task.endswith(f"/{pid}") else comm.read().strip()
            out[name] += int(times.read().split()[0]) / 1e9
    return out


def memory_kib(pid, field="VmRSS"):
    return int(_status(f"/proc/{pid}/status")[field].split()[0])


def threads(pid):
    return int(_status(f"/proc/{pid}/status")["Threads"])


def wake_ups(pid):
    """How often its threads have waited for something."""
    return sum(int(_status(path)["voluntary_ctxt_switches"]) for path in glob.glob(f"/proc/{pid}/task/*/status"))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def _status(path):
    with open(path, encoding="utf-8") as f:
        return {name: value.strip() for name, _, value in (line.partition(":") for line in f)}


class Neighbours:
    """How much of the machine others have used since it was made."""

    def __init__(self):
        self.begun, self.busy, self.own = time.monotonic(), _busy_seconds(), _own_seconds()

    def share(self):
        """Of all cores. The processes of the harness must have ended."""
        took = (time.monotonic() - self.begun) * os.cpu_count()
        return max(0.0, (_busy_seconds() - self.busy) - (_own_seconds() - self.own)) / took


def _busy_seconds():
    with open("/proc/stat", encoding="ascii") as f:
        user, nice, system, _, _, irq, softirq, steal = (int(word) for word in f.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def _own_seconds():
    """The harness's, with all that it has started."""
    return sum(os.times()[:4])


def sleep_until(instant):
    time.sleep(max(0, instant - time.time()))


def describe():
    """The machine, in lines for the document."""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")), "unknown")
    with open("/etc/os-release", encoding="utf-8") as f:
        system = next(line.split("=")[1].strip().strip('"') for line in f if line.startswith("PRETTY_NAME"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB; {system}, Linux {os.uname().release.split('-')[0]}"

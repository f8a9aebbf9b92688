"""The program as its users run it: `carillon once` and `run` against FastAPI on uvicorn."""

import fcntl
import json
import os
import pty
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest
import urllib.request

import chosen

PROGRAM, PIN_112 = sys.argv[1], sys.argv[2]
KEY = "c0ffee-key-of-the-test"

API = '''
import asyncio, os
from fastapi import FastAPI, Header, Response
from fastapi.responses import JSONResponse

app, calls, mode = FastAPI(), [], {"now": "good"}

@app.get("/mode/{name}")
def set_mode(name: str):
    mode["now"] = name
    seen = list(calls)
    calls.clear()
    return seen

@app.post("/ops/jobs/{job}")
async def run(job: str, x_api_key: str = Header(default="")):
    calls.append([job, x_api_key])
    now = mode["now"]
    if now == "hang": await asyncio.sleep(3)
    if now == "boom": return {"status": "error", "message": "boom"}
    if now == "html": return Response("<html></html>", media_type="text/html")
    if now == "empty": return Response("")
    if now == "500": return Response("oops", status_code=500)
    if now == "401": return JSONResponse({"detail": "bad key " + x_api_key}, status_code=401)
    return {"status": "completed", "message": job + " done"}
'''


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Program(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.port = free_port()
        with open(cls.folder.name + "/api.py", "w") as f:
            f.write(API)
        cls.api = subprocess.Popen(
            ["/usr/bin/python3", "-m", "uvicorn", "api:app", "--port", str(cls.port), "--log-level", "warning"],
            cwd=cls.folder.name)
        until = time.monotonic() + 60
        while True:
            try:
                cls.mode("good")
                return
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    @classmethod
    def tearDownClass(cls):
        cls.api.terminate()
        cls.api.wait(30)
        cls.folder.cleanup()

    @classmethod
    def mode(cls, name):
        import json
        with urllib.request.urlopen(f"http://127.0.0.1:{cls.port}/mode/{name}", timeout=10) as reply:
            return json.load(reply)

    def setUp(self):
        # What one test leaves in the store is not the next one's.
        os.environ["STATE_DIRECTORY"] = os.path.join(self.folder.name, "state", self.id())

    def configure(self, extra=""):
        """PIN-112's own file with its log below the test's folder, quick retries and a short timeout."""
        with open(PIN_112) as f:
            text = f.read()
        self.log = os.path.join(self.folder.name, "log", self.id() + ".log")
        text = text.replace("/var/log/aos/compute-stickiness.log", self.log)
        text = re.sub(r'timeout *= *"60s"', 'timeout = "1s"', text, count=1)
        text = re.sub(r'backoff *= *"1s"', 'backoff = "1ms"', text, count=1) + extra
        path = os.path.join(self.folder.name, "carillon.toml")
        with open(path, "w") as f:
            f.write(text)
        return path

    def once(self, port=None):
        env = dict(os.environ, AOS_API_BASE=f"http://localhost:{port or self.port}", AOS_API_KEY=KEY, TZ="UTC")
        path = self.configure()
        done = subprocess.run([PROGRAM, "once", "compute-stickiness", "-c", path], env=env, capture_output=True,
                              text=True, timeout=60)
        with open(self.log) as f:
            log = f.read()
        os.remove(self.log)
        self.assertNotIn(KEY, done.stdout + done.stderr + log)
        for line in log.splitlines():
            self.assertRegex(line, r"^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00\] ")
        return done.returncode, [line[28:] for line in log.splitlines()]

    def test_five_classic_lines(self):
        self.mode("good")
        code, lines = self.once()
        self.assertEqual(code, 0)
        self.assertEqual(lines, [
            "Starting compute-stickiness job...",
            "SUCCESS: status=completed, message=compute-stickiness done",
            "Running silent churn detection...",
            "SUCCESS: status=completed, message=detect-silent-churn done",
            "Compute-stickiness job completed."])
        self.assertEqual(self.mode("good"), [["compute-stickiness", KEY], ["detect-silent-churn", KEY]])

    def test_failures_say_what_happened(self):
        expected = {
            "boom": "FAILED: status=error, message=boom",
            "html": "FAILED: status=error, message=reply is not JSON",
            "empty": "FAILED: status=error, message=empty reply",
            "500": "FAILED: status=error, message=HTTP 500 Internal Server Error",
            "401": "FAILED: status=error, message=HTTP 401 Unauthorized",
            "hang": "FAILED: status=error, message=timed out after 1s",
        }
        for mode, line in expected.items():
            with self.subTest(mode):
                self.mode(mode)
                code, lines = self.once()
                self.assertEqual(code, 1)
                self.assertEqual(lines, ["Starting compute-stickiness job...", line,
                                         "Running silent churn detection...", line,
                                         "Compute-stickiness job completed."])

    def test_nobody_listens(self):
        code, lines = self.once(free_port())
        self.assertEqual(code, 1)
        self.assertEqual(lines[1], "FAILED: status=error, message=connection refused")

    def start_daemon(self, hanging, **how):
        path = os.path.join(self.folder.name, "run.toml")
        with open(path, "w") as f:
            f.write(f'[jobs.tick]\nurl = "http://127.0.0.1:{self.port}/ops/jobs/tick"\n'
                    'schedule = { on_start = "0s", every = "1s" }\n')
        self.mode("hang" if hanging else "good")
        daemon = subprocess.Popen([PROGRAM, "run", "-c", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, **how)
        self.addCleanup(daemon.kill)
        lines = []
        for line in daemon.stdout:
            lines.append(line)
            if "sending POST" in line:
                return daemon, lines, path
        self.fail("the daemon ended: " + "".join(lines))

    def test_sigterm_lets_a_slow_request_end(self):
        daemon, lines, _ = self.start_daemon(hanging=True)
        daemon.send_signal(signal.SIGTERM)
        rest, _ = daemon.communicate(timeout=60)
        self.assertEqual(daemon.returncode, 0)
        self.assertIn("tick: completed in", rest)
        self.assertIn("carillon has stopped", rest.splitlines()[-1])

    def test_what_the_parent_has_blocked_is_heard(self):
        def block():
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())

        daemon, _, _ = self.start_daemon(hanging=False, preexec_fn=block)
        daemon.send_signal(signal.SIGTERM)
        rest, _ = daemon.communicate(timeout=60)
        self.assertEqual(daemon.returncode, 0)
        self.assertIn("carillon has stopped", rest.splitlines()[-1])

    def test_a_second_signal_ends_at_once(self):
        daemon, _, _ = self.start_daemon(hanging=True)
        daemon.send_signal(signal.SIGTERM)
        for line in daemon.stdout:
            if "stopping: " in line:
                break
        daemon.send_signal(signal.SIGINT)
        rest, _ = daemon.communicate(timeout=60)
        self.assertEqual(daemon.returncode, 128 + signal.SIGINT)
        self.assertNotIn("tick: completed", rest)

    def test_a_second_signal_ends_at_once_though_nobody_reads_the_log(self):
        path = os.path.join(self.folder.name, "idle.toml")
        with open(path, "w") as f:
            f.write('[jobs.later]\nurl = "http://127.0.0.1:1/"\nschedule = { on_start = "1h" }\n')
        notify = os.path.join(self.folder.name, "notify")
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        with self.assertRaises(BlockingIOError):
            while True:
                os.write(writer, b"x" * 4096)
        os.set_blocking(writer, True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(notify)
            told.settimeout(60)
            daemon = subprocess.Popen([PROGRAM, "run", "-c", path], stdout=writer, stderr=subprocess.DEVNULL,
                                      env=dict(os.environ, NOTIFY_SOCKET=notify))
            self.addCleanup(daemon.kill)
            self.assertIn(b"READY=1", told.recv(4096))
            daemon.send_signal(signal.SIGTERM)
            self.assertIn(b"STOPPING=1", told.recv(4096))
            daemon.send_signal(signal.SIGTERM)
            # Either the daemon's own answer or, once it only waits for its sinks, the system's.
            self.assertIn(daemon.wait(60), (128 + signal.SIGTERM, -signal.SIGTERM))
        os.close(reader)
        os.close(writer)

    def test_the_demo_has_nothing_to_reload(self):
        demo = subprocess.Popen([PROGRAM, "demo"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(demo.kill)
        for line in demo.stdout:
            if "the chain ran" in line:
                break
        demo.send_signal(signal.SIGHUP)
        rest, _ = demo.communicate(timeout=60)
        self.assertNotIn("reloaded", rest)
        self.assertEqual(demo.returncode, 0)

    def test_reload_keeps_what_works(self):
        daemon, _, path = self.start_daemon(hanging=False)
        with open(path, "a") as f:
            f.write('[jobs.more]\nurl = "http://127.0.0.1:1/"\ncolour = 1\n')
        daemon.send_signal(signal.SIGHUP)
        seen = ""
        for line in daemon.stdout:
            seen += line
            if "was not loaded" in line:
                break
        self.assertIn("jobs.more.colour: unknown key", seen)
        with open(path) as f:
            text = f.read().replace("colour = 1\n", "")
        with open(path, "w") as f:
            f.write(text)
        daemon.send_signal(signal.SIGHUP)
        for line in daemon.stdout:
            if "reloaded: 2 jobs" in line:
                break
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=60)
        self.assertEqual(daemon.returncode, 0)

    def test_a_refused_reload_is_told_where_no_sink_shows_it(self):
        path = os.path.join(self.folder.name, "quiet.toml")
        log = os.path.join(self.folder.name, "quiet.log")
        with open(path, "w") as f:
            f.write('[jobs.a]\nurl = "http://127.0.0.1:1/"\n[[log.sinks]]\ntype = "file"\nformat = "classic"\n'
                    'path = "%s"\n' % log)
        notify = os.path.join(self.folder.name, "quiet-notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(notify)
            told.settimeout(60)
            daemon = subprocess.Popen([PROGRAM, "run", "-c", path], stderr=subprocess.PIPE, text=True,
                                      env=dict(os.environ, NOTIFY_SOCKET=notify))
            self.addCleanup(daemon.kill)
            while b"READY=1" not in told.recv(4096):
                pass
        with open(path, "a") as f:
            f.write('colour = 1\n')
        daemon.send_signal(signal.SIGHUP)
        seen = ""
        for line in daemon.stderr:
            seen += line
            if "was not loaded" in line:
                break
        self.assertIn("log.sinks.colour: unknown key", seen)
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=60)
        self.assertEqual(daemon.returncode, 0)

    def test_a_secret_in_title_or_url_is_never_printed(self):
        token = os.path.join(self.folder.name, "token")
        path = os.path.join(self.folder.name, "secret.toml")
        with open(token, "w") as f:
            f.write("hook-token-of-the-test")
        with open(path, "w") as f:
            f.write('[jobs.hook]\ntitle = "${file:%s}"\nurl = "http://127.0.0.1:1/hooks/${file:%s}"\n' % (token, token))
        for args in (["check"], ["check", "--json"], ["once", "hook"]):
            done = subprocess.run([PROGRAM, *args, "-c", path], capture_output=True, text=True, timeout=60)
            self.assertIn("***", done.stdout)
            self.assertNotIn("hook-token", done.stdout + done.stderr)

    def test_simulate(self):
        # The machine is off from 11:10 to 13:00: the first run 13:05, one for the seven before it.
        done = subprocess.run(
            [PROGRAM, "simulate", "-c", self.configure(), "--json", "--from", "2026-01-01T10:00:00Z", "--for", "190min",
             "--off", "2026-01-01T11:10:00Z/110min"],
            env=dict(os.environ, AOS_API_KEY=KEY), capture_output=True, text=True, timeout=60, check=True)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(
            [e["at"][11:16] for e in events if e["event"] == "started" and e["job"] == "compute-stickiness"],
            ["10:05", "10:20", "10:35", "10:50", "11:05", "13:05"])
        self.assertEqual([e for e in events if e["event"] == "missed"], [{
            "at": "2026-01-01T13:00:00.000000Z", "job": "compute-stickiness", "scheduled_at": None, "event": "missed",
            "outcome": None, "reason": "coalesced", "first": "2026-01-01T11:20:00.000000Z",
            "last": "2026-01-01T12:50:00.000000Z", "count": 7}])

    def test_a_full_disk_is_told(self):
        path = self.configure()
        env = dict(os.environ, AOS_API_KEY=KEY)
        for args in (["--version"], ["--help"], ["run", "--help"], ["check", "-c", path]):
            with self.subTest(args), open("/dev/full", "w") as full:
                done = subprocess.run([PROGRAM, *args], env=env, stdout=full, stderr=subprocess.PIPE, timeout=60)
                self.assertEqual(done.returncode, 1)
                self.assertEqual(done.stderr, b"carillon: cannot write to standard output\n")

    def test_who_looks_needs_no_secret(self):
        path = os.path.join(self.folder.name, "secret.toml")
        with open(path, "w") as f:
            f.write(f'[jobs.tick]\nurl = "http://${{HOST_OF_TICK}}:{self.port}/ops/jobs/tick"\n'
                    'headers = { X-API-Key = "${KEY_OF_TICK}" }\nschedule = { every = "1h" }\n'
                    'timeout = "${TIMEOUT_OF_TICK}"\n')

        def run(*args, **variables):
            return subprocess.run([PROGRAM, *args, "-c", path], env=dict(os.environ, **variables),
                                  capture_output=True, text=True, timeout=60)

        self.mode("good")
        sent = run("once", "tick", HOST_OF_TICK="localhost", KEY_OF_TICK=KEY, TIMEOUT_OF_TICK="5s")
        self.assertEqual(sent.returncode, 0, sent.stdout + sent.stderr)
        shown = run("history", "--json")
        self.assertEqual((shown.returncode, shown.stderr), (0, ""))
        ran, = json.loads(shown.stdout)["runs"]
        for args in (["status"], ["history"], ["show", ran["run"]], ["next", "tick"]):
            done = run(*args)
            self.assertEqual((done.returncode, done.stderr), (0, ""), args)
        played = run("simulate", "--for", "2h")
        self.assertEqual(played.returncode, 0)
        self.assertIn("warning: left out: %s:5:11: jobs.tick.timeout: the variable TIMEOUT_OF_TICK is not set" % path,
                      played.stderr)
        for args in (["check"], ["once", "tick"], ["retry", ran["run"]], ["run"]):
            self.assertEqual(run(*args).returncode, 2, args)
        refused = run("retry", ran["run"], HOST_OF_TICK="localhost", KEY_OF_TICK=KEY, TIMEOUT_OF_TICK="5s")
        self.assertEqual((refused.returncode, refused.stdout), (1, ""))
        self.assertEqual(refused.stderr, "carillon: nothing was run: the run completed\n")

    def test_tables_fit_the_terminal(self):
        path = self.configure()
        env = dict(os.environ, AOS_API_KEY=KEY, AOS_API_BASE=f"http://localhost:{self.port}", TZ="UTC")
        self.mode("good")
        subprocess.run([PROGRAM, "once", "compute-stickiness", "-c", path], env=env, capture_output=True, timeout=60,
                       check=True)

        def shown(columns, *args):
            parent, child = pty.openpty()
            fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
            done = subprocess.run([PROGRAM, *args, "-c", path], env=dict(env, NO_COLOR="1"), stdout=child, timeout=60)
            os.close(child)
            self.assertEqual(done.returncode, 0)
            text = b""
            try:
                while piece := os.read(parent, 65536):
                    text += piece
            except OSError:  # the other end is closed
                pass
            os.close(parent)
            return text.decode().replace("\r\n", "\n")

        ran = json.loads(subprocess.run([PROGRAM, "history", "--json", "-c", path], env=env, capture_output=True,
                                        timeout=60).stdout)["runs"][0]["run"]
        for args in (["status"], ["history"], ["show", ran], ["check"], ["next", "compute-stickiness"]):
            whole = subprocess.run([PROGRAM, *args, "-c", path], env=env, capture_output=True, text=True, timeout=60)
            for columns in (40, 80):
                text = shown(columns, *args)
                if args[0] == "check":
                    text = text[text.index("\n"):]  # its first line holds a path
                self.assertLessEqual(max(map(len, text.splitlines())), columns, text)
            env["COLUMNS"] = "300"  # comes before what the terminal says
            self.assertEqual(len(shown(40, *args).splitlines()), len(whole.stdout.splitlines()))
            del env["COLUMNS"]

    def test_exit_codes(self):
        path = self.configure()
        env = dict(os.environ, AOS_API_KEY=KEY)

        def code(*args):
            return subprocess.run([PROGRAM, *args], env=env, capture_output=True, timeout=60).returncode

        self.assertEqual(code("check", "-c", path), 0)
        self.assertEqual(code("check", "--json", "-c", path), 0)
        self.assertEqual(code("--version"), 0)
        self.assertEqual(code("--help"), 0)
        self.assertEqual(code("check", "-c", "/nowhere.toml"), 2)
        self.assertEqual(code("--colour"), 2)
        self.assertEqual(code(), 2)
        self.assertEqual(code("once", "nobody", "-c", path), 4)
        unknown = subprocess.run([PROGRAM, "stauts"], env=env, capture_output=True, text=True, timeout=60)
        self.assertEqual((unknown.returncode, unknown.stdout), (2, ""))
        self.assertEqual(unknown.stderr, "carillon: there is no command 'stauts' (did you mean 'status'?); "
                                         "see carillon --help\n")
        self.assertEqual(code("demo", "--runs", "1"), 0)


if __name__ == "__main__":
    chosen.main()

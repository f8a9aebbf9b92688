"""What tests against other servers share: free ports, certificates, children, and jobs run by `carillon once`."""

import base64
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from typing import NamedTuple

PROGRAM = sys.argv[1]
TOKEN, PASSWORD, KEY = "token-of-the-test", "password-of-the-test", "key-of-the-test"
BASIC = base64.b64encode(f"ops:{PASSWORD}".encode()).decode()
QUICK = {"attempts": 3, "backoff": "1ms"}   # a job's `retry`

# A proxy of whoever runs the tests does not reach the servers that the tests start.
for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
    del os.environ[name]


class Ran(NamedTuple):
    code: int
    ended: dict     # each job's event
    retries: list   # events
    text: str       # the console's lines


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def toml(value):
    """A value on one line, as TOML has it; texts, numbers and lists are written there as in JSON."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + " }"
    return json.dumps(value)


class Servers(unittest.TestCase):
    """A folder of the class's own, servers that are started once, and how jobs are run."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name
        os.environ["STATE_DIRECTORY"] = folder.name

    @classmethod
    def write(cls, name, text):
        with open(cls.path(name), "w") as f:
            f.write(text)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    @classmethod
    def start(cls, port, *command):
        """Starts a server that will listen at a port, and waits until it does."""
        with open(cls.path("output"), "a") as output:
            server = subprocess.Popen(command, cwd=cls.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        cls.addClassCleanup(server.wait, 30)
        cls.addClassCleanup(server.terminate)
        until = time.monotonic() + 60
        while True:
            try:
                return socket.create_connection(("127.0.0.1", port)).close()
            except OSError:
                if server.poll() is not None or time.monotonic() > until:
                    with open(cls.path("output")) as output:
                        raise RuntimeError(f"{command[0]} does not listen: {output.read()}")
                time.sleep(0.02)

    @classmethod
    def openssl(cls, *arguments):
        subprocess.run(["openssl", *arguments], cwd=cls.folder, stdin=subprocess.DEVNULL, capture_output=True,
                       timeout=60, check=True)

    @classmethod
    def make_authority(cls, name="ca", host="nobody"):
        """A certificate that has signed itself, for an authority or for a server without one."""
        cls.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", f"/CN={name} of the test", "-addext", f"subjectAltName=DNS:{host}",
                    "-keyout", name + ".key", "-out", name + ".pem")

    @classmethod
    def make_certificate(cls, name, host="localhost", days=2):
        """One that the authority has signed; with 0 days it has expired when it is made."""
        cls.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-out", name + ".csr",
                    "-subj", f"/CN={name} of the test", "-addext", f"subjectAltName=DNS:{host}",
                    "-keyout", name + ".key")
        cls.openssl("x509", "-req", "-in", name + ".csr", "-copy_extensions", "copyall", "-days", str(days),
                    "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", name + ".pem")

    def run_chain(self, jobs, **environment):
        """Runs the first of some jobs and what follows it."""
        self.write("carillon.toml", f'jobs = {toml(jobs)}\n[[log.sinks]]\ntype = "console"\nformat = "json"\n'
                                    '[[log.sinks]]\ntype = "console"\nstream = "stderr"\n')
        done = subprocess.run([PROGRAM, "once", next(iter(jobs)), "-c", self.path("carillon.toml")],
                              env={**os.environ, **environment}, capture_output=True, text=True, timeout=60)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        for secret in (TOKEN, PASSWORD, KEY, BASIC):
            self.assertNotIn(secret, done.stdout + done.stderr)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        return Ran(done.returncode, {e["job"]: e for e in events if e["event"] == "job_ended"},
                   [e for e in events if e["event"] == "attempt_failed"], done.stderr)

    def completes(self, message, environment={}, **keys):
        """Runs one job, which must complete with such a message."""
        ran = self.run_chain({"a": keys}, **environment)
        self.assertEqual((ran.code, ran.ended["a"]["outcome"], ran.ended["a"]["message"]), (0, "completed", message),
                         ran.text)
        return ran

    def fails(self, outcome, words, attempts=1, status=None, phase="body", environment={}, **keys):
        """Runs one job, which must end so, its line saying `words`, after so many attempts."""
        ran = self.run_chain({"a": keys}, **environment)
        end = ran.ended["a"]
        self.assertEqual((ran.code, end["outcome"], end.get("http_status"), end.get("phase"), end["attempt"]),
                         (1, outcome, status, phase, attempts), end)
        self.assertEqual(len(ran.retries), attempts - 1)
        line, = [line for line in ran.text.splitlines() if f" a: {outcome} in " in line]
        self.assertIn(words, line)
        self.assertGreaterEqual(end["phase_ms"], 0)
        return ran

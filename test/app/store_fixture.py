"""What the tests of the store share: an API that answers 200, a configuration, daemons, and how a store is refused."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PROGRAM = sys.argv[1]
NOBODY = 65534


class Api(BaseHTTPRequestHandler):
    """Answers each request with 200 and remembers it."""

    protocol_version = "HTTP/1.1"
    asked, wait = [], 0.0

    def do_POST(self):
        self.asked.append((self.path, self.headers["Carillon-Scheduled-At"], self.headers["Carillon-Attempt"]))
        time.sleep(self.wait)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, request, address):
        pass    # whoever asked was killed


class StoreCase(unittest.TestCase):
    """A store in a folder of the test's own, and the daemons that use it."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(("127.0.0.1", 0), Api)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.server.shutdown)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        self.folder = folder.name
        self.state = os.path.join(folder.name, "state")
        os.mkdir(self.state)
        self.store = os.path.join(self.state, "carillon.db")
        self.config = os.path.join(folder.name, "carillon.toml")
        Api.asked.clear()
        Api.wait = 0.0
        self.configure()

    def configure(self, store="", **jobs):
        """Writes the configuration: each job's keys are TOML. Without jobs, one runs each 100 ms."""
        jobs = jobs or {"tick": 'schedule = { every = "100ms" }'}
        with open(self.config, "w") as f:
            f.write(f'[store]\npath = "{self.store}"\n{store}\n[runner]\nshutdown_grace = "1s"\n'
                    '[[log.sinks]]\ntype = "console"\nformat = "json"\n')
            for name, keys in jobs.items():
                f.write(f'[jobs.{name}]\nurl = "http://127.0.0.1:{self.server.server_port}/{name}"\n{keys}\n')

    def start(self, **how):
        daemon = subprocess.Popen([PROGRAM, "run", "-c", self.config], stdout=subprocess.PIPE, text=True, **how)
        self.addCleanup(daemon.stdout.close)
        self.addCleanup(daemon.wait, 30)
        self.addCleanup(daemon.kill)
        return daemon

    def wait_for(self, daemon, event, limit=30):
        """Returns the events up to the first of this name."""
        seen = []
        until = time.monotonic() + limit
        while time.monotonic() < until:
            line = daemon.stdout.readline()
            self.assertTrue(line, f"the daemon ended before {event}: {seen[-5:]}")
            seen.append(json.loads(line))
            if seen[-1]["event"] == event:
                return seen
        self.fail(f"no {event}: {seen[-5:]}")

    def stop(self, daemon):
        """Stops a daemon and returns the events until its end."""
        daemon.send_signal(signal.SIGTERM)
        out = [json.loads(line) for line in daemon.stdout]
        self.assertEqual(daemon.wait(30), 0)
        return out

    def copy_for_others(self):
        """Copies the program to where any user can reach it, since the build tree may be in a private home."""
        path = os.path.join(self.folder, "carillon")
        if not os.path.exists(path):
            shutil.copy(PROGRAM, path)
        return path

    def refuses(self, words, *command, user=None):
        """A command does not start, and says why in one line."""
        program = PROGRAM if user is None else self.copy_for_others()
        done = subprocess.run([program, *(command or ("run",)), "-c", self.config], capture_output=True, text=True,
                              timeout=60, user=user)
        self.assertEqual((done.returncode, done.stdout), (6, ""), done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def fill(self):
        """Leaves a store as a daemon does that has run a job."""
        daemon = self.start()
        self.wait_for(daemon, "run_ended")
        self.stop(daemon)

    def rows(self, sql):
        db = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

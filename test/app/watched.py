"""`status --watch` at a terminal: it shows what changes, does not flicker, and leaves the terminal as it was."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

import chosen

PROGRAM = os.path.abspath(sys.argv[1])
CONFIGURATION = '[store]\npath = "{0}/s.db"\n[jobs.a]\nurl = "http://127.0.0.1:1/"\n[jobs.b]\nurl = "http://127.0.0.1:1/"\n'
SECOND_SCREEN, FIRST_SCREEN = "\x1b[?1049h", "\x1b[?1049l"


class Watched(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.config = os.path.join(folder.name, "c.toml")
        with open(self.config, "w") as f:
            f.write(CONFIGURATION.format(folder.name))
        self.once("b")  # makes the store
        self.seen = ""

    def once(self, job):
        subprocess.run([PROGRAM, "once", job, "-c", self.config], capture_output=True, timeout=60)

    def watch(self, rows=24):
        self.terminal, inside = pty.openpty()
        self.addCleanup(os.close, self.terminal)
        self.addCleanup(os.close, inside)
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", rows, 200, 0, 0))
        self.inside = inside
        self.before = termios.tcgetattr(inside)
        self.process = subprocess.Popen([PROGRAM, "status", "--watch", "-c", self.config], stdin=inside, stdout=inside,
                                        stderr=inside, start_new_session=True, env=dict(os.environ, TERM="xterm"),
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.addCleanup(self.process.kill)

    def wait_for(self, wanted):
        end = time.monotonic() + 60
        while not re.search(wanted, self.seen):
            if not select.select([self.terminal], [], [], max(end - time.monotonic(), 0))[0]:
                self.fail(f"not seen: {wanted}; but {self.seen!r}")
            self.seen += os.read(self.terminal, 65536).decode()

    def ended(self):
        code = self.process.wait(60)
        self.wait_for(re.escape(FIRST_SCREEN))
        self.assertEqual(termios.tcgetattr(self.inside), self.before)
        self.assertEqual(self.seen.count(SECOND_SCREEN), 1)
        self.assertNotIn("\x1b[2J", self.seen)
        return code

    def test_it_shows_what_changes_until_q_is_typed(self):
        self.watch()
        self.wait_for(r"a .*new")
        self.once("a")
        self.wait_for(r"a .*failing")
        os.write(self.terminal, b"xq")
        self.assertEqual(self.ended(), 0)

    def test_control_c_leaves(self):
        self.watch()
        self.wait_for("q leaves")
        os.write(self.terminal, b"\x03")
        self.assertEqual(self.ended(), -signal.SIGINT)

    def test_a_signal_ends_it_once_the_terminal_is_as_it_was(self):
        self.watch()
        self.wait_for("q leaves")
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.ended(), -signal.SIGTERM)

    def test_what_does_not_fit_is_left_out(self):
        self.watch(rows=4)
        self.wait_for(r"daemon: ")
        self.wait_for(r"\x1b\[J")
        os.write(self.terminal, b"q")
        self.ended()
        self.assertEqual(self.seen.split("\x1b[H")[1].count("\n"), 3)

    def test_it_needs_a_terminal_and_shows_no_json(self):
        for arguments, said in (["--watch"], "--watch needs a terminal"), (["--watch", "--json"], "no JSON"):
            done = subprocess.run([PROGRAM, "status", *arguments, "-c", self.config], capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn(said, done.stderr)


chosen.main()

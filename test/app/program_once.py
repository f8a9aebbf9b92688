"""`carillon once` with PIN-112's configuration: the lines of the classic log, and the exit code."""

import os
import subprocess

import chosen
from once import free_port
from program_fixture import KEY, PROGRAM, ProgramCase


class ProgramOnce(ProgramCase):
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


if __name__ == "__main__":
    chosen.main()

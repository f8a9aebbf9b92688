"""What the program does when the disk of its store is full or hangs, or when files may not grow further."""

import json
import os
import resource
import signal
import subprocess
import sys
import unittest

import chosen
from store_fixture import PROGRAM, Api, StoreCase

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../crash"))
import victims


class FaultyDisks(StoreCase):
    def mount_disk(self, size):
        """Puts the store on a disk of that size."""
        if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", self.state]).returncode != 0:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.state])

    def fill_disk(self, path):
        """Writes a file that takes all that is left of the disk."""
        with open(path, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"x" * 4096)
            except OSError:
                pass

    @unittest.skipUnless(os.geteuid() == 0, "only root mounts")
    def test_a_full_disk(self):
        self.mount_disk("1m")
        ballast = os.path.join(self.state, "ballast")
        for policy in ("stop", "continue"):
            self.configure(f'on_error = "{policy}"')
            daemon = self.start()
            self.wait_for(daemon, "run_ended")
            self.fill_disk(ballast)
            seen = self.wait_for(daemon, "store_failed")
            self.assertIn("full", seen[-1]["message"])
            if policy == "stop":
                missed = self.wait_for(daemon, "runs_missed")[-1]
                self.assertIn("(store)", missed["message"])
                self.assertIn("full", missed["error"])
                asked = len(Api.asked)
                self.wait_for(daemon, "runs_missed")
                self.assertEqual(len(Api.asked), asked)
            else:
                for _ in range(3):
                    self.wait_for(daemon, "run_ended")
            os.remove(ballast)
            self.wait_for(daemon, "store_recovered")
            self.wait_for(daemon, "run_ended")
            self.stop(daemon)
            self.assertEqual(self.rows("SELECT count(*) FROM claims"), [(0,)])
            self.assertEqual(self.rows("PRAGMA integrity_check"), [("ok",)])
        count, = self.rows("SELECT sum(count) FROM history WHERE reason = 'store'")[0]
        self.assertGreater(count, 0)

    @unittest.skipUnless(os.geteuid() == 0, "only root mounts")
    def test_a_disk_that_is_full_from_the_start(self):
        self.mount_disk("8k")
        self.refuses(["the disk is full"])

    @unittest.skipUnless(os.geteuid() == 0, "only root mounts")
    def test_a_small_disk_is_not_filled_by_the_log(self):
        self.mount_disk("2m")
        self.configure('keep_bytes = "1MiB"')
        for _ in range(2):
            daemon = self.start()
            seen = [e for _ in range(80) for e in self.wait_for(daemon, "run_ended")] + self.stop(daemon)
            self.assertNotIn("store_failed", [e["event"] for e in seen])

    def test_a_file_beyond_the_limit_is_told_and_ends_nothing(self):
        log = os.path.join(self.folder, "x.log")
        with open(self.config, "a") as f:
            f.write(f'[[log.sinks]]\ntype = "file"\npath = "{log}"\n')
        most = 256 * 1024
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        with open(log, "w") as f:
            f.write("x" * (most - 100) + "\n")

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))

        daemon = self.start(preexec_fn=limit)
        seen = self.wait_for(daemon, "store_failed", limit=120)
        self.assertIn(f"cannot write to the log sink file {log}: File too large; trying again each minute",
                      [e.get("message") for e in seen])
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (hard, hard))
        self.wait_for(daemon, "store_recovered")
        self.wait_for(daemon, "run_ended")
        self.stop(daemon)
        self.assertEqual(self.rows("PRAGMA integrity_check"), [("ok",)])

    def test_a_disk_that_hangs(self):
        if not victims.has_crash_points(PROGRAM):
            self.skipTest("the program has no crash points (a release build)")
        hangs = {**os.environ, "CARILLON_CRASH_AT": "store.applied", "CARILLON_CRASH_AFTER": "20",
                 "CARILLON_STALL": "3600000000"}
        daemon = self.start(env=hangs, stderr=subprocess.PIPE)
        self.addCleanup(daemon.stderr.close)
        seen = self.wait_for(daemon, "store_failed")
        self.assertIn("the store does not answer", seen[-1]["message"])
        asked = len(Api.asked)
        daemon.send_signal(signal.SIGTERM)
        left = [json.loads(line) for line in daemon.stdout]
        self.assertEqual(daemon.wait(30), 1)
        self.assertEqual(left[-1]["event"], "not_closed")
        self.assertIn("ends without closing the store", left[-1]["message"])
        self.assertLessEqual(len(Api.asked), asked + 1)     # nothing is sent that is not kept
        daemon = self.start()
        self.wait_for(daemon, "run_ended")
        self.stop(daemon)
        # One that was due as it stopped, and had not begun, is left to the next start: nobody's, 0.
        self.assertEqual(self.rows("SELECT count(*) FROM claims WHERE owner != 0"), [(0,)])


if __name__ == "__main__":
    chosen.main()

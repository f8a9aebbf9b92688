"""One daemon holds a store at a time. Another one is refused, and the store is free once the daemon has ended."""

import os
import shutil
import sqlite3
import subprocess
import unittest

import chosen
from store_fixture import PROGRAM, StoreCase


class StoreOwner(StoreCase):
    def test_a_second_daemon_is_told_who_holds_it(self):
        daemon = self.start()
        self.wait_for(daemon, "ready")
        self.refuses(["in use by another carillon", f"(process {daemon.pid})", self.store])
        self.stop(daemon)
        self.fill()     # it is free again

    def test_a_second_daemon_by_another_name(self):
        daemon = self.start()
        self.wait_for(daemon, "ready")
        mine = self.store
        self.store = os.path.join(self.folder, "linked.db")
        os.link(mine, self.store)
        self.configure()
        self.refuses(["in use by another carillon", f"(process {daemon.pid})", self.store])
        for command in (("once", "tick"), ("status",)):
            self.refuses(["under another name", self.store], *command)
        self.store = mine
        self.configure()
        self.stop(daemon)

    @unittest.skipUnless(os.geteuid() == 0, "only root mounts")
    def test_a_second_daemon_by_a_mount_of_the_file_alone(self):
        daemon = self.start()
        self.wait_for(daemon, "run_ended")
        other = os.path.join(self.folder, "other")
        os.mkdir(other)
        mounted = os.path.join(other, "carillon.db")
        open(mounted, "w").close()
        script = 'mount --bind "$1" "$2" || exit 77; shift 2; exec "$@"'
        config = os.path.join(self.folder, "other.toml")
        with open(self.config) as f, open(config, "w") as g:
            g.write(f.read().replace(self.store, mounted))
        for command, words in ((("run",), f"(process {daemon.pid})"), (("once", "tick"), "under another name"),
                               (("status",), "under another name")):
            done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", self.store, mounted, PROGRAM, *command,
                                   "-c", config], capture_output=True, text=True, timeout=60)
            if done.returncode in (1, 77) and "carillon" not in done.stderr:
                self.skipTest(f"nothing can be mounted here: {done.stderr}")
            self.assertEqual((done.returncode, done.stdout), (6, ""), done.stderr)
            self.assertIn(words, done.stderr)
        self.assertEqual(os.listdir(other), ["carillon.db"])
        self.stop(daemon)

    def test_no_lock_file_is_made_or_followed(self):
        victim = os.path.join(self.folder, "victim")
        with open(victim, "w") as f:
            f.write("keep me")
        os.symlink(victim, self.store + ".lock")
        self.fill()
        with open(victim) as f:
            self.assertEqual(f.read(), "keep me")

    def test_first_starts_at_one_instant(self):
        self.configure(nightly='schedule = "0 3 * * *"')
        for _ in range(40):
            shutil.rmtree(self.state)
            os.mkdir(self.state)
            several = [subprocess.Popen([PROGRAM, "once", "nightly", "-c", self.config], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, text=True) for _ in range(2)]
            ends = [(process.communicate(timeout=60)[1], process.returncode) for process in several]
            self.assertEqual([code for _, code in ends], [0, 0], ends)
            self.assertEqual(self.rows("SELECT count(*) FROM history"), [(2,)])

    def test_a_killed_daemon_holds_nothing(self):
        daemon = self.start()
        self.wait_for(daemon, "ready")
        daemon.kill()
        daemon.wait()
        self.fill()

    def test_a_locked_database(self):
        self.fill()
        holder = sqlite3.connect(self.store, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
        self.refuses(["another program holds the store locked"])
        holder.execute("ROLLBACK")
        daemon = self.start()
        self.wait_for(daemon, "run_ended")
        holder.execute("BEGIN IMMEDIATE")
        seen = self.wait_for(daemon, "store_failed")
        self.assertIn("database is locked", seen[-1]["message"])
        holder.execute("ROLLBACK")
        holder.close()
        self.wait_for(daemon, "store_recovered")
        self.wait_for(daemon, "run_ended")
        self.stop(daemon)


if __name__ == "__main__":
    chosen.main()

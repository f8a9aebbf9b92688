"""Who may read and write a store. No secret is written to it."""

import json
import os
import subprocess
import unittest

import chosen
from store_fixture import NOBODY, StoreCase


class StorePermissions(StoreCase):
    def reads(self, command=("status", "--json"), **user):
        """Another user reads it, which changes nothing."""
        before = {name: os.stat(os.path.join(self.state, name)).st_mtime_ns for name in os.listdir(self.state)}
        done = subprocess.run([self.copy_for_others(), *command, "-c", self.config], capture_output=True, text=True,
                              timeout=60, **user)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        after = {name: os.stat(os.path.join(self.state, name)).st_mtime_ns for name in os.listdir(self.state)}
        self.assertEqual(set(before), set(after))
        return before == after, json.loads(done.stdout)

    @unittest.skipUnless(os.geteuid() == 0, "root tries it as another user")
    def test_no_permission(self):
        self.fill()
        for mode in (0, 0o444):
            os.chmod(self.store, mode)
            self.refuses(["permission denied", "read and write", self.store], user=NOBODY)
            self.refuses(["permission denied", "read and write", self.store], "once", "tick", user=NOBODY)
        os.chmod(self.store, 0)
        self.refuses(["permission denied", "cannot be read", self.store], "status", user=NOBODY)

    @unittest.skipUnless(os.geteuid() == 0, "root tries it as another user")
    def test_a_folder_that_cannot_be_written(self):
        self.refuses(["permission denied"], user=NOBODY)
        self.refuses(["permission denied"], "once", "tick", user=NOBODY)

    @unittest.skipUnless(os.geteuid() == 0, "root tries it as another user")
    def test_others_read_it_without_a_daemon(self):
        self.fill()
        os.chmod(self.store, 0o644)
        unchanged, status = self.reads(user=NOBODY)
        self.assertTrue(unchanged)
        self.assertEqual(status["jobs"][0]["last"]["outcome"], "completed")
        daemon = self.start()
        last = self.wait_for(daemon, "run_ended")[-1]["run"]
        daemon.kill()
        daemon.wait()
        for end in ("", "-wal"):
            os.chmod(self.store + end, 0o644)
        unchanged, status = self.reads(user=NOBODY)
        self.assertTrue(unchanged)
        self.assertGreaterEqual(status["jobs"][0]["last"]["run"], last)
        # One of the group, who might make files in the folder, makes none that the daemon cannot use.
        os.chmod(self.state, 0o777)
        os.remove(self.store + "-shm")
        self.assertTrue(self.reads(user=NOBODY)[0])
        self.fill()
        os.chmod(self.store, 0o644)
        self.assertTrue(self.reads(user=NOBODY)[0])
        self.fill()

    @unittest.skipUnless(os.geteuid() == 0, "root tries it as another user")
    def test_others_read_it_beside_a_daemon(self):
        self.fill()
        os.chown(self.store, -1, NOBODY)
        os.chmod(self.store, 0o640)
        daemon = self.start()
        self.wait_for(daemon, "run_ended")
        _, status = self.reads(user=NOBODY, group=NOBODY, extra_groups=[])
        self.assertEqual(status["jobs"][0]["last"]["outcome"], "completed")
        self.stop(daemon)

    @unittest.skipUnless(os.geteuid() == 0, "only root mounts")
    def test_a_file_system_that_is_read_only(self):
        self.fill()
        for command in (["mount", "--bind", self.state, self.state], ["mount", "-o", "remount,ro,bind", self.state]):
            if subprocess.run(command).returncode != 0:
                self.skipTest("nothing can be mounted here")
            self.addCleanup(subprocess.run, ["umount", "-l", self.state], stderr=subprocess.DEVNULL)
        self.assertTrue(self.reads()[0])
        self.refuses(["file system is read-only"])
        self.refuses(["file system is read-only"], "once", "tick")

    @unittest.skipUnless(os.geteuid() == 0, "root tries it as another user")
    def test_files_that_belong_to_another_user(self):
        daemon = self.start()
        self.wait_for(daemon, "run_ended")
        daemon.kill()
        daemon.wait()
        os.chown(self.store, NOBODY, NOBODY)
        os.chown(self.state, NOBODY, NOBODY)
        self.refuses(["-wal", "belongs to the user with the id 0"], user=NOBODY)
        for end in ("-wal", "-shm"):
            os.chown(self.store + end, NOBODY, NOBODY)
        os.chmod(self.state, 0o555)
        os.remove(self.store + "-shm")
        self.refuses(["allowed to make SQLite's files beside it"], user=NOBODY)

    def test_a_copy_that_others_could_read(self):
        self.fill()
        os.chmod(self.store, 0o644)
        daemon = self.start()
        self.wait_for(daemon, "run_ended")
        for end in ("", "-wal", "-shm"):
            self.assertEqual(os.stat(self.store + end).st_mode & 0o777, 0o600, end)
        self.stop(daemon)

    def test_no_secret_is_stored(self):
        with open(self.config, "a") as f:
            f.write('headers = { X-API-Key = "key-of-the-test" }\n')
        self.fill()
        for name in os.listdir(self.state):
            with open(os.path.join(self.state, name), "rb") as f:
                self.assertNotIn(b"key-of-the-test", f.read())
        self.assertEqual(os.stat(self.store).st_mode & 0o777, 0o600)


if __name__ == "__main__":
    chosen.main()

"""What the program says and does when its store cannot be used: a table of faults, each brought about for real."""

import json
import os
import resource
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

import chosen

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../crash"))
import victims

PROGRAM = sys.argv[1]
NOBODY = 65534


class Api(BaseHTTPRequestHandler):
    """Says that all is well, and what it was asked for."""

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


class Store(unittest.TestCase):
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
        """Each job's keys as TOML; one that fires each 100 ms unless others are named."""
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
        """The events up to the first of this name."""
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
        """The events until it has ended by itself."""
        daemon.send_signal(signal.SIGTERM)
        out = [json.loads(line) for line in daemon.stdout]
        self.assertEqual(daemon.wait(30), 0)
        return out

    def copy_for_others(self):
        """The program where any user can reach it: the build tree may stand in a private home."""
        path = os.path.join(self.folder, "carillon")
        if not os.path.exists(path):
            shutil.copy(PROGRAM, path)
        return path

    def refuses(self, words, *command, user=None):
        """Does not start, with one line that says so."""
        program = PROGRAM if user is None else self.copy_for_others()
        done = subprocess.run([program, *(command or ("run",)), "-c", self.config], capture_output=True, text=True,
                              timeout=60, user=user)
        self.assertEqual((done.returncode, done.stdout), (6, ""), done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def fill(self):
        """A store as a daemon leaves it."""
        daemon = self.start()
        self.wait_for(daemon, "run_ended")
        self.stop(daemon)

    def rows(self, sql):
        db = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

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

    def test_a_deleted_file_beside_it(self):
        for end in ("-wal", "-shm"):
            daemon = self.start()
            ended = [e["run"] for e in self.wait_for(daemon, "run_ended") if e["event"] == "run_ended"]
            os.remove(self.store + end)
            self.refuses([f"{end} beside the store was deleted"], "once", "tick")
            seen = self.wait_for(daemon, "store_failed")
            self.assertIn("moved or deleted", seen[-1]["message"])
            daemon.kill()
            daemon.wait()
            self.fill()     # starts, and nothing of what was told is lost
            known = {bytes(run).hex() for run, in self.rows("SELECT run FROM history WHERE run IS NOT NULL")}
            for run in ended:
                self.assertIn(run.replace("-", ""), known)

    def test_another_log_outlives_the_daemon(self):
        daemon = self.start()
        self.wait_for(daemon, "run_ended")
        for end in ("-wal", "-shm"):
            os.remove(self.store + end)
        self.wait_for(daemon, "store_failed")   # it has written its log into the file
        other = sqlite3.connect(self.store)
        other.execute("CREATE TABLE of_another_program (a)")
        other.commit()
        other.close()
        self.stop(daemon)
        self.assertEqual(self.rows("SELECT count(*) FROM of_another_program"), [(0,)])

    def test_a_killed_daemon_holds_nothing(self):
        daemon = self.start()
        self.wait_for(daemon, "ready")
        daemon.kill()
        daemon.wait()
        self.fill()

    def test_no_database(self):
        with open(self.store, "w") as f:
            f.write("these are not the rows you are looking for\n" * 100)
        self.refuses(["not an SQLite database", self.store])

    def test_a_database_of_others(self):
        with sqlite3.connect(self.store) as db:
            db.execute("CREATE TABLE songs (name TEXT)")
        db.close()
        self.refuses(["no store of carillon's"])
        self.assertEqual(self.rows("SELECT name FROM sqlite_master"), [("songs",)])

    def test_a_newer_version(self):
        self.fill()
        with sqlite3.connect(self.store) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
        self.refuses(["newer carillon", "99"])

    def test_a_corrupted_page(self):
        self.fill()
        with sqlite3.connect(self.store) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            page, = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'claims'").fetchone()
            size, = db.execute("PRAGMA page_size").fetchone()
        db.close()
        with open(self.store, "r+b") as f:
            f.seek((page - 1) * size)
            f.write(os.urandom(size))
        self.refuses(["damaged", "move it away"])
        self.refuses(["damaged"], "once", "tick")

    def test_once_finds_what_a_daemon_would_find(self):
        self.fill()
        with sqlite3.connect(self.store) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            page, = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'history'").fetchone()
            size, = db.execute("PRAGMA page_size").fetchone()
        db.close()
        with open(self.store, "r+b") as f:
            f.seek((page - 1) * size)
            f.write(os.urandom(size))
        self.refuses(["damaged", "move it away"], "once", "tick")
        self.refuses(["damaged", "move it away"])

    def test_a_torn_log_is_cut_where_it_ends(self):
        daemon = self.start()
        self.wait_for(daemon, "run_ended")
        daemon.kill()
        daemon.wait()
        with open(self.store + "-wal", "r+b") as f:
            f.truncate(os.path.getsize(self.store + "-wal") - 1000)
        self.fill()

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

    def test_a_folder_in_its_place(self):
        os.mkdir(self.store)
        for command in (("run",), ("once", "tick"), ("status",)):
            self.refuses(["is a folder", self.store], *command)

    def test_a_copy_that_others_could_read(self):
        self.fill()
        os.chmod(self.store, 0o644)
        daemon = self.start()
        self.wait_for(daemon, "run_ended")
        for end in ("", "-wal", "-shm"):
            self.assertEqual(os.stat(self.store + end).st_mode & 0o777, 0o600, end)
        self.stop(daemon)

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

    @unittest.skipUnless(os.geteuid() == 0, "only root mounts")
    def test_a_full_disk(self):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", self.state]).returncode != 0:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.state])
        ballast = os.path.join(self.state, "ballast")
        for policy in ("stop", "continue"):
            self.configure(f'on_error = "{policy}"')
            daemon = self.start()
            self.wait_for(daemon, "run_ended")
            with open(ballast, "wb", buffering=0) as f:
                try:
                    while True:
                        f.write(b"x" * 4096)
                except OSError:
                    pass
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

    @unittest.skipUnless(os.geteuid() == 0, "only root mounts")
    def test_a_small_disk_is_not_filled_by_the_log(self):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", self.state]).returncode != 0:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.state])
        self.configure('keep_bytes = "1MiB"')
        for _ in range(2):
            daemon = self.start()
            seen = [e for _ in range(80) for e in self.wait_for(daemon, "run_ended")] + self.stop(daemon)
            self.assertNotIn("store_failed", [e["event"] for e in seen])

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

    @unittest.skipUnless(os.geteuid() == 0, "only root mounts")
    def test_a_disk_that_is_full_from_the_start(self):
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "none", self.state]).returncode != 0:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", self.state])
        self.refuses(["the disk is full"])

    def test_once_ends_with_its_terminal_and_keeps_its_end(self):
        self.configure(nightly='schedule = "0 3 * * *"')
        Api.wait = 60
        for ignored, signals in ((False, [signal.SIGHUP]), (True, [signal.SIGHUP, signal.SIGTERM])):
            Api.asked.clear()
            how = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)} if ignored else {}
            once = subprocess.Popen([PROGRAM, "once", "nightly", "-c", self.config], stdout=subprocess.DEVNULL, **how)
            while not Api.asked:
                time.sleep(0.01)
            for number in signals:
                self.assertIsNone(once.poll())
                once.send_signal(number)
            self.assertEqual(once.wait(30), 1)
        self.assertEqual(self.rows("SELECT outcome FROM history"), [("cancelled",)] * 2)

    def test_once_beside_a_daemon(self):
        Api.wait = 0.3
        self.configure(nightly='schedule = "0 3 * * *"')
        daemon = self.start()
        self.wait_for(daemon, "ready")
        command = [PROGRAM, "once", "nightly", "-c", self.config]
        self.assertEqual(subprocess.run(command, stdout=subprocess.DEVNULL, timeout=60).returncode, 0)
        Api.wait = 60
        Api.asked.clear()
        killed = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        while not Api.asked:
            time.sleep(0.01)
        killed.kill()
        killed.wait()
        self.stop(daemon)
        self.assertEqual(self.rows("SELECT count(*) FROM claims"), [(1,)])
        daemon = self.start()
        ended = self.wait_for(daemon, "run_ended")[-1]
        self.assertEqual((ended["job"], ended["outcome"]), ("nightly", "interrupted"))
        self.stop(daemon)
        self.assertEqual(len(Api.asked), 1)
        self.assertEqual(self.rows("SELECT trigger, outcome FROM history ORDER BY id"),
                         [("manual", "completed"), ("manual", "interrupted")])
        self.assertEqual(self.rows("SELECT count(*) FROM claims"), [(0,)])

    def test_no_secret_is_stored(self):
        with open(self.config, "a") as f:
            f.write('headers = { X-API-Key = "key-of-the-test" }\n')
        self.fill()
        for name in os.listdir(self.state):
            with open(os.path.join(self.state, name), "rb") as f:
                self.assertNotIn(b"key-of-the-test", f.read())
        self.assertEqual(os.stat(self.store).st_mode & 0o777, 0o600)


chosen.main()

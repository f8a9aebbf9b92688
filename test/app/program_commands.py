"""What the program's commands print, and how they exit."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import termios

import chosen
from program_fixture import KEY, PROGRAM, ProgramCase


class ProgramCommands(ProgramCase):
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

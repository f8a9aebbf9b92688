"""What the program does at a signal: it stops, it ends at once, or it reads its configuration again."""

import os
import signal
import socket
import subprocess

import chosen
from program_fixture import PROGRAM, ProgramCase


class ProgramSignals(ProgramCase):
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
                self.assertIn("; added: more", line)
                break
        daemon.send_signal(signal.SIGHUP)
        for line in daemon.stdout:
            if "reloaded: 2 jobs; nothing has changed" in line:
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


if __name__ == "__main__":
    chosen.main()

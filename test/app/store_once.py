"""`carillon once` keeps its run in the store: beside a daemon, when it is killed, and when its terminal closes."""

import signal
import subprocess
import time

import chosen
from store_fixture import PROGRAM, Api, StoreCase


class StoreOnce(StoreCase):
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


if __name__ == "__main__":
    chosen.main()

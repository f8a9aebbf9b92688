"""The examples as programs: each is started, does its work against a server on loopback, and ends by SIGTERM."""

import http.server
import json
import queue
import signal
import subprocess
import sys
import threading
import unittest
import urllib.error
import urllib.request

PATIENCE = 30
MINUTELY, OPS_CONSOLE = sys.argv[1:3]


class Endpoint(http.server.ThreadingHTTPServer):
    """Answers each request, and keeps what was asked."""

    daemon_threads = True

    def __init__(self):
        self.asked = queue.Queue()
        self.gate = threading.Event()
        self.gate.set()
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                endpoint.asked.put((self.command, self.path, self.headers["Carillon-Job"]))
                endpoint.gate.wait(PATIENCE)
                body = b'{"status": "completed", "message": "hello"}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.gate.set()
        self.shutdown()
        self.server_close()


class Examples(unittest.TestCase):
    def start(self, *command):
        program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(program.stdout.close)
        self.addCleanup(program.wait)
        self.addCleanup(program.kill)
        # One that hangs says nothing any more, and what waits for its words ends with it.
        alarm = threading.Timer(PATIENCE, program.kill)
        alarm.start()
        self.addCleanup(alarm.cancel)
        return program

    def await_line(self, program, word):
        for line in program.stdout:
            if word in line:
                return line
        self.fail(f"there is no {word}")

    def end(self, program):
        """By SIGTERM; what it has still said."""
        program.send_signal(signal.SIGTERM)
        rest, _ = program.communicate()
        self.assertEqual(program.returncode, 0, rest)
        return rest

    def test_minutely_asks_at_once_and_lets_its_run_end(self):
        endpoint = Endpoint()
        self.addCleanup(endpoint.close)
        endpoint.gate.clear()
        program = self.start(MINUTELY, endpoint.url + "/ping")
        self.assertEqual(endpoint.asked.get(timeout=PATIENCE), ("GET", "/ping", "ping"))
        program.send_signal(signal.SIGTERM)
        endpoint.gate.set()
        rest, _ = program.communicate()
        self.assertEqual(program.returncode, 0, rest)
        self.assertIn("run_ended: run completed", rest)
        self.assertEqual(rest.splitlines()[-1], "stopped")

    def test_minutely_ends_while_nothing_goes(self):
        endpoint = Endpoint()
        self.addCleanup(endpoint.close)
        program = self.start(MINUTELY, endpoint.url)
        self.await_line(program, "run_ended")
        self.assertEqual(self.end(program).splitlines()[-1], "stopped")
        self.assertEqual(endpoint.asked.qsize(), 1)

    def test_minutely_says_what_is_wrong(self):
        program = self.start(MINUTELY, "not a URL")
        said, _ = program.communicate()
        self.assertEqual(program.returncode, 1)
        self.assertIn("minutely: ", said)

    def ask(self, url, method="GET"):
        request = urllib.request.Request(url + "/status", method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=PATIENCE) as reply:
            self.assertEqual(reply.headers["Content-Type"], "application/json")
            return json.load(reply)

    def test_ops_console_tells_of_its_last_run(self):
        program = self.start(OPS_CONSOLE, "0")
        url = self.await_line(program, "listening on ").split()[-1]
        self.await_line(program, "run_ended")
        page = self.ask(url)
        self.assertEqual(page["status"], "completed")
        self.assertGreaterEqual(page["runs_ended"], 1)
        run = page["last_run"]
        self.assertEqual(run["chain"], "compute-stickiness")
        self.assertEqual([j["job"] for j in run["jobs"]], ["compute-stickiness", "detect-silent-churn"])
        self.assertEqual([j["outcome"] for j in run["jobs"]], ["completed", "completed"])
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.ask(url, "POST")
        self.assertEqual(refused.exception.code, 405)
        refused.exception.close()
        self.assertIn("stopped: ", self.end(program))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

"""Usage: server.py LOG SEED, the jobs' behaviour as JSON on standard input, which ends it when it ends

A server that writes down each request when it arrives, and again how and when it came to its end, in that order, as
lines of JSON. Says the ports it listens at: the second is closed now and then.
"""

import heapq
import json
import os
import random
import selectors
import socket
import struct
import sys
import time

FLAKY_OPEN, FLAKY_CLOSED = (0.05, 0.3), (0.02, 0.15)  # seconds
RESETS = struct.pack("ii", 1, 0)  # SO_LINGER: what is closed so is reset


def listen(port=0):
    return socket.create_server(("127.0.0.1", port), backlog=256)


class Connection:
    def __init__(self, taken):
        self.socket, self.received, self.asked = taken, b"", None


class Server:
    def __init__(self, log, seed, jobs):
        self.jobs, self.random = jobs, random.Random(seed)
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.waiting, self.timers, self.count = selectors.DefaultSelector(), [], 0
        self.main, self.flaky = listen(), listen()
        self.flaky_port = self.flaky.getsockname()[1]
        self.waiting.register(self.main, selectors.EVENT_READ)
        self.waiting.register(self.flaky, selectors.EVENT_READ)
        self.waiting.register(sys.stdin, selectors.EVENT_READ)
        self.after(self.random.uniform(*FLAKY_OPEN), self.toggle)

    def after(self, seconds, call, *arguments):
        self.count += 1  # so that no two are compared by what they call
        heapq.heappush(self.timers, (time.monotonic() + seconds, self.count, call, arguments))

    def toggle(self):
        if self.flaky:
            self.waiting.unregister(self.flaky)
            self.flaky = self.flaky.close()
        else:
            self.flaky = listen(self.flaky_port)
            self.waiting.register(self.flaky, selectors.EVENT_READ)
        self.after(self.random.uniform(*(FLAKY_OPEN if self.flaky else FLAKY_CLOSED)), self.toggle)

    def run(self):
        while True:
            wait = max(self.timers[0][0] - time.monotonic(), 0)
            for key, _ in self.waiting.select(wait):
                if key.fileobj is sys.stdin:
                    return
                if key.data:
                    self.read(key.data)
                elif key.fileobj in (self.main, self.flaky):
                    self.accept(key.fileobj)
            while self.timers[0][0] <= time.monotonic():
                _, _, call, arguments = heapq.heappop(self.timers)
                call(*arguments)

    def accept(self, listener):
        taken, _ = listener.accept()
        self.waiting.register(taken, selectors.EVENT_READ, Connection(taken))

    def write(self, **what):
        os.write(self.log, (json.dumps({"at": time.time_ns() // 1000, **what}) + "\n").encode())

    def close(self, c):
        self.waiting.unregister(c.socket)
        c.socket.close()

    def read(self, c):
        try:
            received = c.socket.recv(65536)
        except OSError:
            received = b""
        c.received += received
        if not received:
            if c.asked:
                self.write(of=c.asked, end="cut")
                c.asked = None
            return self.close(c)
        head, end, rest = c.received.partition(b"\r\n\r\n")
        if not end:
            return
        first, *fields = head.decode().split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (f.partition(":") for f in fields)}
        size = int(fields.get("content-length", 0))
        if len(rest) >= size:
            c.received = rest[size:]
            self.take(c, first.split()[0], fields, rest[:size].decode())

    def take(self, c, method, fields, body):
        """A whole request: from here on it has reached us."""
        self.count += 1
        c.asked = self.count
        job = fields["carillon-job"]
        self.write(request=self.count, job=job, poll=method == "GET", instant=fields["carillon-scheduled-at"],
                   run=fields["carillon-run"], key=fields["idempotency-key"], body=body,
                   attempt=int(fields["carillon-attempt"]), fence=int(fields["carillon-fence"]))
        known, draw = self.jobs[job], self.random.random()
        accepts = known["polls"] and (method != "GET" or self.random.random() < 0.5)
        end = "reset" if draw < known["resets"] else 500 if draw < known["resets"] + known["fails"] else \
            202 if accepts else 200
        self.after(self.random.uniform(*known["delay"]) / 1000, self.answer, c, self.count, end)

    def answer(self, c, asked, end):
        if c.asked != asked:
            return  # cut off meanwhile
        c.asked = None
        # First, so that nothing that comes of the answer can be written down before it.
        self.write(of=asked, end=end)
        if end == "reset":
            c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESETS)
            return self.close(c)
        body = '{"n": %d}' % asked
        closes = self.random.random() < 0.1
        location = f"Location: /state/{asked}\r\n" if end == 202 else ""
        try:
            c.socket.sendall(f"HTTP/1.1 {end} So\r\nContent-Type: application/json\r\n{location}"
                             f"{'Connection: close' if closes else 'Connection: keep-alive'}\r\n"
                             f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
        except OSError:
            closes = True
        if closes:
            self.close(c)


def main():
    server = Server(sys.argv[1], int(sys.argv[2]), json.loads(sys.stdin.readline()))
    print(server.main.getsockname()[1], server.flaky_port, flush=True)
    server.run()


main()

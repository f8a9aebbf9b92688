"""A target for few requests that knows their arrival to the microsecond: the kernel's own time of each segment.

nginx logs milliseconds, which is as long as what is measured here.
"""

import re
import selectors
import socket
import struct
import threading

from .arrivals import instant_of

SO_TIMESTAMPNS = 35  # socket(7); Python has no name for it
BODY = b'{"status":"completed","message":"done"}'
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
HEADERS = re.compile(rb"^carillon-(job|scheduled-at): *(\S+)", re.IGNORECASE | re.MULTILINE)


class ClockedTarget(threading.Thread):
    """Runs on the harness's core. Requests have no body and one segment."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.came, self.ended = [], False

    def run(self):
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.listener, selectors.EVENT_READ)
            while not self.ended:
                for key, _ in waiting.select(0.2):
                    if key.fileobj is self.listener:
                        connection = self.listener.accept()[0]
                        connection.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
                        waiting.register(connection, selectors.EVENT_READ)
                    elif not self.answer(key.fileobj):
                        waiting.unregister(key.fileobj)
                        key.fileobj.close()

    def answer(self, connection):
        try:
            text, told, _, _ = connection.recvmsg(65536, 64)
            if text:
                connection.sendall(REPLY)
        except OSError:
            return False
        if text and told:
            self.came.append((text, struct.unpack("qq", told[0][2])))
        return bool(text)

    def arrivals(self):
        """(instant, job, arrived), in microseconds since 1970."""
        for text, (seconds, nanoseconds) in self.came:
            headers = {name.lower(): value.decode() for name, value in HEADERS.findall(text)}
            yield instant_of(headers[b"scheduled-at"]), headers[b"job"], seconds * 1_000_000 + nanoseconds // 1000

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.join()
        self.listener.close()

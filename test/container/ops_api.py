"""A stand-in for the ops API. Usage: ops_api.py FOLDER: writes its port to `port`, what it was asked to `calls`,
and answers after the seconds that stand in `delay`. Ends by itself, should nobody end it."""

import http.server
import json
import os
import signal
import sys
import time

signal.alarm(170)
os.chdir(sys.argv[1])


class Api(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open("calls", "a") as f:
            f.write(f"{self.path} {self.headers.get('X-API-Key')}\n")
        with open("delay") as f:
            time.sleep(float(f.read()))
        body = json.dumps({"status": "completed", "message": "well done"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
server.daemon_threads = True
with open("port.new", "w") as f:
    f.write(str(server.server_port))
os.rename("port.new", "port")
server.serve_forever()

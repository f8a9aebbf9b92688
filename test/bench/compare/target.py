"""nginx as the target of all contenders: it answers at once, and its log says what came, and when."""

import os
import signal
import socket
import subprocess
import time

from . import machine

CONFIGURATION = """daemon off; master_process off; pid {0}/pid; error_log {0}/errors;
worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
    client_body_temp_path {0}/a; proxy_temp_path {0}/b; fastcgi_temp_path {0}/c; uwsgi_temp_path {0}/d;
    scgi_temp_path {0}/e;
    log_format arrivals '$msec $http_carillon_scheduled_at $http_carillon_job';
    access_log {0}/arrivals arrivals buffer=1m flush=1s;
    keepalive_requests 100000000;
    server {{ listen 127.0.0.1:{1} backlog=4096; return 200 '{{"status":"completed","message":"done"}}'; }}
}}
"""


class Target:
    """nginx on a core of its own, until it is closed."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "nginx")
        os.mkdir(self.folder)
        self.arrivals = os.path.join(self.folder, "arrivals")
        self.port = machine.free_port()
        path = os.path.join(self.folder, "nginx.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(CONFIGURATION.format(self.folder, self.port))
        self.process = subprocess.Popen(
            machine.pinned(machine.TARGET_CORE, ["nginx", "-c", path, "-p", self.folder, "-e", "stderr"]),
            stderr=subprocess.DEVNULL)
        self._wait()

    def _wait(self):
        for _ in range(200):
            try:
                with socket.create_connection(("127.0.0.1", self.port)):
                    return
            except OSError:
                time.sleep(0.02)
        raise SystemExit("nginx does not listen: " + open(os.path.join(self.folder, "errors"), encoding="utf-8").read())

    def take_log(self):
        """The path of all that came until now; what comes from now on is in another file."""
        taken = self.arrivals + ".taken"
        os.replace(self.arrivals, taken)
        self.process.send_signal(signal.SIGUSR1)  # nginx empties its buffer and opens the file again
        while not os.path.exists(self.arrivals):
            time.sleep(0.01)
        return taken

    def close(self):
        """Ends nginx; the log is whole then."""
        machine.stop(self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

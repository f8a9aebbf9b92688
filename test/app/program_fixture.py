"""What the tests of the program share: an API of FastAPI on uvicorn, and PIN-112's configuration."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

from once import free_port

PROGRAM, PIN_112 = sys.argv[1], sys.argv[2]
KEY = "c0ffee-key-of-the-test"

API = '''
import asyncio, os
from fastapi import FastAPI, Header, Response
from fastapi.responses import JSONResponse

app, calls, mode = FastAPI(), [], {"now": "good"}

@app.get("/mode/{name}")
def set_mode(name: str):
    mode["now"] = name
    seen = list(calls)
    calls.clear()
    return seen

@app.post("/ops/jobs/{job}")
async def run(job: str, x_api_key: str = Header(default="")):
    calls.append([job, x_api_key])
    now = mode["now"]
    if now == "hang": await asyncio.sleep(3)
    if now == "boom": return {"status": "error", "message": "boom"}
    if now == "html": return Response("<html></html>", media_type="text/html")
    if now == "empty": return Response("")
    if now == "500": return Response("oops", status_code=500)
    if now == "401": return JSONResponse({"detail": "bad key " + x_api_key}, status_code=401)
    return {"status": "completed", "message": job + " done"}
'''


class ProgramCase(unittest.TestCase):
    """An API that answers as a test says, and a folder of the class's own."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.port = free_port()
        with open(cls.folder.name + "/api.py", "w") as f:
            f.write(API)
        cls.api = subprocess.Popen(
            ["/usr/bin/python3", "-m", "uvicorn", "api:app", "--port", str(cls.port), "--log-level", "warning"],
            cwd=cls.folder.name)
        until = time.monotonic() + 60
        while True:
            try:
                cls.mode("good")
                return
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    @classmethod
    def tearDownClass(cls):
        cls.api.terminate()
        cls.api.wait(30)
        cls.folder.cleanup()

    @classmethod
    def mode(cls, name):
        with urllib.request.urlopen(f"http://127.0.0.1:{cls.port}/mode/{name}", timeout=10) as reply:
            return json.load(reply)

    def setUp(self):
        # What one test leaves in the store is not the next one's.
        os.environ["STATE_DIRECTORY"] = os.path.join(self.folder.name, "state", self.id())

    def configure(self, extra=""):
        """PIN-112's own file with its log below the test's folder, quick retries and a short timeout."""
        with open(PIN_112) as f:
            text = f.read()
        self.log = os.path.join(self.folder.name, "log", self.id() + ".log")
        text = text.replace("/var/log/aos/compute-stickiness.log", self.log)
        text = re.sub(r'timeout *= *"60s"', 'timeout = "1s"', text, count=1)
        text = re.sub(r'backoff *= *"1s"', 'backoff = "1ms"', text, count=1) + extra
        path = os.path.join(self.folder.name, "carillon.toml")
        with open(path, "w") as f:
            f.write(text)
        return path

"""carillon's client against FastAPI on uvicorn: polling, values sent on, credentials, codings."""

import hashlib
import hmac
import json
import time
import urllib.request

import chosen
from once import BASIC, KEY, PASSWORD, TOKEN, Servers, free_port

API = '''
import gzip, json
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

app, calls = FastAPI(), []

async def remember(request: Request):
    calls.append({"method": request.method, "path": request.scope["raw_path"].decode(),
                  "query": request.url.query, "headers": dict(request.headers), "body": (await request.body()).decode()})

noted = [Depends(remember)]

@app.get("/calls")
def take_calls():
    seen = list(calls)
    calls.clear()
    return seen

@app.post("/tasks/{polls}", dependencies=noted)
def accept(polls: int):
    return JSONResponse({"status": "accepted"}, status_code=202, headers={"Location": "/state/%d" % polls})

@app.get("/state/{polls}", dependencies=noted)
def tell(polls: int):
    return {"status": "completed" if len(calls) > polls else "running", "message": "asked %d times" % (len(calls) - 1)}

@app.post("/orders", dependencies=noted)
def order():
    return {"status": "completed", "id": '7/\\u00e4 "b"', "count": 3}

@app.post("/compressed")
def compressed():
    return Response(gzip.compress(b'{"status": "completed"}'), headers={"Content-Encoding": "gzip"})

@app.post("/chunks")
def chunks():
    return StreamingResponse(iter(['{"status": "comp', 'leted", "mess', 'age": "in chunks"}']))

@app.post("/{path:path}", dependencies=noted)
def echo(request: Request):
    return {"status": "completed", "message": "you sent [%s]" % request.headers.get("authorization", "")}
'''


class Api(Servers):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        port = free_port()
        cls.url = f"http://localhost:{port}"
        cls.write("api.py", API)
        cls.start(port, "/usr/bin/python3", "-m", "uvicorn", "api:app", "--port", str(port), "--log-level", "warning")

    def setUp(self):
        self.calls()

    def calls(self):
        with urllib.request.urlopen(self.url + "/calls", timeout=10) as reply:
            return json.load(reply)

    def test_polling(self):
        keys = {"expect": {"json": {"/status": "completed"}}, "auth": {"bearer": TOKEN}}
        ran = self.completes("asked 3 times", url=self.url + "/tasks/3", poll={"every": "50ms"}, **keys)
        self.assertIn(f"accepted; asking {self.url}/state/3 each 50ms", ran.text)
        calls = self.calls()
        self.assertEqual([c["method"] + " " + c["path"] for c in calls], ["POST /tasks/3"] + ["GET /state/3"] * 3)
        self.assertEqual({c["headers"]["authorization"] for c in calls}, {"Bearer " + TOKEN})
        self.fails("timed_out", 'the last answer: /status is "running"', status=200, url=self.url + "/tasks/9",
                   poll={"every": "300ms"}, deadline="590ms", **keys)

    def test_values_are_sent_on(self):
        name, count = "{{jobs.first/id}}", "{{jobs.first/count}}"
        ran = self.run_chain({
            "first": {"url": self.url + "/orders"},
            "second": {"url": f"{self.url}/things/{name}?n={count}", "after": "first", "headers": {"X-Thing": name},
                       "body": {"id": name, "text": "the order " + name}},
            "third": {"url": self.url + "/numbers", "after": "second", "body": f'{{"id": {name}, "n": {count}}}',
                      "headers": {"Content-Type": "application/json"}},
            "fourth": {"url": self.url + "/things/{{jobs.first/nothing}}", "after": "third"}})
        self.assertEqual({name: e["outcome"] for name, e in ran.ended.items()},
                         {"first": "completed", "second": "completed", "third": "completed", "fourth": "failed"})
        self.assertIn("jobs.first/nothing", ran.ended["fourth"]["message"])
        _, second, third = self.calls()
        self.assertEqual((second["path"], second["query"]), ("/things/7%2F%C3%A4%20%22b%22", "n=3"))
        self.assertEqual(second["headers"]["x-thing"].encode("latin-1").decode(), '7/ä "b"')
        self.assertEqual(json.loads(second["body"]), {"id": '7/ä "b"', "text": 'the order 7/ä "b"'})
        self.assertEqual(json.loads(third["body"]), {"id": '7/ä "b"', "n": 3})

    def test_bearer_and_basic(self):
        for auth, sent in (({"bearer": TOKEN}, "Bearer " + TOKEN),
                           ({"basic": {"user": "ops", "password": PASSWORD}}, "Basic " + BASIC)):
            # The reply echoes it, and it is hidden all the same.
            ran = self.run_chain({"a": {"url": self.url + "/x", "auth": auth}})
            self.assertIn("***", ran.ended["a"]["message"])
            self.assertEqual([c["headers"]["authorization"] for c in self.calls()], [sent])

    def test_hmac(self):
        for header in ({}, {"header": "X-Signed"}):
            self.completes("you sent []", url=self.url + "/x", body={"text": "ä"},
                           auth={"hmac": {"key": KEY, **header}})
            call, = self.calls()
            t, v1 = call["headers"][header.get("header", "Carillon-Signature").lower()].split(",")
            self.assertLess(abs(time.time() - int(t.removeprefix("t="))), 60)
            signed = f"{t.removeprefix('t=')}.{call['body']}".encode()
            self.assertEqual(v1, "v1=" + hmac.new(KEY.encode(), signed, hashlib.sha256).hexdigest())

    def test_bounds(self):
        url = self.url + "/orders"
        self.completes("No message", url=url, expect={"json": {"/count": {"min": 3, "max": 3}}})
        for bounds, words in (({"min": 4, "max": 9}, "/count is 3, not from 4 to 9"),
                              ({"max": 2.5}, "/count is 3, not at most 2.5")):
            self.fails("failed", words, status=200, url=url, expect={"json": {"/count": bounds}})

    def test_codings(self):
        wanted = {"json": {"/status": "completed"}}
        self.completes("in chunks", url=self.url + "/chunks", expect=wanted)
        self.fails("failed", "reply is compressed (gzip), which carillon does not read", status=200,
                   url=self.url + "/compressed", expect=wanted)


if __name__ == "__main__":
    chosen.main()

"""carillon's client against servers that nobody here wrote: nginx, OpenSSL's, tinyproxy, FastAPI on uvicorn."""

import hashlib
import hmac
import json
import sys
import time
import unittest
import urllib.request

import chosen
from once import BASIC, KEY, PASSWORD, TOKEN, Servers, free_port

QUICK = {"attempts": 3, "backoff": "1ms"}

NGINX = '''
daemon off; master_process off; pid nginx.pid; error_log error.log;
events {}
http {
    access_log off; default_type application/json; client_max_body_size 1k;
    client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
    limit_req_zone $server_port zone=slow:64k rate=1r/m;
    ssl_certificate valid.pem; ssl_certificate_key valid.key; ssl_client_certificate ca.pem;
    server {
        listen 127.0.0.1:%(plain)d; listen unix:nginx.sock; listen 127.0.0.1:%(tls)d ssl;
        location / { return 200 '{"status": "completed", "message": "$request_method $uri [$content_length]"}'; }
        location /kept { return 200 '{"message": "$connection $connection_requests"}'; }
        location /resumed { keepalive_timeout 0; return 200 '{"message": "resumed: $ssl_session_reused"}'; }
        location /told { return 200 '{"message": "told [$http_authorization$http_x_api_key]"}'; }
        location /via { return 200 '{"message": "via [$http_via], proxy [$http_proxy_authorization]"}'; }
        location /found { return 302 /landed; }
        location /moved { return 307 /landed; }
        location /away { return 307 https://localhost:%(tls)d/told; }
        location /down { return 503; }
        location /later {
            add_header Retry-After 1 always;
            if ($http_carillon_attempt = 1) { return 503; }
            return 200 '{"message": "now"}';
        }
        location /slow { root .; limit_req zone=slow burst=9; }
        location /trickle { limit_rate 1; return 200 '{}'; }
    }
    server {
        listen 127.0.0.1:%(strict)d ssl; ssl_verify_client on;
        location / { return 200 '{"message": "welcome, $ssl_client_s_dn"}'; }
    }
}
'''

TINYPROXY = '''
Port %(port)d
Listen 127.0.0.1
BasicAuth ops %(password)s
ConnectPort %(tls)d
ConnectPort %(nobody)d
'''

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


class BesideNginx(Servers):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_authority()
        cls.make_certificate("valid")
        cls.plain, cls.tls, cls.strict = free_port(), free_port(), free_port()
        cls.write("nginx.conf", NGINX % {"plain": cls.plain, "tls": cls.tls, "strict": cls.strict})
        cls.write("slow", "{}")
        cls.start(cls.plain, "/usr/sbin/nginx", "-p", cls.folder, "-c", cls.path("nginx.conf"), "-e", "error.log")
        cls.http, cls.https = f"http://localhost:{cls.plain}", f"https://localhost:{cls.tls}"
        cls.trust = {"ca_file": cls.path("ca.pem")}


class Nginx(BesideNginx):
    def messages_of_two(self, url, **keys):
        jobs = {"first": {"url": url, **keys}, "second": {"url": url, "after": "first", **keys}}
        ran = self.run_chain(jobs)
        self.assertEqual(ran.code, 0, ran.text)
        return [ran.ended[name]["message"] for name in jobs]

    def test_one_connection_serves_a_chain(self):
        for url in (self.http, self.https):
            with self.subTest(url):
                first, second = self.messages_of_two(url + "/kept", tls=self.trust)
                self.assertEqual((first.split()[1], second), ("1", first.split()[0] + " 2"))

    def test_https(self):
        self.completes("POST /x [2]", url=self.https + "/x", body="{}", tls=self.trust)
        self.completes("POST /x [0]", url=f"https://127.0.0.1:{self.tls}/x",
                       tls={**self.trust, "server_name": "localhost"})

    def test_a_session_is_resumed(self):
        self.assertEqual(self.messages_of_two(self.https + "/resumed", tls=self.trust), ["resumed: .", "resumed: r"])

    def test_a_clients_certificate(self):
        url = f"https://localhost:{self.strict}/"
        own = {"cert_file": self.path("valid.pem"), "key_file": self.path("valid.key")}
        self.completes("welcome, CN=valid of the test", url=url, tls={**self.trust, **own})
        self.fails("failed", "HTTP 400 Bad Request", status=400, url=url, tls=self.trust, retry=QUICK)

    def test_the_wrong_scheme(self):
        url = f"https://localhost:{self.plain}/"
        self.fails("rejected", "does not speak TLS", phase="handshake", url=url, retry=QUICK)
        self.fails("failed", "HTTP 400 Bad Request", status=400, url=f"http://localhost:{self.tls}/", retry=QUICK)

    def test_a_unix_socket(self):
        there = {"unix_socket": self.path("nginx.sock"), "redirects": 1}
        self.completes("POST /x [0]", url="http://localhost/x", **there)
        self.fails("rejected", "away from the unix socket", status=307, url="http://localhost/away", **there)
        self.fails("unreachable", "no such file", phase="connect", url="http://localhost/",
                   unix_socket=self.path("nobody.sock"))

    def test_redirects(self):
        self.fails("failed", "set redirects", status=302, url=self.http + "/found", retry=QUICK)
        self.completes("GET /landed []", url=self.http + "/found", body="{}", redirects=1)
        self.completes("POST /landed [2]", url=self.http + "/moved", body="{}", redirects=1)

    def test_another_origin_gets_no_credentials(self):
        own = {"auth": {"bearer": TOKEN}, "headers": {"X-API-Key": KEY}, "tls": self.trust}
        self.completes("told []", url=self.http + "/away", redirects=1, **own)
        self.completes("told [Bearer ******]", url=self.https + "/told", **own)

    def test_a_body_too_large_for_it(self):
        self.fails("failed", "HTTP 413", status=413, url=self.http + "/", body="x" * 4_000_000, retry=QUICK)

    def test_down(self):
        self.fails("failed", "HTTP 503 Service Temporarily Unavailable", 3, 503, url=self.http + "/down", retry=QUICK)

    def test_retry_after(self):
        begun = time.monotonic()
        ran = self.completes("now", url=self.http + "/later", retry={"attempts": 2, "backoff": "1ms"})
        self.assertGreaterEqual(time.monotonic() - begun, 1)
        self.assertEqual(ran.ended["a"]["attempt"], 2)
        self.assertIn("attempt 2 of 2 in 1s", ran.text)
        # A wait that would pass the deadline is not begun.
        self.fails("failed", "HTTP 503", status=503, url=self.http + "/later", deadline="900ms", retry=QUICK)

    def test_slow(self):
        urllib.request.urlopen(self.http + "/slow", timeout=10).close()
        limit = {"method": "GET", "timeout": "300ms"}
        self.fails("timed_out", "timed out after 0.3s", phase="first_byte", url=self.http + "/slow", **limit)
        self.fails("timed_out", "timed out after 0.3s", phase="body", url=self.http + "/trickle", **limit)


class Openssl(Servers):
    """What carillon must not trust: one attempt, and the reason in words."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.make_authority()
        cls.make_authority("lonely", "localhost")
        cls.make_certificate("valid")
        cls.make_certificate("late", days=0)
        cls.make_certificate("strange", "other.example")
        cls.trust = {"ca_file": cls.path("ca.pem")}
        cls.valid, cls.late, cls.strange, cls.lonely, cls.old = [
            cls.start_server(*a) for a in (["valid"], ["late"], ["strange"], ["lonely"],
                                           ["valid", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"])]

    @classmethod
    def start_server(cls, certificate, *options):
        port = free_port()
        cls.start(port, "openssl", "s_server", "-www", "-accept", f"127.0.0.1:{port}", "-cert", certificate + ".pem",
                  "-key", certificate + ".key", *options)
        return f"https://localhost:{port}/"

    def rejects(self, words, **keys):
        self.fails("rejected", words, phase="handshake", retry=QUICK, method="GET", **keys)

    def test_trusted(self):
        for tls in (self.trust, {"verify": False}):
            self.completes("No message", method="GET", url=self.valid, tls=tls)

    def test_untrusted(self):
        self.rejects("certificate is not trusted (issued by CN=ca of the test)", url=self.valid)

    def test_expired(self):
        self.rejects("certificate has expired (on 20", url=self.late, tls=self.trust)

    def test_for_another_host(self):
        self.rejects("certificate is for another host (it is for other.example)", url=self.strange, tls=self.trust)
        self.completes("No message", method="GET", url=self.strange, tls={**self.trust, "server_name": "other.example"})

    def test_self_signed(self):
        self.rejects("certificate is self-signed (it is that of CN=lonely of the test)", url=self.lonely,
                     tls=self.trust)
        self.completes("No message", method="GET", url=self.lonely, tls={"ca_file": self.path("lonely.pem")})

    def test_too_old_a_version(self):
        self.rejects("the TLS handshake failed (the server's alert: protocol version", url=self.old, tls=self.trust)


class Tinyproxy(BesideNginx):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        port, cls.nobody = free_port(), free_port()
        cls.write("tinyproxy.conf", TINYPROXY % {"port": port, "password": PASSWORD, "tls": cls.tls,
                                                 "nobody": cls.nobody})
        cls.start(port, "tinyproxy", "-d", "-c", cls.path("tinyproxy.conf"))
        cls.none, cls.right, cls.wrong = (
            f"http://{user}localhost:{port}" for user in ("", f"ops:{PASSWORD}@", f"ops:{TOKEN}@"))

    def test_http(self):
        url = self.http + "/via"
        message = self.run_chain({"a": {"url": url, "proxy": self.right}}).ended["a"]["message"]
        self.assertRegex(message, r"^via \[1\.1 .*tinyproxy.*\], proxy \[\]$")
        # Asked for a password it says 407, of a wrong one 401.
        self.fails("failed", "check the proxy's user and password", status=407, url=url, proxy=self.none, retry=QUICK)
        self.fails("failed", "HTTP 401", status=401, url=url, proxy=self.wrong, retry=QUICK)

    def test_https(self):
        url = self.https + "/via"
        self.completes("via [], proxy []", url=url, proxy=self.right, tls=self.trust)
        for proxy, words in ((self.none, "HTTP 407"), (self.wrong, "HTTP 401")):
            self.fails("rejected", words, phase="connect", url=url, proxy=proxy, tls=self.trust, retry=QUICK)

    def test_a_tunnel_is_refused(self):
        self.fails("rejected", "HTTP 403", phase="connect", url=f"https://localhost:{self.strict}/", proxy=self.right,
                   retry=QUICK)

    def test_a_tunnel_leads_nowhere(self):
        self.fails("unreachable", "the proxy could not connect", 3, phase="connect", retry=QUICK,
                   url=f"https://localhost:{self.nobody}/", proxy=self.right)

    def test_the_environment(self):
        # 0.0.0.0 is this machine as well, but no loopback address.
        nothing, url = "via [], proxy []", f"http://0.0.0.0:{self.plain}/via"
        message = self.run_chain({"a": {"url": url}}, http_proxy=self.right).ended["a"]["message"]
        self.assertIn("tinyproxy", message)
        self.completes(nothing, {"http_proxy": self.wrong}, url=self.http + "/via")
        self.completes(nothing, {"HTTP_PROXY": self.wrong}, url=url)
        self.completes(nothing, {"http_proxy": self.wrong, "no_proxy": "a.example, 0.0.0.0"}, url=url)
        self.completes(nothing, {"http_proxy": self.wrong}, url=url, proxy="")


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

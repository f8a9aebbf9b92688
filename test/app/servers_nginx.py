"""carillon's client against nginx."""

import time
import urllib.request

import chosen
from nginx_fixture import BesideNginx
from once import KEY, QUICK, TOKEN


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


if __name__ == "__main__":
    chosen.main()

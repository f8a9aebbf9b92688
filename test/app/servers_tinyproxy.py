"""carillon's client through tinyproxy, to nginx."""

import chosen
from nginx_fixture import BesideNginx
from once import PASSWORD, QUICK, TOKEN, free_port

TINYPROXY = '''
Port %(port)d
Listen 127.0.0.1
BasicAuth ops %(password)s
ConnectPort %(tls)d
ConnectPort %(nobody)d
'''


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


if __name__ == "__main__":
    chosen.main()

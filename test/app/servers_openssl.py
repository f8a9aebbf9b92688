"""carillon's client against OpenSSL's s_server: which certificates and versions it does not trust."""

import chosen
from once import QUICK, Servers, free_port


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


if __name__ == "__main__":
    chosen.main()

"""nginx as a server of plain HTTP, of TLS, and of TLS that asks for a client's certificate."""

from once import Servers, free_port

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

"""HAProxy in front of several Drays. If a server has just died, it answers as Dray does if its store cannot be reached: 503 with
Retry-After."""

import shutil
import subprocess

from nodes import answers, free_port, wait_until

REFUSAL = """HTTP/1.1 503 Service Unavailable\r
content-type: application/json\r
retry-after: 1\r
cache-control: no-store\r
connection: close\r
\r
{"statusCode": 503, "error": "Service Unavailable", "code": "server_unreachable", "message": "No server answers. Ask again."}
"""

SETTINGS = """
global
  maxconn 2000
defaults
  mode http
  # HAProxy also waits this long before it tries a server again that refused a connection.
  timeout connect 250ms
  timeout client 60s
  timeout server 60s
  timeout check 3s
  retries 2
  option redispatch 1
  errorfile 502 {refusal}
  errorfile 503 {refusal}
  errorfile 504 {refusal}
frontend drive
  bind {address}
  default_backend drays
backend drays
  balance roundrobin
  option httpchk GET /healthz
  default-server check inter 500ms fall 2 rise 1
{servers}
"""


class Balancer:
    def __init__(self, folder, drays):
        self.folder, self.drays = folder, drays
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"
        self.process = None

    def start(self):
        refusal = self.folder / "refusal.http"
        refusal.write_text(REFUSAL, newline="")
        servers = "".join(
            f"  server dray{number} {dray.url.removeprefix('http://')}\n" for number, dray in enumerate(self.drays)
        )
        settings = self.folder / "haproxy.cfg"
        settings.write_text(SETTINGS.format(refusal=refusal, address=self.address, servers=servers))
        log = open(self.folder / "haproxy.log", "ab")
        haproxy = shutil.which("haproxy") or "/usr/sbin/haproxy"
        self.process = subprocess.Popen([haproxy, "-f", str(settings), "-db"], stdout=log, stderr=log)
        wait_until(lambda: answers(self.url + "/healthz"), "HAProxy")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()

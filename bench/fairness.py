"""Measures how much stuck transfers slow another transfer: its rate beside them, as a ratio to its rate without them."""
import http.client
import json
import socket
import statistics
import time
import urllib.request
from urllib.parse import urlsplit

from servers import Dray
from table import Figure
from tools import Failed

MIB = 1 << 20
STUCK_PUTS, STUCK_READERS = 520, 300
# The size of the other transfer, large enough for a stable rate, and how often it is repeated.
OTHER_BYTES, REPEATS = 32 * MIB, 3
# The stuck transfers come from one address of this machine, the other transfer from another.
OTHER_ADDRESS = "127.0.0.2"


def row(bench, report):
    """Measures another transfer beside 520 stuck PUTs, and beside 300 downloads whose client reads nothing."""
    up, down = [], []
    for _ in range(bench.rounds):
        with Dray(bench.kit, bench.data) as dray:
            drive = Drive(dray)
            up.append(ratio(drive.upload, lambda: drive.stuck_puts()))
            down.append(ratio(drive.download, lambda: drive.stuck_readers()))
    report.add(f"an upload beside {STUCK_PUTS} stuck PUTs", Figure(up, "× its usual rate", 2), target="≥ 0.5 ×")
    report.add(f"a download beside {STUCK_READERS} stuck readers", Figure(down, "× its usual rate", 2), target="≥ 0.5 ×")


def ratio(transfer, hold):
    """The rate while the sockets of `hold()` are open, divided by the rate without them."""
    def rate():
        return statistics.median(OTHER_BYTES / transfer() for _ in range(REPEATS))
    usual, held = rate(), hold()
    try:
        # The server has accepted the last of the sockets, and has had time to act on them.
        time.sleep(1)
        return rate() / usual
    finally:
        for one in held:
            one.close()
        # The next measurement must not share the processor with the end of these.
        time.sleep(1)


class Drive:
    def __init__(self, dray):
        self.dray, self.token = dray, dray.token()
        self.bytes = bytes(OTHER_BYTES)
        upload, url = self.start(OTHER_BYTES)
        etag = self.put(url)
        item = self.ask("POST", "/drive/files/upload/multipart/finalize",
                        {**upload, "parts": [{"partNumber": 1, "eTag": etag}]})
        self.link = self.ask("GET", f"/drive/files/{item['id']}/download")["url"]

    def ask(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.dray.url}/public/v1{path}", method=method, headers=headers,
                                         data=body and json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def start(self, size):
        """Starts an upload; returns it and the URL of its one part."""
        started = self.ask("POST", "/drive/files/upload/multipart/start",
                           {"fileName": "f.bin", "fileSize": size, "mimeType": "a/b"})
        upload = {key: started[key] for key in ("uploadId", "fileKey")}
        signed = self.ask("POST", "/drive/files/upload/multipart/presigned-urls", {**upload, "parts": 1})
        return upload, signed["urls"][0]

    def put(self, url):
        answer, _ = self.other("PUT", url, self.bytes)
        return answer.getheader("etag").strip('"')

    def other(self, method, url, body=None):
        connection = http.client.HTTPConnection(self.dray.authority, timeout=60, source_address=(OTHER_ADDRESS, 0))
        connection.request(method, target(url), body=body)
        answer = connection.getresponse()
        got = answer.read()
        connection.close()
        if answer.status != 200:
            raise Failed(f"{method} was answered {answer.status}")
        return answer, got

    def upload(self):
        _, url = self.start(OTHER_BYTES)
        began = time.monotonic()
        self.put(url)
        return time.monotonic() - began

    def download(self):
        began = time.monotonic()
        self.other("GET", self.link)
        return time.monotonic() - began

    def stuck_puts(self):
        _, url = self.start(1 << 30)
        head = f"PUT {target(url)} HTTP/1.1\r\nHost: {self.dray.authority}\r\nContent-Length: {OTHER_BYTES}\r\n\r\nx"
        return [self.stuck(head) for _ in range(STUCK_PUTS)]

    def stuck_readers(self):
        head = f"GET {target(self.link)} HTTP/1.1\r\nHost: {self.dray.authority}\r\n\r\n"
        return [self.stuck(head, receive=4096) for _ in range(STUCK_READERS)]

    def stuck(self, head, receive=None):
        one = socket.socket()
        if receive:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        one.connect(("127.0.0.1", self.dray.port))
        one.sendall(head.encode())
        return one


def target(url):
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"

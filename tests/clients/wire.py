"""Raw HTTP: botocore's signer signs the requests, and they are sent byte for byte as the test wrote them."""

import http.client
import socket
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

TIMEOUT_SECS = 10


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def code(self):
        """The S3 error code of the body."""
        root = ElementTree.fromstring(self.body)
        assert root.tag == "Error", self.body
        return root.findtext("Code")

    @property
    def refusal(self):
        """(code, status), for comparing with a row of the error table."""
        assert self.status >= 400, f"expected an error, got {self.status} {self.body[:500]!r}"
        return self.code, self.status


def exchange(method, url, headers=None, body=None):
    """Sends one request on a new connection. The target is sent as written: nothing normalises or re-encodes it."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_SECS)
    try:
        target = parts.path + ("?" + parts.query if parts.query else "")
        connection.request(method, target, body=body, headers=headers or {})
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


class FixedPayload(S3SigV4Auth):
    """botocore's S3 signer with a payload hash that the test chooses."""

    def __init__(self, store, payload_hash):
        super().__init__(Credentials(store.access_key, store.secret_key), "s3", store.region)
        self.payload_hash = payload_hash

    def payload(self, request):
        return self.payload_hash or super().payload(request)


class Wire:
    """Signs for one store."""

    def __init__(self, store):
        self.store = store

    def url(self, key, query=""):
        path = f"/{self.store.bucket}/{quote(key, safe='/~')}"
        return self.store.endpoint + path + ("?" + query if query else "")

    def bucket_url(self, query=""):
        return f"{self.store.endpoint}/{self.store.bucket}" + ("?" + query if query else "")

    def sign(self, method, url, headers=None, body=b"", payload_hash=None):
        """The signed headers, and the signer with the request so that chunks can be signed after it."""
        request = AWSRequest(method=method, url=url, headers=headers or {}, data=body)
        signer = FixedPayload(self.store, payload_hash)
        signer.add_auth(request)
        return dict(request.headers.items()), signer, request

    def presign(self, method, url, life_secs):
        """The URL with its signature in the query. Its life is not checked."""
        request = AWSRequest(method=method, url=url)
        credentials = Credentials(self.store.access_key, self.store.secret_key)
        S3SigV4QueryAuth(credentials, "s3", self.store.region, expires=life_secs).add_auth(request)
        return request.url

    def send(self, method, url, headers=None, body=b"", payload_hash=None, unsigned_headers=None):
        signed, _, _ = self.sign(method, url, headers, body, payload_hash)
        return exchange(method, url, signed | (unsigned_headers or {}), body)

    def send_exactly(self, method, url, headers, sent_body=b"", cut=False):
        """Sends exactly these headers, the signature and these body bytes. See `send_raw`."""
        signed, _, _ = self.sign(method, url, headers, payload_hash="UNSIGNED-PAYLOAD")
        return send_raw(method, url, signed, sent_body, cut)


def head_bytes(method, url, headers):
    """The request line and the headers. It adds only Host."""
    parts = urlsplit(url)
    target = parts.path + ("?" + parts.query if parts.query else "")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def connect(url):
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=TIMEOUT_SECS)


def send_raw(method, url, headers, sent_body=b"", cut=False):
    """The answer to these bytes; None if the server closes without one. With `cut`, the sending side is closed after them."""
    with connect(url) as connection:
        connection.sendall(head_bytes(method, url, headers) + sent_body)
        if not cut:
            return read_answer(connection, method)
        connection.shutdown(socket.SHUT_WR)
        try:
            return read_answer(connection, method)
        except (http.client.RemoteDisconnected, ConnectionResetError):
            return None


def first_line_and_answer(method, url, headers):
    """The first line that arrives, interim or final, and the final answer. The connection stays open until then."""
    with connect(url) as connection:
        connection.sendall(head_bytes(method, url, headers))
        return first_line(connection), read_answer(connection, method)


def first_line(connection):
    """The first line waiting to be read, left unread."""
    return connection.recv(4096, socket.MSG_PEEK).split(b"\r\n", 1)[0]


def read_answer(connection, method):
    answer = http.client.HTTPResponse(connection, method=method)
    try:
        answer.begin()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        answer.close()

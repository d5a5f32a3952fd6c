"""Bodies in the `aws-chunked` encoding, unsigned and signed.

Written from AWS's description ("Signature calculations: transferring payload in multiple chunks" and its trailing
headers variant), so that the store's decoder is checked against something other than its own encoder.
"""

import hashlib

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"


def pieces(data, size_bytes):
    return [data[at : at + size_bytes] for at in range(0, len(data), size_bytes)]


def unsigned(data, trailer=None, chunk_bytes=65536):
    """`trailer` is (name, value)."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces(data, chunk_bytes))
    last = f"{trailer[0]}:{trailer[1]}\r\n".encode() if trailer else b""
    return body + b"0\r\n" + last + b"\r\n"


class ChunkSigner:
    """Carries the chain of signatures that begins with the one in the Authorization header."""

    def __init__(self, signer, request):
        self.signer, self.request = signer, request
        self.previous = request.headers["Authorization"].rsplit("Signature=", 1)[1]

    def _next(self, *lines):
        scope = self.signer.credential_scope(self.request)
        text = "\n".join([lines[0], self.request.context["timestamp"], scope, self.previous, *lines[1:]])
        self.previous = self.signer.signature(text, self.request)
        return self.previous

    def chunk(self, data):
        signature = self._next("AWS4-HMAC-SHA256-PAYLOAD", EMPTY_SHA256, hashlib.sha256(data).hexdigest())
        return b"%x;chunk-signature=%b\r\n" % (len(data), signature.encode())

    def trailer(self, name, value):
        signature = self._next("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(f"{name}:{value}\n".encode()).hexdigest())
        return f"{name}:{value}\r\nx-amz-trailer-signature:{signature}\r\n".encode()


def signed(data, chunk_signer, trailer=None, chunk_bytes=65536):
    body = b"".join(chunk_signer.chunk(piece) + piece + b"\r\n" for piece in pieces(data, chunk_bytes))
    body += chunk_signer.chunk(b"")
    return body + (chunk_signer.trailer(*trailer) if trailer else b"") + b"\r\n"

"""A proxy between a client and its server that fails as networks do: it loses answers, cuts connections, and answers itself."""

import http.client
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade"}


@dataclass(frozen=True)
class Seen:
    """A request."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def is_part(self) -> bool:
        return self.method == "PUT" and "X-Amz-Signature" in self.path

    @property
    def is_range(self) -> bool:
        return self.method == "GET" and "X-Amz-Signature" in self.path


@dataclass(frozen=True)
class Answer:
    """An answer that the proxy makes up."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Instead:
    """An answer that the proxy gives instead of the server's own, after the server has done its work."""

    answer: Answer


PASS, LOSE, CUT, CUT_ANSWER, REFUSE = "pass", "lose the answer", "cut the request", "cut the answer", "refuse"
Choice = str | Answer | Instead
Chooser = Callable[[Seen], Choice]


class Proxy:
    """Stands in front of a server. `choose` decides what happens to each request, and may block."""

    def __init__(self, port: int, choose: Chooser = lambda seen: PASS) -> None:
        self.choose = choose
        self.seen: list[Seen] = []
        self.under_way = self.most_under_way = 0
        self._counting = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(port))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def count(self, test: Callable[[Seen], bool]) -> int:
        """How many requests fulfil `test`."""
        return sum(map(test, self.seen))

    def enter(self, seen: Seen, change: int) -> None:
        with self._counting:
            if change > 0:
                self.seen.append(seen)
            self.under_way += change * seen.is_part
            self.most_under_way = max(self.most_under_way, self.under_way)

    def _handler(self, port: int) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def handle_any(self) -> None:
                seen = Seen(self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
                proxy.enter(seen, 1)
                try:
                    self.answer(proxy.choose(seen))
                except (OSError, http.client.HTTPException):
                    self.close_connection = True
                finally:
                    proxy.enter(seen, -1)

            do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any

            def answer(self, choice: Choice) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                if choice == REFUSE:
                    self.close_connection = True
                    return
                if choice == CUT:
                    self.rfile.read(length // 2)
                    self.close_connection = True
                    return
                body = self.rfile.read(length)
                if isinstance(choice, Answer):
                    return self.say(choice.status, list(choice.headers), choice.body, len(choice.body))
                upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                try:
                    headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
                    upstream.request(self.command, self.path, body=body, headers=headers)
                    got = upstream.getresponse()
                    said = got.read()
                finally:
                    upstream.close()
                if choice == LOSE:
                    self.close_connection = True
                    return
                if isinstance(choice, Instead):
                    made_up = choice.answer
                    return self.say(made_up.status, list(made_up.headers), made_up.body, len(made_up.body))
                kept = [
                    (name, value)
                    for name, value in got.getheaders()
                    if name.lower() not in HOP_BY_HOP | {"content-length"}
                ]
                cut = len(said) // 2 if choice == CUT_ANSWER else len(said)
                self.say(got.status, kept, said[:cut], len(said))

            def say(self, status: int, headers: list[tuple[str, str]], body: bytes, length: int) -> None:
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(body)
                if len(body) < length:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        return Handler

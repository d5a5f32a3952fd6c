"""The real `dray serve` on a port that stays the same, so that it can be killed and started again under its clients."""

import contextlib
import os
import re
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path

START_TIMEOUT_SECS = 60


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One data folder, and at most one running server on it."""

    def __init__(self, data: Path, *flags: str, environment: dict[str, str] | None = None) -> None:
        self.data, self.flags = data, flags
        self.environment = {**os.environ, **(environment or {})}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.lines: list[str] = []
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> "Server":
        """Starts it, and returns when it serves."""
        where = ["--listen", f"127.0.0.1:{self.port}", "--data", str(self.data), "--log-level", "warn"]
        self.process = subprocess.Popen(
            [os.environ["DRAY_BIN"], "serve", *where, *self.flags],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment,
        )
        watchdog = threading.Timer(START_TIMEOUT_SECS, self.process.kill)
        watchdog.start()
        for line in self.process.stdout:
            self.lines.append(line)
            if "Dray is at" in line:
                break
        # The socket is bound by now, so this waits in its queue until there is an answer.
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(f"{self.url}/readyz", timeout=START_TIMEOUT_SECS).close()
        threading.Thread(target=self._drain, daemon=True).start()
        watchdog.cancel()
        assert self.process.poll() is None, "dray serve ended:\n" + "".join(self.lines)
        return self

    def _drain(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line)
            del self.lines[:-500]
        self.process.stdout.close()

    def kill(self) -> None:
        """SIGKILL, as in a power cut."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM."""
        self.process.terminate()
        assert self.process.wait(timeout=30) == 0, "".join(self.lines)

    def token(self, *flags: str) -> str:
        """A new token of the owner."""
        command = [
            os.environ["DRAY_BIN"],
            "token",
            "create",
            "--user",
            "owner@localhost",
            "--data",
            str(self.data),
            *flags,
        ]
        made = subprocess.run(command, capture_output=True, text=True, timeout=60, env=self.environment)
        assert made.returncode == 0, made.stderr
        (token,) = re.findall(r"cp_pat_\w+", made.stdout)
        return str(token)

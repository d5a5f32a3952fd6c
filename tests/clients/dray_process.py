"""The real `dray` binary as a process: starts it, finds its address, kills it, gets keys and tokens from it."""

import json
import os
import re
import subprocess
import threading

from store import Store
from wire import exchange

ADDRESS = re.compile(r"(127\.0\.0\.1:[1-9]\d*)")
START_TIMEOUT_SECS = 60


class Dray:
    """One data folder, and at most one running server on it."""

    def __init__(self, data):
        self.binary = os.environ["DRAY_BIN"]
        self.data = data
        self.process = None
        self.lines = []

    def start(self):
        """Starts the server and returns when it answers requests."""
        self.process = subprocess.Popen(
            [self.binary, "serve", "--listen", "127.0.0.1:0", "--data", str(self.data)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        watchdog = threading.Timer(START_TIMEOUT_SECS, self.process.kill)
        watchdog.start()
        self.url = "http://" + self._address()
        threading.Thread(target=self._drain, args=(self.process.stdout,), daemon=True).start()
        self._wait_until_it_serves()
        watchdog.cancel()
        return self

    def _address(self):
        for line in self.process.stdout:
            self.lines.append(line)
            if found := ADDRESS.search(line):
                return found.group(1)
        raise AssertionError("dray serve printed no address:\n" + "".join(self.lines))

    def _wait_until_it_serves(self):
        """The server binds its socket before it prints the address, so one request waits in the queue until it is answered."""
        answer = exchange("GET", f"{self.url}/readyz")
        assert answer.status == 200, answer.body

    def _drain(self, output):
        """Empties the pipe, and keeps the last lines for debugging."""
        for line in output:
            self.lines.append(line)
            del self.lines[:-2000]

    def kill(self):
        """Sends SIGKILL: the server cannot clean up, as in a power cut."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Sends SIGTERM; returns the exit status."""
        self.process.terminate()
        try:
            return self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def command(self, *arguments):
        """Runs another subcommand on the same data folder and returns its stdout."""
        done = subprocess.run(
            [self.binary, *arguments, "--data", str(self.data)], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def store(self, *arguments):
        """Address and keys of the embedded store for S3 clients; by default, keys that may write everywhere in it."""
        keys = json.loads(self.command("store", "keys", "--json", *(arguments or ["--write-drive"])))
        return Store(
            endpoint=self.url,
            bucket=keys["bucket"],
            region=keys["region"],
            access_key=keys["accessKeyId"],
            secret_key=keys["secretAccessKey"],
        )

    def token(self):
        """A personal access token of the owner."""
        return self.command("token", "create", "--user", "owner@localhost").strip()

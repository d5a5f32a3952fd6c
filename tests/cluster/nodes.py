"""Processes that are started, killed and started again: Dray's, and those of the scripts in this folder."""

import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# How long a start may take on a busy machine.
START_SECS = 60


def free_port():
    """A free port below those that the kernel gives to clients, so that it stays free while its server is dead."""
    import random

    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def wait_until(is_true, what, secs=START_SECS, every_secs=0.2):
    until = time.monotonic() + secs
    while not is_true():
        if time.monotonic() > until:
            raise AssertionError(f"{what} did not come within {secs} s")
        time.sleep(every_secs)


def answers(url):
    """Whether the answer to a GET is 200."""
    try:
        return urllib.request.urlopen(url, timeout=5).status == 200
    except OSError:
        return False


class Script:
    """A store or a database, which a script in this folder starts."""

    def __init__(self, script, folder, variant=None):
        self.script, self.folder = str(HERE / script), str(folder)
        self.environment = {**os.environ, "N": variant} if variant else dict(os.environ)

    def do(self, *arguments):
        done = subprocess.run([self.script, *arguments], env=self.environment, stdout=subprocess.PIPE, text=True, timeout=600)
        if done.returncode != 0:
            raise AssertionError(f"{Path(self.script).name} {' '.join(arguments)} failed")
        return done.stdout

    def missing(self):
        return self.do("missing").strip()

    def tell(self):
        return dict(line.split(": ", 1) for line in self.do("tell").replace(": \n", ":  \n").splitlines())

    def up(self):
        self.do("up", self.folder)
        lines = Path(self.folder, "env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def kill(self, node):
        self.do("kill", self.folder, node)

    def start(self, node):
        self.do("start", self.folder, node)

    def down(self):
        self.do("down", self.folder)


class Dray:
    """A `dray serve` with its own port and folder."""

    def __init__(self, binary, folder, settings, host="127.0.0.1"):
        self.binary, self.folder, self.settings = str(binary), Path(folder), settings
        self.folder.mkdir(parents=True, exist_ok=True)
        self.url = f"http://{host}:{free_port()}"
        self.token = None
        self.process = None

    def environment(self):
        return {**os.environ, **self.settings, "DRAY_DATA": str(self.folder / "data"), "RUST_BACKTRACE": "0"}

    def launch(self):
        """Starts it without waiting."""
        log = open(self.folder / "log", "ab")
        out = open(self.folder / "greeting", "wb")
        listen = self.url.removeprefix("http://")
        self.process = subprocess.Popen(
            [self.binary, "serve", "--listen", listen], env=self.environment(), stdout=out, stderr=log
        )

    def start(self):
        self.launch()
        wait_until(lambda: self.is_dead() or answers(self.url + "/healthz"), "dray serve")
        if self.is_dead():
            raise AssertionError(f"dray serve ended; {self.folder}/log says why")
        token = re.search(rb"cp_pat_\S+", (self.folder / "greeting").read_bytes())
        if token:
            self.token = token.group().decode()

    def is_dead(self):
        return self.process.poll() is not None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and not self.is_dead():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(45)
            except subprocess.TimeoutExpired:
                self.kill()

    def command(self, *arguments, **more):
        """Runs another command of the program, with this server's settings and token."""
        return subprocess.run([self.binary, *arguments], env=self.as_client(), capture_output=True, text=True, timeout=300, **more)

    def as_client(self):
        return {**self.environment(), "DRAY_URL": self.url, "DRAY_TOKEN": self.token or ""}

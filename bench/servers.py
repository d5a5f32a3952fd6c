"""The servers that are measured. Each is started as its users start it, in its own process and a fresh folder."""
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from tools import Failed, clean_env, output_of

STARTS_WITHIN_SECS = 30
STOPS_WITHIN_SECS = 60
S3_KEYS = ("benchaccess", "benchsecretbenchsecret")
S3_BUCKET = "bench"


class Server:
    """A server that runs while a `with` block does. Its folder is removed afterwards, or moved below `left`.

    ext4 takes long to find a number for a new file while many files have just been removed (`recently_deleted` in
    fs/ext4/ialloc.c). So a removal of thousands of small files would slow down the server that is measured next.
    """

    name = ""

    def __init__(self, kit, data, left=None):
        self.kit, self.folder, self.left = kit, data / self.name, left
        self.port = free_port()
        self.authority = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.authority}"

    def __enter__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        # Data that the kernel still has to write for an earlier server would slow this one down.
        os.sync()
        self.log = open(self.folder.with_suffix(".log"), "w+", encoding="utf-8")
        self.prepare()
        self.process = subprocess.Popen([str(word) for word in self.command()], env=clean_env(**self.env()),
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(STOPS_WITHIN_SECS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        if self.left is None:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            self.left.mkdir(exist_ok=True)
            self.folder.rename(Path(tempfile.mkdtemp(dir=self.left)) / self.name)

    def wait_until_ready(self):
        deadline = time.monotonic() + STARTS_WITHIN_SECS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failed(f"{self.name} ended right after its start: {self.logged()[-600:]}")
            try:
                urllib.request.urlopen(self.url + self.ready_path, timeout=5).close()
                return
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        raise Failed(f"{self.name} does not answer: {self.logged()[-600:]}")

    def logged(self):
        return Path(self.log.name).read_text(encoding="utf-8", errors="replace")

    def load(self, measurement, *flags):
        """Runs one measurement of the load program against this server."""
        who = ["--authority", self.authority, "--pid", self.process.pid, *self.credentials()]
        return json.loads(output_of(self.kit.load, measurement, *who, *flags))

    def peak_memory_mb(self):
        return peak_memory_mb(self.process.pid)

    def prepare(self):
        """Prepares the folder before the server starts."""

    def env(self):
        """Variables that the server needs."""
        return {}


class Dray(Server):
    name = "dray"
    ready_path = "/readyz"

    def command(self):
        return [self.kit.dray, "serve", "--listen", self.authority, "--data", self.folder]

    def token(self):
        return re.search(r"cp_pat_\w+", self.logged())[0]

    def credentials(self):
        return ["--token", self.token()]

    def s3_keys(self):
        """Access key, secret key and bucket of the embedded store."""
        keys = json.loads(output_of(self.kit.dray, "store", "keys", "--write-drive", "--json", "--data",
                                    self.folder, env=clean_env()))
        return keys["accessKeyId"], keys["secretAccessKey"], keys["bucket"]


class RcloneS3(Server):
    name = "rclone-serve-s3"
    ready_path = "/"

    def prepare(self):
        (self.folder / S3_BUCKET).mkdir()

    def command(self):
        return [self.kit.rclone, "serve", "s3", "--config", os.devnull, "--addr", self.authority,
                "--auth-key", ",".join(S3_KEYS), self.folder]

    def credentials(self):
        return ["--s3", ",".join(self.s3_keys())]

    def s3_keys(self):
        return *S3_KEYS, S3_BUCKET


def peak_memory_mb(pid):
    """The peak memory of a process so far (proc(5), VmHWM); None if it has ended."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 / 1e6 if found else None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

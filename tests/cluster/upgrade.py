"""A rolling upgrade: while files are uploaded, servers of an older commit and of this one share a Postgres and a store.
Clients get no answer worse than "ask again"."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from balancer import Balancer
from nodes import ROOT, Dray
from on_store import Store
from torture import Victim, torture

# The oldest commit whose servers keep working when a newer one migrates their database, because their SQL names its columns.
OLD = "f5e10da"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").resolve()


def missing():
    if not os.environ.get("DRAY_TEST_POSTGRES"):
        return "scripts/with-postgres around it"
    found = shutil.which("haproxy") or shutil.which("/usr/sbin/haproxy")
    return "" if found else "haproxy"


def old_binary():
    """The older program: $DRAY_OLD_BIN, or one that is built from git into target/upgrade and kept there."""
    if os.environ.get("DRAY_OLD_BIN"):
        return Path(os.environ["DRAY_OLD_BIN"])
    folder = TARGET / "upgrade"
    binary, source = folder / f"dray-{OLD}", folder / "source"
    if not binary.exists():
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir(parents=True)
        packed = subprocess.Popen(["git", "-C", str(ROOT), "archive", OLD], stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", str(source)], stdin=packed.stdout, check=True)
        # The page that is built into it does not matter here.
        shutil.copytree(ROOT / "web" / "dist", source / "web" / "dist", dirs_exist_ok=True)
        build = ["cargo", "build", "--locked", "-p", "dray", "--target-dir", str(folder / "target")]
        subprocess.run(build, cwd=source, check=True)
        shutil.copy(folder / "target" / "debug" / "dray", binary)
    return binary


class Rolling:
    """A server that is stopped as an operator does it, and started again in another version."""

    def __init__(self, dray, to):
        self.dray, self.to = dray, to

    def stop(self):
        self.dray.stop()
        self.dray.binary = str(self.to)


def a_database():
    """A new database in the cluster of scripts/with-postgres."""
    url = os.environ["DRAY_TEST_POSTGRES"]
    return re.sub("/[^/]*$", "/upgrade", url)


def create_database():
    url = os.environ["DRAY_TEST_POSTGRES"]
    subprocess.run(["psql", "--quiet", "-d", url, "-c", "drop database if exists upgrade", "-c", "create database upgrade"], check=True)


def run(binary, folder, seed, is_full):
    old = old_binary()
    create_database()
    store = Store("seaweedfs", folder, binary)
    drays, balancer = [], None
    try:
        store.up()
        settings = {**store.settings, "DRAY_DATABASE_URL": a_database(), "DRAY_TRUST_PROXY": "127.0.0.1"}
        drays = [Dray(old, folder / f"dray{number}", settings) for number in range(3)]
        for dray in drays:
            dray.start()
        balancer = Balancer(folder, drays)
        balancer.start()
        # The servers are upgraded one after another. A downgrade is not supported.
        steps = [Rolling(dray, binary) for dray in drays]
        queue = iter(steps)
        current = {}

        def stop():
            current["step"] = next(queue, None)
            if current["step"]:
                current["step"].stop()

        def start():
            if current["step"]:
                current["step"].dray.start()

        victims = [Victim("upgraded", stop, start, False, settled=lambda: time.sleep(10 if is_full else 4))]
        figures, _ = torture(balancer.url, drays[0].token, victims, len(drays), 1000 if is_full else 100, seed, (2, 4))
        figures.kills = {}
    finally:
        for part in [balancer, *drays]:
            if part:
                part.stop()
        store.down()
    print(f"upgrade: 3 servers of {OLD} became new one by one; {figures}")
    return {"figures": figures, "left": []}

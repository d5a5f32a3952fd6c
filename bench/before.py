"""Measures an earlier binary and today's, to show what a change costs. In the table, the earlier one is the reference."""
from servers import Dray
from table import Figure
from tools import Failed

MIB = 1 << 20


class Before(Dray):
    """The binary that `--before` names."""

    name = "dray-before"

    def command(self):
        return [self.kit.before, *super().command()[1:]]


def row(bench, report):
    """Measures cycles, signing and parts of both binaries, in turn."""
    if bench.kit.before is None:
        raise Failed("--before must name the binary to compare with")
    cycles(bench, report)
    signing(bench, report)
    parts(bench, report)


def cycles(bench, report):
    flags = ["--at-once", 16, "--secs", 5, "--part-bytes", 1024]
    ours, before = bench.in_turn(Dray, Before, take=lambda server: server.load("cycles", *flags))

    def both(key, unit, digits=0):
        return [Figure([run[key] for run in runs], unit, digits) for runs in (ours, before)]

    report.add("cycle of a 1 KiB file, server CPU", *both("server_cpu_ms_per_cycle", "ms", 3), "before", target="≥ 0.95 ×")
    report.add("  cycles, 16 at once", *both("cycles_per_sec", "/s"), "before", True)


def signing(bench, report):
    flags = ["--parts", 1000, "--requests", 200]
    ours, before = bench.in_turn(Dray, Before, take=lambda server: server.load("signing", *flags))
    figures = [Figure([run["p50_ms"] for run in runs], "ms", 2) for runs in (ours, before)]
    report.add("presigned-urls, 1,000 parts, p50", *figures, "before", target="≥ 0.95 ×")


def parts(bench, report):
    flags = ["--part-bytes", 8 * MIB, "--parts", 128, "--at-once", 4, "--read"]
    ours, before = bench.in_turn(Dray, Before, take=lambda server: server.load("parts", *flags))
    for what, step in ("8 MiB parts taken, server CPU", "put"), ("1 GiB given back, server CPU", "read"):
        figures = [Figure([run[step]["server_cpu_secs"] / (run["bytes"] / 1e9) for run in runs], "CPU-s/GB", 2)
                   for runs in (ours, before)]
        report.add(what, *figures, "before", target="≥ 0.95 ×")

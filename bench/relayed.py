"""Measures what it costs a server to pass on the bytes of a store that clients cannot reach, compared with that store alone."""
from servers import Dray
from table import Figure

MIB = 1 << 20
STORE = "the store behind it, reached directly"


class RelayedDray(Dray):
    """A drive on the embedded store of another drive, which clients reach only through the first."""

    name = "dray-relay"

    def __init__(self, kit, data):
        super().__init__(kit, data)
        self.store = Dray(kit, data)

    def __enter__(self):
        self.store.__enter__()
        try:
            return super().__enter__()
        except BaseException:
            self.store.__exit__()
            raise

    def __exit__(self, *error):
        try:
            super().__exit__(*error)
        finally:
            self.store.__exit__(*error)

    def command(self):
        *_, bucket = self.store.s3_keys()
        return [*super().command(), "--s3-relay", "--s3-path-style", "--s3-endpoint", self.store.url, "--s3-bucket", bucket]

    def env(self):
        access, secret, _ = self.store.s3_keys()
        return {"AWS_ACCESS_KEY_ID": access, "AWS_SECRET_ACCESS_KEY": secret}


def row(bench, report):
    """1 GiB in 8 MiB parts, 4 at once, up and down; and memory with 64 parts of 64 MiB open at once."""
    flags = ["--part-bytes", 8 * MIB, "--parts", 128, "--at-once", 4, "--read"]
    relayed, direct = bench.in_turn(RelayedDray, Dray, take=lambda server: server.load("parts", *flags))

    def rate(runs, step):
        return Figure([run["bytes"] / 1e6 / run[step]["secs"] for run in runs], "MB/s")

    def cpu(runs, step):
        return Figure([run[step]["server_cpu_secs"] / (run["bytes"] / 1e9) for run in runs], "CPU-s/GB", 2)

    for what, step in [("8 MiB parts through the relay, 4 at once", "put"), ("1 GiB back through it, 4 ranges at once", "read")]:
        report.add(what, rate(relayed, step), rate(direct, step), STORE, True)
        report.add("  CPU of the relay", cpu(relayed, step), cpu(direct, step), STORE)

    def peak(server):
        server.load("parts", "--part-bytes", 64 * MIB, "--parts", 64, "--at-once", 64, "--hold")
        return server.peak_memory_mb()

    [memory] = bench.in_turn(RelayedDray, take=peak)
    report.add("relay memory, 64 parts of 64 MiB at once", Figure(memory, "MB"), target="< 150 MB")

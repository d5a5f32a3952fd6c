"""The rows about a full drive: how long a request takes with 1,000,000 items, and with 10,000.

One request at a time, on one connection that stays open, from another process on the same machine.
"""
import contextlib
import json
import os
import subprocess
import urllib.parse
import urllib.request
from dataclasses import dataclass

from servers import Dray
from table import Figure
from tools import Failed, clean_env, output_of

SMALL, LARGE = 10_000, 1_000_000
API = "/public/v1"
SORTS = [f"sortBy={sort}&sortOrder={order}" for sort in ("name", "size", "createdAt", "updatedAt") for order in ("asc", "desc")]
# Words that are in half of all names; in an eighth; in 20 names, whatever the drive's size; in none.
COMMON, LESS, RARE, NONE = "report", "budget", "zanzibar", "nosuchword"
# Words that are in 10 names of shared items; in 20 names that only another user can see.
SHARED, FOREIGN = "kumquat", "xylograph"


@dataclass
class Ask:
    """One row: the request, the user who sends it, and how fast it should be."""
    name: str
    steps: list
    target_ms: float | None = None
    user: str = "main"
    times: int = 200


class FullDray(Dray):
    """Dray with this number of items."""

    def __init__(self, kit, data, items, database_url=None):
        self.name = f"dray-{items}"
        super().__init__(kit, data)
        self.items, self.database = items, ["--database-url", database_url] if database_url else []

    def prepare(self):
        command = [self.kit.load, "generate", "--data", self.folder, "--items", self.items, *self.database]
        self.drive = json.loads(output_of(*command, env=clean_env()))
        os.sync()

    def command(self):
        return super().command() + self.database

    def latency(self, ask):
        rounds = max(1, ask.times // len(ask.steps))
        flags = ["--authority", self.authority, "--pid", self.process.pid, "--token", self.drive["tokens"][ask.user]]
        answer = output_of(self.kit.load, "latency", *flags, "--steps", json.dumps(ask.steps), "--rounds", rounds)
        return json.loads(answer)

    def get(self, path):
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.drive['tokens']['main']}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def asks(self):
        """The rows that read, and the rows that write. The latter leave the drive as it was."""
        drive = self.drive
        big = f"{API}/drive/folders/{drive['big']}/children"
        tree = f"{API}/drive/tree?depth=10"
        trees = [tree, *(f"{tree}&parentId={drive[folder]}" for folder in ("big", "wide", "shared"))]
        anything = searches(COMMON, LESS, "r", f"{COMMON} {LESS}", RARE, SHARED, FOREIGN, NONE)
        moves = [["move", "PATCH", f"{API}/drive/files/{drive['moved']}", json.dumps({"parentId": drive[to]})] for to in ("to", "from")]
        trash = [["trash", "DELETE", f"{API}/drive/files/{drive['moved']}", None],
                 ["restore", "POST", f"{API}/drive/files/{drive['moved']}/restore", None]]
        below = f"{self.items // 100:,}"
        return [
            Ask("/healthz, the floor of HTTP", gets("/healthz"), times=1000),
            Ask("usage: one row by its key", gets(f"{API}/drive/usage"), times=1000),
            Ask("get", gets(*(f"{API}/drive/files/{file}" for file in drive["files"])), 3, times=1000),
            Ask("get, below 100 folders", gets(f"{API}/drive/files/{drive['deepest']}"), 3),
            Ask("children of the largest folder, page 1, any order", gets(*(f"{big}?{sort}" for sort in SORTS)), 10),
            Ask("  a page far into it, any order", gets(*self.deep_pages(big)), 10),
            Ask("  of the root", gets(f"{API}/drive/folders/root/children"), 10),
            Ask("  of the root, with 200 shares", gets(f"{API}/drive/folders/root/children"), 10, "scattered"),
            Ask("tree of 500 items", gets(*trees), 25),
            Ask("  with 200 shares", gets(tree), 25, "scattered"),
            Ask("search: a word of 20 names", searches(RARE), 50),
            Ask("  of half of all names", searches(COMMON), 50),
            Ask("  one letter", searches("r"), 50),
            Ask("  two words", searches(f"{COMMON} {LESS}", f"{COMMON} {RARE}"), 50),
            Ask("  any, by another order", [step for order in SORTS if "size" not in order for step in searches(COMMON, RARE, "r", order=order)], 50),
            Ask("  any, as who sees a folder of a 20th", anything, 50, "sharee"),
            Ask("  any, as who sees 200 shared files", anything, 50, "scattered"),
            Ask("  any, as who owns 300 items", anything, 50, "small"),
            Ask("  any, as who sees nothing", anything, 50, "nobody"),
        ], [
            Ask(f"folder with a 100th below it: move", moves, 100),
            Ask("  trash", trash, 100),
        ]

    def deep_pages(self, big):
        """Pages of 100 from the middle of the folder, in each order."""
        pages = []
        for sort in SORTS:
            cursor, left = None, self.items // 20
            while left > 0:
                limit = min(left, 1000)
                after = f"&cursor={cursor}" if cursor else ""
                cursor = self.get(f"{big}?{sort}&limit={limit}{after}")["nextCursor"]
                left -= limit
            pages.append(f"{big}?{sort}&cursor={cursor}")
        return pages


def gets(*paths):
    return [["get", "GET", path, None] for path in paths]


def searches(*queries, order=""):
    return gets(*(f"{API}/drive/search?q={urllib.parse.quote(query)}&{order}" for query in queries))


@contextlib.contextmanager
def postgres(kit):
    """The address of a Postgres cluster for this measurement. It fsyncs as it does in use."""
    script = 'echo "$DRAY_TEST_POSTGRES"; cat > /dev/null'
    command = [kit.root / "scripts" / "with-postgres", "sh", "-c", script]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean_env(POSTGRES_FSYNC="on"))
    try:
        address = process.stdout.readline().strip()
        if not address:
            raise Failed("Postgres did not start")
        yield address
    finally:
        process.stdin.close()
        process.wait()


def full_drive(bench, report, database, servers):
    """Starts both drives, and measures them in turn."""
    with contextlib.ExitStack() as stack:
        drives = [stack.enter_context(server) for server in servers(stack)]
        for asks in zip(*(sum(drive.asks(), []) for drive in drives)):
            runs = [[], []]
            for _ in range(bench.rounds):
                for result, drive, ask in zip(runs, drives, asks):
                    result.append(drive.latency(ask))
            add(report, database, asks[1], *runs)


def add(report, database, ask, small, large):
    for step in large[0]:
        name = ask.name if step in ("get", "move", "trash") else f"  {step}"
        name = f"{name} ({database})" if not name.startswith(" ") else name
        for percentile in ("p50", "p99"):
            def figure(runs):
                return Figure([run[step][f"{percentile}_ms"] for run in runs], "ms", 2)
            target = f"≤ {ask.target_ms} ms" if ask.target_ms and percentile == "p99" else "≥ 0.5 ×" if ask.target_ms else ""
            report.add(f"{name}, {percentile}" if percentile == "p50" else "    p99", figure(large), figure(small),
                       f"{SMALL:,} items", target=target)


def sqlite(bench, report):
    """A full drive in SQLite."""
    full_drive(bench, report, "SQLite", lambda _: [FullDray(bench.kit, bench.data, items) for items in (SMALL, LARGE)])


def on_postgres(bench, report):
    """A full drive in Postgres."""
    def servers(stack):
        return [FullDray(bench.kit, bench.data, items, stack.enter_context(postgres(bench.kit))) for items in (SMALL, LARGE)]
    full_drive(bench, report, "Postgres", servers)

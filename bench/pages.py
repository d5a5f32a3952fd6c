"""Uploads from Chromium: many small files by the drive's page, and one large file by the kit and by a page without it."""
import json
import os
import shutil

import small
from servers import Dray
from table import Figure
from tools import clean_env, output_of

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FEW, MANY = 100, 4_000
MIB = 1 << 20


def row(bench, report):
    """4,000 small files picked at once, and 1 GiB."""
    if not os.path.exists(CHROMIUM) or not (bench.kit.root / "web" / "node_modules").exists():
        report.note("Chromium or the packages of web/ are missing; uploads from pages are left out.")
        return
    source, large, left = bench.data / "picked", bench.data / "large.bin", bench.data / "left"
    small.write_files(source, MANY)
    with open(large, "wb") as file:
        for _ in range(1024):
            file.write(os.urandom(MIB))
    try:
        few, many, puts, ours, kit, bare = [], [], [], [], [], []
        for _ in range(bench.rounds):
            with Dray(bench.kit, bench.data, left) as server:
                by_page = pages(bench, server, "many", source, FEW, MANY)
                few.append(by_page[0])
                many.append(by_page[1])
            with Dray(bench.kit, bench.data, left) as server:
                puts.append(pages(bench, server, "bare", source, MANY)[0])
            with Dray(bench.kit, bench.data, left) as server:
                ours.append(MANY / small.secs_of(*small.by_dray(bench, server, source)))
            with Dray(bench.kit, bench.data) as server:
                rates = pages(bench, server, "large", large, 1)[0]
                kit.append(rates["kit"] / MIB)
                bare.append(rates["bare"] / MIB)
    finally:
        for folder in (source, left):
            shutil.rmtree(folder, ignore_errors=True)
        large.unlink(missing_ok=True)
    page = Figure(many, "files/s")
    report.add(f"{MANY:,} small files picked at once in Chromium", page, Figure(few, "files/s"), f"{FEW} files picked",
               True, "≥ 1 ×")
    report.add("", page, Figure(ours, "files/s"), "dray upload", True, "≥ 0.5 ×")
    report.add("", page, Figure(puts, "files/s"), "a page that only PUTs them", True)
    report.add("  a page that only PUTs them", Figure(puts, "files/s"), Figure(ours, "files/s"), "dray upload", True)
    report.add("1 GiB from Chromium by the kit", Figure(kit, "MiB/s"), Figure(bare, "MiB/s"), "a page that PUTs the same slices",
               True, "≥ 0.9 ×")


def pages(bench, server, *arguments):
    script = bench.kit.root / "bench" / "pages.mjs"
    env = clean_env(DRAY_URL=server.url, DRAY_TOKEN=server.token())
    return json.loads(output_of("node", script, *arguments, env=env))

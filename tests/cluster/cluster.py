"""Runs the named cases, and writes the table of stores. `tests/cluster/run` says how to call it."""

import os
import random
import shutil
import signal
import sys
import tempfile
import traceback
from pathlib import Path

import failover
import on_store
import upgrade
from nodes import ROOT, Script

STORES = ["seaweedfs", "seaweedfs-n3", "rclone", "moto", "ceph-rgw", "garage"]
OTHERS = {"failover": failover, "upgrade": upgrade}


def missing(name):
    """The programs that are not installed and that a case needs."""
    if name in OTHERS:
        return OTHERS[name].missing()
    return Script(f"stores/{name.partition('-n')[0]}", ".").missing()


def row(result):
    """A line of the README's table."""
    told, figures = result["told"], result["figures"]
    kills = ", ".join(f"{count} × {node}" for node, count in figures.kills.items())
    outcome = f"{figures.lost} lost, {figures.doubled} doubled, {figures.unanswered} unanswered"
    doctor = "; ".join(result["doctor"]) or "nothing"
    columns = [told["title"], told["lacks"], told["comes"], doctor, kills, f"{figures.acknowledged:,}: {outcome}"]
    return f"| {' | '.join(columns)} |"


def write_table(results):
    """Writes the table. Stores that were not tested now keep their rows from earlier runs."""
    target = ROOT / "target" / "cluster"
    rows = target / "rows"
    rows.mkdir(parents=True, exist_ok=True)
    for name, result in results.items():
        (rows / name).write_text(row(result))
    titles = ["store", "what it lacks", "consequence", "`dray doctor` finds", "killed with `kill -9`", "files acknowledged"]
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    lines += ["| embedded | | the store checks sizes and checksums | nothing | see `make torture` | |"]
    lines += [(rows / name).read_text() for name in STORES if (rows / name).exists()]
    (target / "stores.md").write_text("\n".join(lines) + "\n")
    print(f"\nwritten to {target / 'stores.md'}; in README.md it belongs between <!-- stores:begin --> and <!-- stores:end -->")


def run_case(name, binary, seed, is_full):
    """Whether the case passed, and its result. The folder of a failed case is kept."""
    folder = Path(tempfile.mkdtemp(prefix=f"dray-cluster-{name}."))
    case = OTHERS.get(name)
    try:
        if case:
            result = case.run(binary, folder, seed, is_full)
        else:
            result = on_store.run(name, binary, folder, seed, is_full)
    except Exception:
        traceback.print_exc()
        result = None
    is_good = result is not None and result["figures"].is_good() and not result["left"]
    if is_good:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"{name}: FAILED; logs are in {folder}, DRAY_CLUSTER_SEED={seed} repeats its choices")
    return is_good, result


def main():
    # On SIGTERM, the `finally` blocks stop all servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names = sys.argv[1:] or STORES + list(OTHERS)
    is_full = os.environ.get("DRAY_CLUSTER") == "full"
    seed = int(os.environ.get("DRAY_CLUSTER_SEED") or random.randrange(1_000_000_000))
    binary = Path(os.environ["DRAY_BIN"]).resolve()
    print(f"cluster: {'full' if is_full else 'short'} run, DRAY_CLUSTER_SEED={seed}", flush=True)
    unknown = [name for name in names if name not in STORES and name not in OTHERS]
    if unknown:
        sys.exit(f"there is no {unknown[0]}; there are: {' '.join(STORES + list(OTHERS))}")
    results, failed, skipped = {}, [], []
    for name in names:
        needs = missing(name)
        if needs:
            print(f"{name}: SKIPPED; it needs {needs}", flush=True)
            skipped.append(name)
            continue
        is_good, result = run_case(name, binary, seed, is_full)
        sys.stdout.flush()
        if not is_good:
            failed.append(name)
        elif name in STORES:
            results[name] = result
    if results:
        write_table(results)
    print(f"passed: {len(names) - len(failed) - len(skipped)}, failed: {failed or 'none'}, skipped: {skipped or 'none'}")
    # A skipped case is an error if it was asked for by name.
    sys.exit(1 if failed or (skipped and sys.argv[1:]) else 0)


main()

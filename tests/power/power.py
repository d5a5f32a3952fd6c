"""Cuts the power of a guest that runs Dray, again and again, and checks after each cut what was acknowledged. `tests/power/run`
says how to call it."""

import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from guest import Guest, Machine, wait_until

from actors import Actor, Ledger, PatientClient  # after guest, which knows where the cluster's modules are
from check import Checker
from disk import Disk

ACTORS = {"kvm": 8, "tcg": 4}
# The power stays on for less than this, which is enough for some acts of each client.
LONGEST_LIFE_SECS = {"kvm": 1.6, "tcg": 5.0}
# Cuts on one disk. Then comes a new one, so that disks stay small.
CUTS_A_DISK = 25
# The chance of another cut while the guest starts.
CUT_AGAIN = 0.2
# After this many cuts comes a thorough check: it reads every acknowledged file again, and sweeps.
THOROUGH_EVERY = 5


@dataclass
class Figures:
    cuts: int = 0
    starts_cut: int = 0
    acknowledged: int = 0
    unflushed: int = 0
    lost_sectors: int = 0
    wrong: list = field(default_factory=list)

    def __str__(self):
        return (
            f"{self.cuts} cuts, {self.starts_cut} of them while it started; {self.acknowledged} acts acknowledged; "
            f"{self.unflushed} writes were not flushed, {self.lost_sectors} sectors of them lost; {len(self.wrong)} faults"
        )


class Piece:
    """A number of cuts on one disk."""

    def __init__(self, machine, folder, seed, lies):
        self.seed, self.folder, self.figures = seed, folder, Figures()
        machine.new_disk(folder / "disk.img")
        self.disk = Disk(folder / "disk.img", folder / "disk.sock", seed, lies)
        self.guest = Guest(machine, self.disk, folder / "disk.sock", folder)

    def run(self, cuts):
        try:
            self.guest.start()
            # The console may be behind the network.
            wait_until(lambda: self.token() is not None, "the first token", 10)
            self.checker = Checker(self.guest, self.token())
            while self.figures.cuts < cuts and not self.figures.wrong:
                self.one_cut(self.figures.cuts + 1, cuts)
        finally:
            self.guest.off()
            self.disk.close()
        return self.figures

    def token(self):
        found = re.search(r"cp_pat_\w+", (self.folder / "console.1").read_text(errors="replace"))
        return found and found.group()

    def one_cut(self, number, cuts):
        choice, ledger = random.Random(f"{self.seed}/{number}"), Ledger()
        state = {"enough": False}
        client = PatientClient(self.guest, self.token(), ledger)
        labels = [f"{number}.{at}" for at in range(ACTORS[self.guest.machine.accelerator])]
        actors = [Actor(client, ledger, label, self.seed, lambda: state["enough"]) for label in labels]
        for actor in actors:
            actor.start()
        time.sleep(choice.uniform(0, LONGEST_LIFE_SECS[self.guest.machine.accelerator]))
        self.cut(choice)
        state["enough"] = True
        while self.figures.cuts < cuts and choice.random() < CUT_AGAIN:
            self.cut_while_it_starts(choice)
        self.start()
        ledger.last_fault = time.monotonic()
        for actor in actors:
            actor.join()
        for failure in (actor.failure for actor in actors if actor.failure):
            raise failure
        self.checker.acknowledge(actors, ledger)
        self.figures.acknowledged += sum(actor.acknowledged for actor in actors)
        wrong = [f"refused: {line}" for line in ledger.refused] + [f"not answered: {line}" for line in ledger.unanswered]
        is_thorough = number % THOROUGH_EVERY == 0 or self.figures.cuts >= cuts
        wrong += self.checker.check(is_thorough)
        self.figures.wrong += [f"seed {self.seed}, cut {self.figures.cuts}: {line}" for line in wrong]

    def start(self):
        """Switches the guest on after a cut."""
        began = time.monotonic()
        self.guest.start()
        self.boot_secs = time.monotonic() - began

    def cut_while_it_starts(self, choice):
        self.guest.launch()
        time.sleep(choice.uniform(0, getattr(self, "boot_secs", 3)))
        self.figures.starts_cut += 1
        self.cut(choice)

    def cut(self, choice):
        what = self.guest.cut(choice)
        self.figures.cuts += 1
        self.figures.unflushed += what["writes"]
        self.figures.lost_sectors += what["lost_sectors"]


def run_piece(machine, folder, seed, cuts, lies):
    """Runs a piece. Returns its figures, and keeps the folder of one that failed."""
    folder = folder / f"seed-{seed}{'-lies' if lies else ''}"
    folder.mkdir()
    piece = Piece(machine, folder, seed, lies)
    try:
        figures = piece.run(cuts)
    except Exception as failure:
        # A guest that does not start, or a database that does not open, is a fault too.
        traceback.print_exc()
        figures = piece.figures
        figures.wrong.append(f"seed {seed}, cut {figures.cuts}: {failure}")
    if not figures.wrong:
        shutil.rmtree(folder)
    return figures


def torture(machine, folder, seed, cuts):
    """Makes this many cuts. Returns whether everything was right."""
    done, total, began = 0, Figures(), time.monotonic()
    while done < cuts:
        now = min(CUTS_A_DISK, cuts - done)
        figures = run_piece(machine, folder, seed, now, lies=False)
        print(f"  seed {seed}: {figures}; {time.monotonic() - began:.0f} s", flush=True)
        for line in figures.wrong[:10]:
            print(f"    {line}")
        for name in ["cuts", "starts_cut", "acknowledged", "unflushed", "lost_sectors", "wrong"]:
            setattr(total, name, getattr(total, name) + getattr(figures, name))
        done, seed = done + max(figures.cuts, 1), seed + 1
    print(f"power: {total}; {time.monotonic() - began:.0f} s")
    return not total.wrong


def finds_a_lie(machine, folder, seed):
    """Returns whether the test finds the losses of a disk that ignores flushes. A test that does not proves nothing."""
    figures = run_piece(machine, folder, seed, CUTS_A_DISK, lies=True)
    found = figures.wrong[0] if figures.wrong else "NOT found"
    print(f"power: on a disk that ignores flushes: {len(figures.wrong)} faults in {figures.cuts} cuts: {found}", flush=True)
    return bool(figures.wrong)


def main():
    # SIGTERM must not leave a guest behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    setting = os.environ.get
    cuts = int(setting("DRAY_POWER_CUTS") or 5)
    seed = int(setting("DRAY_POWER_SEED") or random.randrange(1_000_000_000))
    file_system = setting("DRAY_POWER_FS") or "ext4"
    folder = Path(tempfile.mkdtemp(prefix="dray-power."))
    print(f"power: {cuts} cuts on {file_system}, DRAY_POWER_SEED={seed}; in {folder}", flush=True)
    machine = Machine(folder, setting("DRAY_POWER_KERNEL"), Path(setting("DRAY_BIN")).resolve(), file_system)
    print(f"power: guests run by {machine.accelerator}", flush=True)
    is_trusted = setting("DRAY_POWER_TRUST") == "yes" or finds_a_lie(machine, folder, seed)
    is_good = is_trusted and torture(machine, folder, seed, cuts)
    if is_good:
        shutil.rmtree(folder)
    else:
        print(f"power: FAILED; consoles and disks are in {folder}, DRAY_POWER_SEED={seed} repeats its choices")
    sys.exit(0 if is_good else 1)


main()

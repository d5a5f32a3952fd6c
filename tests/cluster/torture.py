"""Kills nodes one after another while files are uploaded, and afterwards checks every acknowledged file."""

import random
import time
from dataclasses import dataclass, field

from uploads import Client, Ledger, Uploader, children, verify

UPLOADERS = 8
# A run that has not reached its target by then ends and fails.
LONGEST_SECS = 3600


@dataclass
class Victim:
    """A node that is killed with `kill -9` and started again."""

    name: str
    kill: callable
    start: callable
    # Whether nothing works without it: then the fault lasts until it is started again.
    is_needed: bool = True
    # Whether clients send requests to it.
    serves: bool = False
    # Waits for what must hold before the next kill.
    settled: callable = lambda: None


@dataclass
class Figures:
    kills: dict = field(default_factory=dict)
    wanted: int = 1
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    unanswered: int = 0
    refused: int = 0
    slow: int = 0
    slowest_503: float = 0.0
    again: int = 0
    took: float = 0.0

    def is_good(self):
        faults = self.lost or self.doubled or self.unanswered or self.refused or self.slow
        return self.acknowledged >= self.wanted and not faults

    def __str__(self):
        kills = ", ".join(f"{count} of {name}" for name, count in self.kills.items())
        return (
            f"killed {kills or 'nothing'}; acknowledged {self.acknowledged}, lost {self.lost}, doubled {self.doubled}, "
            f"not answered within a minute {self.unanswered}, refused {self.refused}; {self.again} times 503, "
            f"the slowest in {self.slowest_503:.1f} s, {self.slow} of them too late or without Retry-After; {self.took:.0f} s"
        )


def torture(url, token, victims, rounds, target, seed, pause=(0.5, 2.5)):
    """Kills each victim once per round, for at least `rounds` rounds and until `target` files are acknowledged. `url` is the
    address that clients use, or a function if it changes."""
    began = time.monotonic()
    ledger, figures, choice = Ledger(), Figures(wanted=target), random.Random(seed)
    earlier = {item for item, _ in children(Client(url, token, Ledger()))}
    state = {"enough": False}
    uploaders = [
        Uploader(Client(url, token, ledger), ledger, f"{number}", seed, lambda: state["enough"])
        for number in range(UPLOADERS)
    ]
    for uploader in uploaders:
        uploader.start()
    done = 0
    while done < rounds or len(ledger.acknowledged) < target:
        for victim in choice.sample(victims, len(victims)):
            ended = strike(victim, ledger, choice, pause)
            figures.kills[victim.name] = figures.kills.get(victim.name, 0) + 1
            if any(uploader.failure for uploader in uploaders):
                break
        if not victims:
            time.sleep(0.5)
            ended = time.monotonic()
        done += 1
        if any(uploader.failure for uploader in uploaders) or time.monotonic() - began > LONGEST_SECS:
            break
    ledger.last_fault = ended
    state["enough"] = True
    for uploader in uploaders:
        uploader.join()
    failures = [uploader.failure for uploader in uploaders if uploader.failure]
    if failures:
        raise failures[0]
    figures.lost, figures.doubled = verify(Client(url, token, Ledger()), ledger, earlier)
    return count(ledger, figures, time.monotonic() - began), ledger


def strike(victim, ledger, choice, pause):
    """Kills a victim and starts it again; returns when the fault was over, as a `time.monotonic()`."""
    time.sleep(choice.uniform(*pause))
    victim.kill()
    ledger.disturbed_at = killed_at = time.monotonic()
    time.sleep(choice.uniform(0, 1.5))
    victim.start()
    started_at = time.monotonic()
    if victim.serves:
        ledger.disturbed_at = started_at
    victim.settled()
    return started_at if victim.is_needed else killed_at


def count(ledger, figures, took):
    figures.acknowledged = len(ledger.acknowledged)
    figures.unanswered, figures.refused = len(ledger.unanswered), len(ledger.refused)
    figures.slow, figures.slowest_503, figures.again = len(ledger.slow), ledger.slowest_503, ledger.again
    figures.took = took
    for what, lines in [("not answered", ledger.unanswered), ("refused", ledger.refused), ("slow", ledger.slow)]:
        for line in lines[:5]:
            print(f"  {what}: {line}")
    return figures

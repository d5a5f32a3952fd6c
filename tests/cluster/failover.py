"""Three Drays behind HAProxy, with a Postgres that fails over and a store of several nodes. While files are uploaded, the
primary, a Dray and a node of the store are killed in turn."""

import subprocess
import time

from balancer import Balancer
from nodes import Dray, Script, wait_until
from on_store import Store
from torture import Victim, torture

# How long a failover may take: the primary's time to live (20 s), and the start of a new one.
FAILOVER_SECS = 60


def missing():
    return Script("postgres", ".").missing()


class Database:
    """Three Postgres servers under Patroni."""

    def __init__(self, folder):
        self.script = Script("postgres", folder)
        self.dead = None

    def ask(self, what):
        command = [self.script.script, what, self.script.folder]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return done.stdout.strip() if done.returncode == 0 else None

    def kill_primary(self):
        self.dead = self.ask("leader")
        self.script.kill(self.dead)
        self.killed_at = time.monotonic()

    def start_the_dead(self):
        """Starts the dead server, but only once another is the primary: it must not become the primary again at once."""
        wait_until(lambda: self.ask("leader") not in (None, self.dead), "another primary", FAILOVER_SECS)
        print(f"  {self.dead} was killed; {self.ask('leader')} was primary {time.monotonic() - self.killed_at:.0f} s later")
        self.script.start(self.dead)

    def settled(self):
        wait_until(lambda: self.ask("synced") is not None, "a synchronous standby", 180)


def run(binary, folder, seed, is_full):
    store = Store("seaweedfs-n3", folder, binary)
    database = Database(folder / "postgres")
    drays, balancer = [], None
    folder.chmod(0o755)
    try:
        store.up()
        settings = {**store.settings, **database.script.up(), "DRAY_TRUST_PROXY": "127.0.0.1"}
        drays = [Dray(binary, folder / f"dray{number}", settings) for number in range(3)]
        for dray in drays:
            dray.start()
        balancer = Balancer(folder, drays)
        balancer.start()
        victims = [
            Victim("primary", database.kill_primary, database.start_the_dead, False, settled=database.settled),
            victim_in_turn("Dray", drays),
            node_in_turn(store),
        ]
        rounds, target = (6, 10_000) if is_full else (2, 200)
        figures, _ = torture(balancer.url, drays[0].token, victims, rounds, target, seed)
    finally:
        for part in [balancer, *drays]:
            if part:
                part.stop()
        database.script.down()
        store.down()
    print(f"failover: {figures}")
    return {"figures": figures, "left": []}


def victim_in_turn(name, drays):
    """A victim that is another of these servers each time."""
    turn = {"next": -1}

    def kill():
        turn["next"] = (turn["next"] + 1) % len(drays)
        drays[turn["next"]].kill()

    return Victim(name, kill, lambda: drays[turn["next"]].start(), False)


def node_in_turn(store):
    """A victim that is another node of the store each time. Only volume servers have replicas: without any other node, the
    store cannot be reached."""
    nodes, turn = store.script.tell()["nodes"].split(), {"next": -1}

    def kill():
        turn["next"] = (turn["next"] + 1) % len(nodes)
        store.script.kill(nodes[turn["next"]])

    return Victim("store node", kill, lambda: store.script.start(nodes[turn["next"]]))

"""Compares a restarted drive with what was acknowledged, and looks for leftovers. It must not know how the power was cut."""

import time

from uploads import Client, Ledger, download

# A sweep must have removed everything by then.
SWEPT_SECS = 60

# Every upload expires, and everything that waits is due, as after a day. The torture suite does the same.
EXPIRE = """
update uploads set expires_at = unixepoch() * 1000 - 3600000 where state in ('opening', 'open');
update uploads set created_at = 1 where state in ('aborted', 'expired') and store_upload_id is null;
update uploads set next_try_at = null;
update tombstones set next_try_at = null;
"""

# Each line names something that must not be left, and counts it.
LEFT = """
attach '/data/drive/store/meta.db' as store;
select 'uploads that never opened', count(*) from uploads where state = 'opening'
union all select 'finalizes under way', count(*) from uploads where state = 'completing'
union all select 'parts to be freed', count(*) from uploads where state in ('aborted', 'expired') and parts_freed_at is null
union all select 'objects to be removed', count(*) from tombstones
union all select 'items to be removed', count(*) from items where purged_at is not null
union all select 'uploads that are over and whose item has other bytes', count(*)
          from items i join uploads u on u.id = i.upload_id where u.state <> 'completed' or u.object_key <> i.object_key or u.size_bytes <> i.size_bytes
union all select 'uploads of the store alone', (select count(*) from store.upload) - count(*) from uploads where state = 'open'
union all select 'items by usage', (select coalesce(sum(items), 0) from usage) - count(*) from items
union all select 'bytes by usage', (select coalesce(sum(size_bytes), 0) from usage) - coalesce(sum(size_bytes), 0) from items
union all select 'garbage of the store', (select count(*) from store.garbage_set) + (select count(*) from store.garbage_file)
union all select 'items without an object', count(*) from items
          where object_key is not null and object_key not in (select key from store.object)
union all select 'objects without an item', count(*) from store.object
          where key not like '%/.dray-store/%'
            and key not in (select object_key from items where object_key is not null)
union all select 'part files by rows', -count(*) from store.part where file_tag is not null;
"""


def left_over(guest):
    """Describes what is left over."""
    script = f"""sqlite3 -cmd '.timeout 20000' -separator ': ' /data/drive/drive.db "{LEFT}"
echo "part files: $(find /data/drive/store/parts -type f 2>/dev/null | wc -l)" """
    counts = {}
    for line in guest.shell(script).splitlines():
        what, _, count = line.rpartition(": ")
        counts[what] = int(count)
    counts["part files that no row names"] = counts.pop("part files") + counts.pop("part files by rows")
    return [f"{what}: {count}" for what, count in counts.items() if count != 0]


def swept(guest, client):
    """Has the server sweep. Returns what is left over after that."""
    guest.shell(f"""sqlite3 -cmd '.timeout 20000' /data/drive/drive.db "{EXPIRE}" """)
    client.insist("DELETE", "/trash")
    until = time.monotonic() + SWEPT_SECS
    while left := left_over(guest):
        if time.monotonic() > until:
            return left
        time.sleep(0.05)
    return []


def orphans(guest):
    """Returns what `dray sweep --orphans` lists."""
    # Without KVM the store may answer too late for this command.
    sweep = "dray sweep --orphans --older-than 0s --json --data /data/drive"
    return guest.shell(f"for n in 1 2 3 4 5; do {sweep} >/tmp/found 2>/tmp/said && break; done || cat /tmp/said; cat /tmp/found").splitlines()


def unsound(guest):
    """Returns what SQLite reports about the databases, and Linux about the file system."""
    script = "for db in drive.db store/meta.db; do sqlite3 /data/drive/$db 'pragma integrity_check'; done; dmesg"
    first, second, *kernel = guest.shell(script).splitlines()
    found = [line for line in (first, second) if line != "ok"]
    broken = ("EXT4-fs error", "JBD2: Invalid", "Corruption", "I/O error", "Internal error")
    return found + [line for line in kernel if any(sign in line for sign in broken)]


class Checker:
    """Knows everything that was acknowledged on one disk."""

    def __init__(self, guest, token):
        self.guest, self.client = guest, Client(guest.url, token, Ledger())
        self.items, self.undecided, self.read = {}, set(), set()

    def acknowledge(self, actors, ledger):
        for actor in actors:
            self.items.update(actor.items)
        self.undecided |= ledger.undecided

    def listed(self):
        """Everything that the drive has: the name and the folder of each item, by id."""
        found, todo = {}, ["root"]
        while todo:
            folder = todo.pop()
            for item in self.pages(f"/folders/{folder}/children?limit=500"):
                found[item["id"]] = (item["name"], None if folder == "root" else folder)
                if item["type"] == "folder":
                    todo.append(item["id"])
        return found

    def pages(self, path):
        cursor = ""
        while cursor is not None:
            answer = self.client.insist("GET", path + cursor)
            page = answer.json()
            assert answer.status == 200, f"{path}: {page}"
            yield from page["items"]
            cursor = f"&cursor={page['nextCursor']}" if page.get("nextCursor") else None

    def compare(self, is_thorough):
        """Describes what was lost, and what is there without an acknowledgement."""
        listed, wrong = self.listed(), []
        for item, known in self.items.items():
            if known.is_trashed:
                if item in listed:
                    wrong.append(f"back from the trash: {item} {known.name}")
            elif listed.get(item) != (known.name, known.parent):
                wrong.append(f"lost: {item} {known} is {listed.get(item)}")
            elif known.file and (is_thorough or item not in self.read):
                self.read.add(item)
                if download(self.client, item) != known.file.content():
                    wrong.append(f"lost the bytes of {item} {known.name}")
        strangers = set(listed) - set(self.items) - self.undecided
        return wrong + [f"never acknowledged: {item} {listed[item]}" for item in strangers]

    def compare_trash(self):
        """Describes what should be in the trash and is not, and the other way round. (The trash lists a folder and not what is
        below it.)"""
        there = {item["id"] for item in self.pages("/trash?limit=500")}
        gone = {item for item, known in self.items.items() if known.is_trashed}
        missing = [f"not in the trash: {item}" for item in gone - there if not self.is_below_trash(item)]
        return missing + [f"never thrown away, or gone permanently: {item}" for item in there - gone]

    def is_below_trash(self, item):
        parent = self.items.get(self.items[item].parent)
        return parent is not None and parent.is_trashed

    def check(self, is_thorough):
        """Describes everything that is wrong. A thorough check also empties the trash and sweeps."""
        wrong = self.compare(is_thorough) + self.compare_trash()
        if is_thorough:
            wrong += swept(self.guest, self.client) + orphans(self.guest)
            self.items = {item: known for item, known in self.items.items() if not known.is_trashed}
        return wrong + unsound(self.guest)

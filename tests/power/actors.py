"""Clients that upload, make folders, move, rename and throw away while the power is cut, each with items of its own. A client
repeats a request until it is answered, and remembers what was acknowledged. This file must not know how the power is cut."""

from dataclasses import dataclass, replace

from uploads import Client, File, Ledger, Stuck, Uploader


@dataclass(frozen=True)
class Item:
    """The last acknowledged state of an item."""

    name: str
    parent: str | None = None
    file: File | None = None  # `None` for a folder
    is_trashed: bool = False


class PatientClient(Client):
    """A client that sends nothing while the power is off."""

    def __init__(self, guest, token, ledger):
        super().__init__(guest.url, token, ledger)
        self.guest = guest

    def once(self, method, path, body=None, headers=None):
        self.guest.is_up.wait()
        return super().once(method, path, body, headers)

    def put(self, url, content):
        self.guest.is_up.wait()
        return super().put(url, content)


class Actor(Uploader):
    """Does one act after another until it is told to stop, and then completes what it has begun."""

    def __init__(self, client, ledger, name, seed, is_enough):
        super().__init__(client, ledger, name, seed, is_enough)
        self.items = {}  # its own items, by id
        self.acknowledged = 0

    def run(self):
        number = 0
        try:
            while not self.is_enough():
                number += 1
                self.act(f"{self.label}.{number}")
        except Stuck:
            pass
        except BaseException as failure:  # told by whoever joins
            self.failure = failure
            raise

    def act(self, name):
        present = [item for item, known in self.items.items() if not known.is_trashed]
        kind = self.choice.randrange(16)
        if kind < 10 or not present:
            self.upload(File(name, self.seed))
        elif kind < 12:
            self.make_folder(name)
        elif kind < 14:
            self.change(self.choice.choice(present), name)
        else:
            self.throw_away(self.choice.choice(present), present)

    def finalize(self, upload, parts, file):
        is_done = super().finalize(upload, parts, file)
        if is_done:
            self.acknowledged += 1
            self.items[upload["fileKey"].rsplit("/", 1)[-1]] = Item(file.name, file=file)
        return is_done

    def folders(self):
        return [item for item, known in self.items.items() if known.file is None and not known.is_trashed]

    def make_folder(self, name):
        body = {"name": name, "parentId": self.choice.choice([None, *self.folders()])}
        once = {"idempotency-key": f"{self.seed}/{name}"}
        answer = self.client.insist("POST", "/folders", body, once)
        if self.is_success("folder", answer):
            self.items[answer.json()["id"]] = Item(name, body["parentId"])

    def change(self, item, name):
        """Renames an item. Moves it too, if it is a file."""
        known = self.items[item]
        parent = self.choice.choice([None, *self.folders()]) if known.file else known.parent
        answer = self.client.insist("PATCH", f"/files/{item}", {"name": name, "parentId": parent})
        if self.is_success("change", answer):
            self.items[item] = replace(known, name=name, parent=parent)

    def throw_away(self, item, present):
        """Puts an item into the trash, with everything below it."""
        answer = self.client.insist("DELETE", f"/files/{item}")
        # 404: an earlier request did it, and its answer was lost in a cut.
        if answer.status == 404 or self.is_success("trash", answer):
            below = {item}
            while more := {one for one in present if self.items[one].parent in below} - below:
                below |= more
            for one in below:
                self.items[one] = replace(self.items[one], is_trashed=True)

    def is_success(self, what, answer):
        if 200 <= answer.status < 300:
            self.acknowledged += 1
            return True
        self.note_refusal(what, answer)
        return False

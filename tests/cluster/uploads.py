"""Uploads files through the documented API while nodes are killed, and records which were acknowledged. It must not know what
is killed, nor which store or database is used."""

import hashlib
import random
import threading
import time
from dataclasses import dataclass, field

import urllib3

API = "/public/v1/drive"
PART_BYTES = 5 << 20
# All requests must be answered within this time after the last fault.
CONVERGED_SECS = 60
# After this time, an uploader stops repeating a request, and the request counts as not answered.
GIVEN_UP_SECS = 180
# A request that needs something unreachable must be answered 503 within this time.
REFUSED_SECS = 2.0
# The network and a busy machine may add this to it.
TOLERANCE_SECS = 0.5


class Stuck(Exception):
    """A request was repeated again and again, but never got an answer."""


@dataclass
class File:
    """A file whose bytes follow from its name and seed, so that they do not have to be stored."""

    name: str
    seed: int

    def content(self):
        choice = random.Random(f"{self.seed}/{self.name}")
        kind = choice.randrange(20)
        if kind == 0:
            size = 0
        elif kind < 10:
            size = choice.randrange(1, 16 << 10)
        elif kind < 19:
            size = choice.randrange(16 << 10, 200 << 10)
        else:
            size = PART_BYTES + choice.randrange(1, 100 << 10)
        return choice.randbytes(size)


@dataclass
class Ledger:
    """What the clients observed. All uploaders share it."""

    acknowledged: dict = field(default_factory=dict)  # id of the item: its file
    undecided: set = field(default_factory=set)  # ids of items that may exist: finalize was never answered
    unanswered: list = field(default_factory=list)  # requests that were not answered within a minute after the last fault
    refused: list = field(default_factory=list)  # answers that are neither a success nor "ask again"
    slow: list = field(default_factory=list)  # 503s that came late, or without Retry-After
    again: int = 0  # 503s
    cut: int = 0  # requests without an answer
    slowest_503: float = 0.0
    begun_anew: int = 0
    # When something died last, or a Dray was ready again. Requests from before may be answered later. (A Dray that starts asks
    # its store first, while connections to it wait; the database may die while a finalize waits for a slow store.)
    disturbed_at: float = 0.0
    last_fault: float | None = None  # set by the code that causes faults, once the last one is over
    lock: threading.Lock = field(default_factory=threading.Lock)

    def late(self, asked_at):
        """Whether a request from that time should have been answered by now; and for how long it has waited without faults."""
        if self.last_fault is None:
            return False, 0.0
        waited = time.monotonic() - max(asked_at, self.last_fault)
        return waited > CONVERGED_SECS, waited


def is_ask_again(answer):
    """Whether an answer says that the same request may succeed later: a 503, or a 409 that says when to ask again."""
    return answer.status == 503 or (answer.status == 409 and "retry-after" in answer.headers)


class Client:
    """Sends requests to the drive at `url`. If a connection ends without an answer, the answer is `None`."""

    def __init__(self, url, token, ledger):
        self.url, self.token, self.ledger = url, token, ledger
        timeout = urllib3.Timeout(connect=5, read=120)
        self.http = urllib3.PoolManager(retries=False, timeout=timeout, maxsize=4)

    def once(self, method, path, body=None, headers=None):
        """The response, or `None` if there was none. It records how fast a 503 came, and whether it has Retry-After."""
        asked_at = time.monotonic()
        headers = {"authorization": f"Bearer {self.token}", **(headers or {})}
        try:
            answer = self.http.request(method, self.url + API + path, json=body, headers=headers)
        except urllib3.exceptions.HTTPError:
            with self.ledger.lock:
                self.ledger.cut += 1
            return None
        if answer.status == 503:
            self.note_503(path, answer, time.monotonic() - max(asked_at, self.ledger.disturbed_at))
        return answer

    def note_503(self, path, answer, took):
        code = answer.data[:80].decode(errors="replace")
        with self.ledger.lock:
            self.ledger.again += 1
            # Dray waits up to 20 s for a finalize that another server has begun, because that mostly yields the answer.
            if b"finalize_pending" in answer.data:
                took = 0.0
            self.ledger.slowest_503 = max(self.ledger.slowest_503, took)
            if took > REFUSED_SECS + TOLERANCE_SECS or "retry-after" not in answer.headers:
                self.ledger.slow.append(f"{path}: {took:.1f} s, retry-after {answer.headers.get('retry-after')}: {code}")

    def insist(self, method, path, body=None, headers=None):
        """Repeats a request until the answer is not "ask again"."""
        asked_at, is_late = time.monotonic(), False
        while True:
            answer = self.once(method, path, body, headers)
            if answer is not None and not is_ask_again(answer):
                return answer
            became_late, waited = self.ledger.late(asked_at)
            if became_late and not is_late:
                is_late = True
                said = None if answer is None else answer.data.decode(errors="replace")
                with self.ledger.lock:
                    self.ledger.unanswered.append(f"{method} {path} {body}: {said}")
            if waited > GIVEN_UP_SECS:
                raise Stuck(path)
            time.sleep(0.2)

    def put(self, url, content):
        """PUTs the bytes of a part to its URL; returns the status and the ETag."""
        try:
            answer = self.http.request("PUT", url, body=content)
        except urllib3.exceptions.HTTPError:
            return 0, None
        return answer.status, answer.headers.get("etag")


class Uploader(threading.Thread):
    """Uploads one file after another until it is stopped. It aborts some uploads, and abandons others."""

    def __init__(self, client, ledger, name, seed, is_enough):
        super().__init__(daemon=True)
        self.client, self.ledger, self.label, self.seed, self.is_enough = client, ledger, name, seed, is_enough
        self.choice = random.Random(f"{seed}/{name}")
        self.failure = None

    def run(self):
        number = 0
        try:
            while not self.is_enough():
                number += 1
                self.upload(File(f"{self.label}.{number}", self.seed))
        except Stuck:
            pass
        except BaseException as failure:  # reported by the code that joins this thread
            self.failure = failure
            raise

    def upload(self, file):
        """Uploads a file; begins again if its upload is gone. One upload in eight is abandoned or aborted."""
        content, fate = file.content(), self.choice.randrange(16)
        for attempt in range(20):
            upload = self.begin(file, content, attempt)
            if upload is None or fate == 0:
                return
            parts = self.put_all(upload, content)
            if fate == 1:
                self.step("abort", upload, {})
                return
            if parts is not None and self.finalize(upload, parts, file):
                return
            with self.ledger.lock:
                self.ledger.begun_anew += 1
        raise AssertionError(f"{file.name} could not be uploaded in 20 uploads; the last refusals: {self.ledger.refused[-3:]}")

    def begin(self, file, content, attempt):
        body = {"fileName": file.name, "fileSize": len(content), "mimeType": "application/octet-stream"}
        key = {"idempotency-key": hashlib.sha256(f"{self.seed}/{file.name}/{attempt}".encode()).hexdigest()}
        answer = self.client.insist("POST", "/files/upload/multipart/start", body, key)
        if answer.status != 200:
            return self.note_refusal("start", answer)
        started = answer.json()
        return {"uploadId": started["uploadId"], "fileKey": started["fileKey"]}

    def step(self, name, upload, more):
        return self.client.insist("POST", f"/files/upload/multipart/{name}", {**upload, **more})

    def note_refusal(self, step, answer):
        with self.ledger.lock:
            self.ledger.refused.append(f"{step}: {answer.status} {answer.data[:200].decode(errors='replace')}")

    def put_all(self, upload, content):
        """PUTs every part; returns the list for finalize, or `None` if the store does not know the upload."""
        cuts = range(0, max(len(content), 1), PART_BYTES)
        listed = []
        for number, at in enumerate(cuts, 1):
            asked_at = time.monotonic()
            while True:
                answer = self.step("presigned-urls", upload, {"parts": len(cuts), "partNumbers": [number]})
                if answer.status != 200:
                    return self.note_refusal("presigned-urls", answer)
                status, etag = self.client.put(answer.json()["urls"][0], content[at : at + PART_BYTES])
                if status == 200:
                    break
                if status == 404:
                    return None
                if self.ledger.late(asked_at)[1] > GIVEN_UP_SECS:
                    raise Stuck(f"the store accepts no part: {status}")
                time.sleep(0.2)
            listed.append({"partNumber": number, "eTag": etag})
        return listed

    def finalize(self, upload, parts, file):
        """Finalizes; returns whether the file is acknowledged. If not, its upload is gone permanently."""
        item = upload["fileKey"].rsplit("/", 1)[-1]
        try:
            answer = self.step("finalize", upload, {"parts": parts})
        except Stuck:
            with self.ledger.lock:
                self.ledger.undecided.add(item)
            raise
        if answer.status != 200:
            self.note_refusal("finalize", answer)
            return False
        with self.ledger.lock:
            self.ledger.acknowledged[answer.json()["id"]] = file
        return True


def children(client):
    """All items in the root, as pairs of id and name."""
    found, cursor = [], ""
    while True:
        page = client.insist("GET", f"/folders/root/children?limit=500{cursor}").json()
        found += [(item["id"], item["name"]) for item in page["items"]]
        if not page.get("nextCursor"):
            return found
        cursor = f"&cursor={page['nextCursor']}"


def download(client, item):
    """The bytes of a file; `None` if it cannot be downloaded."""
    answer = client.insist("GET", f"/files/{item}/download")
    for _ in range(30):
        try:
            got = client.http.request("GET", answer.json()["url"])
            if got.status == 200:
                return got.data
            said = got.status
        except (urllib3.exceptions.HTTPError, KeyError) as error:
            said = error
        time.sleep(1)
    print(f"download of {item}: {said}")
    return None


def verify(client, ledger, earlier):
    """Compares the drive with the ledger. `earlier` are the ids of items from before. Returns how many files are lost, and how
    many exist twice or without an acknowledgement."""
    there = dict(children(client))
    lost = doubled = 0
    for item, file in ledger.acknowledged.items():
        if there.get(item) != file.name or download(client, item) != file.content():
            print(f"lost: {item} {file.name} (listed: {item in there})")
            lost += 1
    seen = set()
    for item, name in there.items():
        if item in earlier:
            continue
        if name in seen or (item not in ledger.acknowledged and item not in ledger.undecided):
            print(f"doubled, or never acknowledged: {item} {name}")
            doubled += 1
        seen.add(name)
    return lost, doubled

"""A disk with a volatile cache, served by NBD. A power cut loses some of the writes that were not flushed. This file must not
know what is on the disk.

The protocol is that of "The NBD protocol" (github.com/NetworkBlockDevice/nbd, doc/proto.md): fixed newstyle negotiation,
simple replies, one client at a time."""

import mmap
import os
import random
import socket
import struct
import threading

SECTOR_BYTES = 512
# A disk writes this much whole or not at all (physical sectors: "Advanced Format"). The journal of ext4 relies on it: if a commit
# block is torn, its checksum is wrong, and Linux no longer mounts the file system (fs/jbd2/recovery.c, `j_failed_commit`).
WHOLE_SECTORS = 4096 // SECTOR_BYTES
# The chance that a cached sector has reached the disk before it is written again: a disk empties its cache whenever it likes.
DESTAGED = 0.25

NBD_MAGIC, IHAVEOPT, REPLY_MAGIC = 0x4E42444D41474943, 0x49484156454F5054, 0x0003E889045565A9
REQUEST_MAGIC, SIMPLE_REPLY_MAGIC = 0x25609513, 0x67446698
# Fixed newstyle, and no zeroes after the answer to EXPORT_NAME.
HANDSHAKE_FLAGS = 0b11
OPT_EXPORT_NAME, OPT_ABORT, OPT_INFO, OPT_GO = 1, 2, 6, 7
REP_ACK, REP_INFO, REP_ERR_UNSUP = 1, 3, (1 << 31) + 1
INFO_EXPORT = 0
HAS_FLAGS, SEND_FLUSH = 1 << 0, 1 << 2
READ, WRITE, DISC, FLUSH = 0, 1, 2, 3
EINVAL = 22
LONGEST_REQUEST = 64 << 20

# The power goes off when this many writes are not flushed. Most of the time there are none, and a power cut would
# prove nothing.
MOMENTS = [1, 1, 2, 2, 3, 4, 6, 9]

# Which of the unflushed writes a cut keeps.
FATES = ["none", "all but some", "half", "first ones", "last ones"]


class Hangup(Exception):
    """The client has closed its connection."""


class PowerIsOff(Exception):
    """The disk no longer writes or answers."""


class Cache:
    """The sectors on the disk, and those that are only in the cache."""

    def __init__(self, path, choice, lies=False):
        """With `lies`, the disk answers a flush and does nothing."""
        self.choice, self.lies = choice, lies
        with open(path, "r+b") as file:
            self.size = os.fstat(file.fileno()).st_size
            self.stable = mmap.mmap(file.fileno(), self.size)
        self.dirty = {}  # sector: the number of its write, and its bytes
        self.writes = self.unflushed = 0
        self.off_at = None  # the number of unflushed writes at which the power goes off

    def read(self, offset, length):
        data = bytearray(self.stable[offset : offset + length])
        first, dirty = offset // SECTOR_BYTES, self.dirty
        if dirty:
            for number in range(length // SECTOR_BYTES):
                entry = dirty.get(first + number)
                if entry is not None:
                    data[number * SECTOR_BYTES : (number + 1) * SECTOR_BYTES] = entry[1]
        return data

    def write(self, offset, data):
        self.writes += 1
        self.unflushed += 1
        first, dirty, number = offset // SECTOR_BYTES, self.dirty, self.writes
        is_destaged = self.choice.random() < DESTAGED
        for at in range(len(data) // SECTOR_BYTES):
            sector = first + at
            if is_destaged and sector in dirty:
                self.settle(sector, dirty[sector][1])
            dirty[sector] = (number, data[at * SECTOR_BYTES : (at + 1) * SECTOR_BYTES])

    def flush(self):
        self.unflushed = 0
        if not self.lies:
            for sector, (_, data) in self.dirty.items():
                self.settle(sector, data)
            self.dirty.clear()

    def settle(self, sector, data):
        self.stable[sector * SECTOR_BYTES : (sector + 1) * SECTOR_BYTES] = data

    def cut(self, choice):
        """Loses a random choice of the unflushed writes. One write in eight is torn: it keeps some of its physical sectors."""
        fate = choice.choice(FATES)
        writes = sorted({number for number, _ in self.dirty.values()})
        pivot = choice.randrange(len(writes) + 1)
        chance = {"none": 0.0, "all but some": 0.9, "half": 0.5}.get(fate)
        if chance is None:
            early, late = set(writes[:pivot]), set(writes[pivot:])
            kept = early if fate == "first ones" else late
        else:
            kept = {number for number in writes if choice.random() < chance}
        torn = {number for number in writes if choice.random() < 1 / 8}
        pieces, lost = {}, 0
        for sector in sorted(self.dirty):
            number, data = self.dirty[sector]
            piece = (number, sector // WHOLE_SECTORS)
            if number in torn and fate != "none" and piece not in pieces:
                pieces[piece] = choice.random() < 0.5
            if pieces.get(piece, number in kept):
                self.settle(sector, data)
            else:
                lost += 1
        self.dirty.clear()
        self.unflushed, self.off_at = 0, None
        return {"fate": fate, "writes": len(writes), "lost_sectors": lost}


class Disk:
    """Serves the cache on a socket to one guest after another."""

    def __init__(self, image, socket_path, seed, lies=False):
        self.cache = Cache(image, random.Random(f"{seed}/destaged"), lies)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(socket_path))
        self.listener.listen(1)
        self.serving = None
        self.failure = None
        self.is_off = threading.Event()

    def attach(self):
        """Waits for a guest in a thread."""
        self.is_off.clear()
        self.serving = threading.Thread(target=self.serve, daemon=True)
        self.serving.start()

    def serve(self):
        connection, _ = self.listener.accept()
        try:
            with connection:
                try:
                    Connection(connection, self.cache).run()
                except PowerIsOff:
                    self.is_off.set()
                    # The guest must not see an error of the disk. It waits for an answer until QEMU is killed.
                    while connection.recv(1 << 20):
                        pass
        except (Hangup, ConnectionError):
            pass
        except BaseException as failure:  # told by whoever detaches
            self.failure = failure

    def power_off(self, choice, longest_secs):
        """Stops the disk at one of the next writes, or returns after `longest_secs` if there are too few."""
        self.cache.off_at = choice.choice(MOMENTS)
        self.is_off.wait(longest_secs)

    def detach(self):
        """Waits until everything that a dead guest has sent is read."""
        self.serving.join()
        if self.failure:
            raise self.failure

    def close(self):
        self.listener.close()
        self.cache.stable.close()


class Connection:
    """One guest's connection."""

    def __init__(self, connection, cache):
        self.connection, self.cache = connection, cache

    def run(self):
        if self.negotiate():
            while self.request():
                pass

    def receive(self, length):
        data = bytearray(length)
        view, filled = memoryview(data), 0
        while filled < length:
            got = self.connection.recv_into(view[filled:])
            if got == 0:
                raise Hangup
            filled += got
        return data

    def unpack(self, form):
        return struct.unpack(form, self.receive(struct.calcsize(form)))

    def negotiate(self):
        """Agrees on the options. Returns whether the client will send requests."""
        flags = HAS_FLAGS | SEND_FLUSH
        self.connection.sendall(struct.pack(">QQH", NBD_MAGIC, IHAVEOPT, HANDSHAKE_FLAGS))
        (client_flags,) = self.unpack(">I")
        while True:
            _, option, length = self.unpack(">QII")
            self.receive(length)
            if option in (OPT_GO, OPT_INFO):
                export = struct.pack(">HQH", INFO_EXPORT, self.cache.size, flags)
                self.answer_option(option, REP_INFO, export)
                self.answer_option(option, REP_ACK)
                if option == OPT_GO:
                    return True
            elif option == OPT_EXPORT_NAME:
                padding = b"" if client_flags & 2 else bytes(124)
                self.connection.sendall(struct.pack(">QH", self.cache.size, flags) + padding)
                return True
            elif option == OPT_ABORT:
                self.answer_option(option, REP_ACK)
                return False
            else:
                self.answer_option(option, REP_ERR_UNSUP)

    def answer_option(self, option, reply, data=b""):
        self.connection.sendall(struct.pack(">QIII", REPLY_MAGIC, option, reply, len(data)) + data)

    def request(self):
        """Carries out one request. Returns whether another one will follow."""
        magic, _, kind, cookie, offset, length = self.unpack(">IHHQQI")
        assert magic == REQUEST_MAGIC and length <= LONGEST_REQUEST, "not a request of NBD"
        if kind == DISC:
            return False
        data = self.receive(length) if kind == WRITE else None
        is_whole = offset % SECTOR_BYTES == 0 == length % SECTOR_BYTES and offset + length <= self.cache.size
        if self.cache.off_at is not None and self.cache.unflushed >= self.cache.off_at:
            raise PowerIsOff
        answer, error = b"", 0
        if kind == READ and is_whole:
            answer = self.cache.read(offset, length)
        elif kind == WRITE and is_whole:
            self.cache.write(offset, bytes(data))
        elif kind == FLUSH:
            self.cache.flush()
        else:
            error = EINVAL
        self.connection.sendall(struct.pack(">IIQ", SIMPLE_REPLY_MAGIC, error, cookie) + answer)
        return True

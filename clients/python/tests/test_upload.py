"""Uploads of every kind of source, and what happens to uploads that fail."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc

import pytest

import dray
from dray import AsyncDray, Dray
from proxy import PASS, Answer, Proxy

MIB = 1 << 20
PART = 16 * MIB


def read(drive, item, tmp_path):
    """The bytes of an item, by a download."""
    return drive.download(item.id, tmp_path / f"read-{item.id}").path.read_bytes()


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART + 5])
def test_a_file_of_any_size_arrives(drive, folder, tmp_path, content, size):
    path, data = tmp_path / "été \u202d.bin".replace("\u202d", ""), content(size)
    path.write_bytes(data)
    moved = []
    item = drive.upload(path, parent_id=folder, progress=moved.append)
    assert (item.name, item.size, item.parent_id) == (path.name, size, folder)
    assert read(drive, item, tmp_path) == data
    assert (moved[-1].done_bytes, moved[-1].total_bytes, moved[-1].done_files, moved[-1].total_files) == (
        size,
        size,
        1,
        1,
    )


def unseekable(data):
    """A pipe that somebody fills."""
    out, into = os.pipe()

    def fill():
        with open(into, "wb") as file:
            file.write(data)

    threading.Thread(target=fill).start()
    return open(out, "rb")


async def pieces(data):
    for at in range(0, len(data), 100_000):
        yield data[at : at + 100_000]
        yield b""


SOURCES = {
    "bytes": lambda data: data,
    "bytearray": bytearray,
    "memoryview": memoryview,
    "BytesIO": io.BytesIO,
    "iterable": lambda data: (data[at : at + 70_000] for at in range(0, len(data), 70_000)),
    "list": lambda data: [data[:5], b"", data[5:]],
    "async iterable": pieces,
    "pipe": unseekable,
}


@pytest.mark.parametrize("knows_size", [True, False])
@pytest.mark.parametrize("kind", SOURCES)
def test_whatever_has_bytes_arrives(drive, folder, tmp_path, content, kind, knows_size):
    data = content(PART + 12345)
    source = SOURCES[kind](data)
    item = drive.upload(source, name="a.bin", parent_id=folder, size=len(data) if knows_size else None)
    assert read(drive, item, tmp_path) == data
    if hasattr(source, "close"):
        source.close()


def test_an_open_file_is_sent_from_where_it_stands_under_its_name(drive, folder, tmp_path, content):
    data = content(1000)
    (tmp_path / "open.bin").write_bytes(data)
    with open(tmp_path / "open.bin", "rb") as file:
        file.seek(10)
        item = drive.upload(file, parent_id=folder)
        assert not file.closed
    assert item.name == "open.bin" and read(drive, item, tmp_path) == data[10:]


@pytest.mark.parametrize("by", [-1, 1])
def test_a_stream_of_another_size_than_announced_is_not_saved(drive, folder, by):
    with pytest.raises(dray.SizeError):
        drive.upload(iter([b"x" * 100]), name="a", parent_id=folder, size=100 + by)
    assert list(drive.iter_children(folder)) == [] and list(drive.iter_uploads()) == []


@pytest.mark.parametrize("wrong", [io.StringIO("text"), 5, None, "no/such/file", ".", "/dev/null", [b"x", "y"]])
def test_what_cannot_be_uploaded_is_refused_before_anything_is_begun(drive, wrong):
    with pytest.raises(dray.SourceError):
        drive.upload(wrong, name="a")
    assert list(drive.iter_uploads()) == []


def test_bytes_without_a_name_are_refused(drive):
    with pytest.raises(dray.SourceError, match="name"):
        drive.upload(b"x")


def test_the_type_is_guessed_and_can_be_given(drive, folder):
    assert drive.upload(b"x", name="a.pdf", parent_id=folder).mime_type == "application/pdf"
    assert drive.upload(b"x", name="a.weird", parent_id=folder).mime_type == "application/octet-stream"
    assert drive.upload(b"x", name="a.pdf", parent_id=folder, mime_type="text/plain").mime_type == "text/plain"


def test_a_name_that_is_taken_is_dealt_with_as_was_chosen(drive, folder):
    first = drive.upload(b"1", name="a.txt", parent_id=folder)
    assert drive.upload(b"2", name="a.txt", parent_id=folder, on_conflict="rename").name != "a.txt"
    assert drive.upload(b"3", name="a.txt", parent_id=folder, on_conflict="replace").id == first.id
    with pytest.raises(dray.ConflictError) as refused:
        drive.upload(b"4", name="a.txt", parent_id=folder, on_conflict="fail")
    assert refused.value.code == "name_taken" and list(drive.iter_uploads()) == []


class Changing(io.BytesIO):
    """A file that is written to while it is read."""

    def read(self, count=-1):
        data = super().read(count)
        if data and self.getbuffer().nbytes < 200_000:
            at = self.tell()
            self.seek(0, io.SEEK_END)
            self.write(b"more")
            self.seek(at)
        return data


def test_a_file_that_changes_meanwhile_is_not_saved(drive, folder, tmp_path):
    with pytest.raises(dray.ChangedError):
        drive.upload(Changing(b"x" * 100_000), name="a", parent_id=folder)
    path = tmp_path / "growing"
    path.write_bytes(b"x" * 100_000)

    def touch(_progress):
        os.utime(path, ns=(0, 0))

    with pytest.raises(dray.ChangedError):
        drive.upload(path, parent_id=folder, progress=touch)
    assert list(drive.iter_children(folder)) == [] and list(drive.iter_uploads()) == []


def test_what_progress_raises_ends_the_upload_and_aborts_it(drive, folder, content):
    class Enough(Exception):
        pass

    def stop(progress):
        if progress.done_bytes > 2 * MIB:
            raise Enough

    with pytest.raises(Enough):
        drive.upload(content(2 * PART), name="a", parent_id=folder, progress=stop)
    assert list(drive.iter_uploads()) == [] and list(drive.iter_children(folder)) == []


def test_a_cancelled_upload_is_aborted_even_if_it_was_cancelled_while_it_began(server, token, drive):
    async def cancel_at(step):
        reached = asyncio.Event()
        loop = asyncio.get_running_loop()

        def choose(seen):
            if seen.path.endswith(step) or (step == "part" and seen.is_part):
                loop.call_soon_threadsafe(reached.set)
                threading.Event().wait(0.3)
            return PASS

        with Proxy(server.port, choose) as proxy:
            async with AsyncDray(proxy.url, token) as drive:
                task = asyncio.create_task(drive.upload(b"x" * (PART + 1), name=f"cancelled at {step}"))
                await reached.wait()
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                return [upload.file_name async for upload in drive.iter_uploads()]

    for step in ("start", "presigned-urls", "part", "finalize"):
        assert asyncio.run(cancel_at(step)) == [], step


def test_no_more_parts_than_allowed_are_on_their_way_whatever_files_they_belong_to(server, token, content, folder):
    data = content(PART + 1)

    async def use(proxy):
        async with AsyncDray(proxy.url, token, parallel=3) as drive:
            await asyncio.gather(*(drive.upload(data, name=f"{n}", parent_id=folder) for n in range(4)))

    gate = threading.Event()
    threading.Timer(1, gate.set).start()
    with Proxy(server.port, lambda seen: gate.wait() and PASS if seen.is_part else PASS) as proxy:
        asyncio.run(use(proxy))
        assert proxy.most_under_way == 3
        assert proxy.count(lambda seen: seen.is_part) == 8


def test_memory_is_bounded_whatever_the_size_of_the_file(drive, folder):
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(160 * MIB)
        tracemalloc.start()
        try:
            drive.upload(file.name, name="large", parent_id=folder)
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert most < 24 * MIB, f"{most / MIB:.0f} MiB"


def test_the_whole_file_is_proved(server, token, content, folder):
    def bodies(**options):
        finalized = []

        def choose(seen):
            finalized.append(seen) if seen.path.endswith("finalize") else None
            return PASS

        with Proxy(server.port, choose) as proxy, Dray(proxy.url, token) as client:
            client.upload(content(PART + 1), name="a", parent_id=folder, **options)
        return int(finalized[0].headers["content-length"])

    assert bodies() == bodies(checksum=True) > bodies(checksum=False) + 20


def test_bytes_that_were_damaged_on_the_way_are_not_saved(drive, folder, content, monkeypatch):
    monkeypatch.setattr("dray._crc64.update", lambda data, crc=0: crc ^ 1)
    with pytest.raises(dray.ApiError) as refused:
        drive.upload(content(1000), name="a", parent_id=folder)
    assert refused.value.code == "checksum_mismatch" and list(drive.iter_children(folder)) == []


def test_without_the_library_small_files_are_proved_and_large_ones_are_sent(drive, folder, monkeypatch, content):
    monkeypatch.setattr("dray._crc64._native", lambda: None)
    monkeypatch.setattr("dray._upload.SLOW_CHECKSUM_BYTES", MIB)
    asked = []
    real = dray._crc64.update_in_python
    monkeypatch.setattr("dray._crc64.update_in_python", lambda data, crc=0: asked.append(len(data)) or real(data, crc))
    drive.upload(content(MIB), name="small", parent_id=folder)
    drive.upload(content(MIB + 1), name="large", parent_id=folder)
    assert sum(asked) == MIB


def test_a_refusal_at_the_start_says_why(drive, folder):
    for name, code in [("a/b", "invalid_name"), ("..", "invalid_name")]:
        with pytest.raises(dray.InvalidRequestError) as refused:
            drive.upload(b"x", name=name, parent_id=folder)
        assert refused.value.code == code
    with pytest.raises(dray.NotFoundError):
        drive.upload(b"x", name="a", parent_id="65ba5c80c3f1a2b4d5e6f708")


def test_an_upload_that_cannot_be_aborted_says_that_it_stays(server, token):
    def choose(seen):
        gone = Answer(404, b"<Error><Code>NoSuchBucket</Code></Error>")
        return gone if seen.is_part else Answer(500, b"{}") if seen.path.endswith("abort") else PASS

    with Proxy(server.port, choose) as proxy, Dray(proxy.url, token) as client:
        with pytest.raises(dray.StoreError) as failed:
            client.upload(b"x", name="stays")
    assert "keeps upload" in failed.value.__notes__[0]
    with Dray(server.url, token) as client:
        for upload in client.iter_uploads():
            client.abort_upload(upload.upload_id, upload.file_key)


def opened(drive, name):
    """An upload that is started, and nothing more."""
    return drive.start_upload(name, 3, "text/plain")


def test_an_upload_waits_until_there_is_room_among_the_open_uploads(own):
    server = own("--max-open-uploads", "2")
    with Dray(server.url, server.token()) as other, Dray(server.url, server.token()) as drive:
        left = [opened(other, "a"), opened(other, "b")]

        def make_room(progress):
            if progress.note and len(left) == 2:
                upload = left.pop()
                other.abort_upload(upload.upload_id, upload.file_key)

        item = drive.upload(b"abc", name="c", progress=make_room)
        assert drive.get_item(item.id).name == "c" and len(left) == 1


def test_uploads_at_once_that_may_not_all_be_open_arrive_one_after_the_other(own):
    server = own("--max-open-uploads", "1")

    async def use():
        async with AsyncDray(server.url, server.token()) as drive:
            return await asyncio.gather(*(drive.upload(b"abc", name=f"{number}") for number in range(6)))

    assert sorted(item.name for item in asyncio.run(use())) == [f"{number}" for number in range(6)]


def test_patience_bounds_the_wait_for_room(own):
    server = own("--max-open-uploads", "1")
    with Dray(server.url, server.token(), patience=0) as drive:
        opened(drive, "a")
        with pytest.raises(dray.ConflictError) as refused:
            drive.upload(b"abc", name="b")
        assert refused.value.code == "too_many_uploads"


class Sleepy(io.RawIOBase):
    """A file that does not block: before each piece it has nothing for a while, which it says as files do."""

    def __init__(self, pieces, *, raises=False, seeks=False):
        self.left = [each for piece in pieces for each in (None, None, piece)]
        self.raises, self.seeks = raises, seeks

    def readable(self):
        return True

    def seekable(self):
        return self.seeks

    def seek(self, offset, whence=io.SEEK_SET):
        return 10 if whence == io.SEEK_END else offset

    def tell(self):
        return 0

    def read(self, count=-1):
        piece = self.left.pop(0) if self.left else b""
        if piece is None and self.raises:
            raise BlockingIOError("nothing yet")
        return piece


@pytest.mark.parametrize("knows_size", [True, False])
@pytest.mark.parametrize("raises", [True, False])
def test_a_file_that_has_nothing_yet_has_not_ended(drive, folder, tmp_path, raises, knows_size):
    source = Sleepy([b"first ", b"second ", b"third"], raises=raises)
    item = drive.upload(source, name="a", parent_id=folder, size=18 if knows_size else None)
    assert read(drive, item, tmp_path) == b"first second third"


def test_a_pipe_that_does_not_block_is_read_to_its_end(drive, folder, tmp_path):
    out, into = os.pipe()
    os.set_blocking(out, False)
    with open(out, "rb", buffering=0) as pipe:
        nothing_yet = threading.Event()

        class Watched:
            def read(self, count):
                some = pipe.read(count)
                if some is None:
                    nothing_yet.set()
                return some

        def fill():
            with open(into, "wb", buffering=0) as file:
                for _ in range(3):
                    file.write(b"x" * 1000)
                    nothing_yet.clear()
                    nothing_yet.wait(30)

        filling = threading.Thread(target=fill)
        filling.start()
        item = drive.upload(Watched(), name="a", parent_id=folder)
        filling.join()
    assert read(drive, item, tmp_path) == b"x" * 3000


async def with_none():
    yield b"first"
    yield None
    yield b"second"


@pytest.mark.parametrize("knows_size", [True, False])
@pytest.mark.parametrize(
    "make",
    [
        lambda: iter([b"first", None, b"second"]),
        with_none,
        lambda: iter([b"first", 0]),
        lambda: Sleepy([b"first"], seeks=True),
    ],
    ids=["iterator", "async iterator", "number", "file that seeks"],
)
def test_nothing_in_the_place_of_bytes_is_refused_and_not_taken_for_the_end(drive, folder, make, knows_size):
    with pytest.raises(dray.SourceError):
        drive.upload(make(), name="a", parent_id=folder, size=5 if knows_size else None)
    assert list(drive.iter_children(folder)) == [] and list(drive.iter_uploads()) == []


INTERRUPTED = """
import signal, sys
from dray import Dray
# A shell that runs the tests in the background lets them ignore this signal.
signal.signal(signal.SIGINT, signal.default_int_handler)
drive = Dray()
print("ready", flush=True)
try:
    drive.upload(sys.stdin.buffer, name="stdin", **({"size": 10 << 20} if sys.argv[1] == "known" else {}))
except KeyboardInterrupt:
    drive.close()
    print("closed", flush=True)
"""


@pytest.mark.parametrize("size", ["known", "unknown"])
def test_a_program_that_is_interrupted_while_it_reads_a_pipe_ends_although_the_pipe_stays_open(server, token, size):
    environment = {**os.environ, "DRAY_URL": server.url, "DRAY_TOKEN": token, "PYTHONPATH": os.pathsep.join(sys.path)}
    started = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment}
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED, size], **started) as program:
        try:
            assert program.stdout.readline() == b"ready\n"
            program.stdin.write(bytes(100_000))
            program.stdin.flush()
            # Most likely it waits for more by now. If not, it must end all the same.
            time.sleep(1)
            program.send_signal(signal.SIGINT)
            assert program.wait(30) == 0, program.stderr.read().decode()
            assert (program.stdout.read(), program.stderr.read()) == (b"closed\n", b"")
        finally:
            program.kill()


def test_a_timeout_while_a_pipe_is_read_ends_the_event_loop_and_reads_nothing_more(server, token):
    out, into = os.pipe()
    os.write(into, bytes(1000))

    async def read(file):
        async with AsyncDray(server.url, token) as drive:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(drive.upload(file, name="pipe", size=5000), 1)

    with open(out, "rb") as file:
        begun = time.monotonic()
        asyncio.run(read(file))
        assert time.monotonic() - begun < 10
        os.write(into, b"later")
        time.sleep(0.5)
        assert file.read1(10) == b"later", "nobody waited for it"
    os.close(into)

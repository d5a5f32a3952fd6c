"""Uploads that continue after a crash with the parts that the store has, and never with a changed file."""

import os
import signal
import subprocess
import sys
import textwrap
import urllib.request

import pytest

import dray
from dray import Dray
from proxy import CUT, PASS, Answer, Proxy

MIB = 1 << 20
PART = 16 * MIB

CRASHING = """
    import os, signal, sys
    import dray
    url, token, path, parent, parts = sys.argv[1:]

    def progress(now):
        if now.done_bytes > int(parts) * (16 << 20):
            os.kill(os.getpid(), signal.SIGKILL)

    dray.Dray(url, token, parallel=1).upload(path, parent_id=parent, resume=True, progress=progress)
"""


def crash(url, token, path, parent, parts):
    """Runs an upload in its own process, which is killed after some parts."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", textwrap.dedent(CRASHING), url, token, str(path), parent, str(parts)]
    assert subprocess.run(command, env=environment, timeout=60).returncode == -signal.SIGKILL


@pytest.fixture
def path(tmp_path, content):
    path = tmp_path / "big.bin"
    path.write_bytes(content(2 * PART + 9))
    return path


def sent(proxy):
    """The parts that were sent, by their numbers."""
    return sorted(int(seen.path.split("partNumber=")[1].split("&")[0]) for seen in proxy.seen if seen.is_part)


def test_after_a_crash_only_what_the_store_lacks_is_sent(server, token, folder, path, drive, tmp_path):
    crash(server.url, token, path, folder, 1)
    (left,) = drive.iter_uploads()
    stored = [part.part_number for part in drive.list_parts(left.upload_id, left.file_key).parts]
    assert stored
    with Proxy(server.port) as proxy, Dray(proxy.url, token) as client:
        item = client.upload(path, parent_id=folder, resume=True)
        assert sent(proxy) == [number for number in range(1, 4) if number not in stored]
        assert proxy.count(lambda seen: seen.path.endswith("start")) == 0
    assert drive.download(item.id, tmp_path / "again").path.read_bytes() == path.read_bytes()
    assert [each.id for each in drive.iter_children(folder)] == [item.id] and list(drive.iter_uploads()) == []


def test_a_file_that_changed_after_the_crash_is_sent_from_its_beginning(
    server, token, folder, path, drive, tmp_path, content
):
    crash(server.url, token, path, folder, 1)
    data = content(len(path.read_bytes()))
    path.write_bytes(data)
    with Proxy(server.port) as proxy, Dray(proxy.url, token) as client:
        item = client.upload(path, parent_id=folder, resume=True)
        # It sends twice: first the parts that the store lacked, and then the whole file.
        assert len(sent(proxy)) > 3
    assert drive.download(item.id, tmp_path / "again").path.read_bytes() == data
    assert [each.id for each in drive.iter_children(folder)] == [item.id] and list(drive.iter_uploads()) == []


def test_a_changed_file_is_never_mixed_with_what_was_sent_even_without_the_library(
    server, token, folder, path, drive, tmp_path, monkeypatch
):
    crash(server.url, token, path, folder, 2)
    with open(path, "r+b") as file:
        file.write(b"\0\0\0\0")
    monkeypatch.setattr("dray._crc64._native", lambda: None)
    # A CRC of 32 MiB in Python takes a while, so a quick substitute takes its place.
    monkeypatch.setattr("dray._crc64.update_in_python", lambda data, crc=0: (crc * 31 + sum(data[:64])) & (1 << 64) - 1)
    with Dray(server.url, token) as client:
        item = client.upload(path, parent_id=folder, resume=True, checksum=False)
    monkeypatch.undo()
    assert drive.download(item.id, tmp_path / "again").path.read_bytes() == path.read_bytes()
    assert [each.id for each in drive.iter_children(folder)] == [item.id] and list(drive.iter_uploads()) == []


def test_an_upload_that_failed_stays_only_with_resume(server, token, folder, path, drive):
    refuses = lambda seen: Answer(507, b"") if seen.is_part and "partNumber=2&" in seen.path else PASS
    with Proxy(server.port, refuses) as proxy, Dray(proxy.url, token, parallel=1) as client:
        for resume in (False, True):
            with pytest.raises(dray.StoreError):
                client.upload(path, parent_id=folder, resume=resume)
            assert len(list(drive.iter_uploads())) == resume
        proxy.choose, proxy.seen = lambda seen: PASS, []
        client.upload(path, parent_id=folder, resume=True)
        assert sent(proxy) == [2, 3]


def test_only_an_upload_of_the_same_name_size_folder_and_choice_is_continued(server, token, folder, drive, content):
    data = content(PART + 1)
    begun = drive.start_upload("a", len(data), "application/octet-stream", parent_id=folder)
    others = [
        {"name": "b"},
        {"name": "a", "parent_id": drive.create_folder("other", parent_id=folder).id},
        {"name": "a", "on_conflict": "rename"},
    ]
    for other in others:
        drive.upload(data, **{"parent_id": folder, **other}, resume=True)
    drive.upload(data + b"x", name="a", parent_id=folder, resume=True)
    assert [upload.upload_id for upload in drive.iter_uploads()] == [begun.upload_id]
    drive.upload(data, name="a", parent_id=folder, resume=True)
    assert list(drive.iter_uploads()) == []


def test_an_upload_that_ended_meanwhile_is_begun_again(server, token, folder, path, drive):
    crash(server.url, token, path, folder, 1)

    def choose(seen):
        if seen.path.endswith("multipart/parts"):
            for upload in drive.iter_uploads():
                drive.abort_upload(upload.upload_id, upload.file_key)
        return PASS

    with Proxy(server.port, choose) as proxy, Dray(proxy.url, token) as client:
        assert client.upload(path, parent_id=folder, resume=True).size == path.stat().st_size
        assert sent(proxy) == [1, 2, 3]


def test_two_files_of_one_name_do_not_continue_the_same_upload(server, token, folder, drive, content):
    import asyncio

    from dray import AsyncDray

    data = content(PART + 1)
    drive.start_upload("a", len(data), "application/octet-stream", parent_id=folder)

    async def both():
        async with AsyncDray(server.url, token) as client:
            await asyncio.gather(*(client.upload(data, name="a", parent_id=folder, resume=True) for _ in range(2)))

    asyncio.run(both())
    assert len(list(drive.iter_children(folder))) == 2 and list(drive.iter_uploads()) == []


def test_a_broken_line_is_no_reason_to_begin_again(server, token, folder, path):
    cut = []
    choose = lambda seen: CUT if seen.is_part and not cut.append(seen) and len(cut) % 2 else PASS
    with Proxy(server.port, choose) as proxy, Dray(proxy.url, token) as client:
        client.upload(path, parent_id=folder)
        assert proxy.count(lambda seen: seen.path.endswith("start")) == 1


def begin(drive, folder, data):
    """Starts an upload of these bytes, and sends its first part."""
    begun = drive.start_upload("a", len(data), "application/octet-stream", parent_id=folder)
    keys = (begun.upload_id, begun.file_key)
    (signed,) = drive.presign_parts(*keys, parts=begun.parts, part_numbers=[1]).parts
    request = urllib.request.Request(signed.signed_url, data[: begun.part_size], method="PUT")
    urllib.request.urlopen(request).close()


def test_of_several_interrupted_uploads_of_one_name_and_size_the_one_of_this_file_is_continued(
    server, token, folder, drive, content, tmp_path
):
    mine, others = content(2 * PART + 1), [content(2 * PART + 1) for _ in range(2)]
    for data in (mine, *others):
        begin(drive, folder, data)
    with Proxy(server.port) as proxy, Dray(proxy.url, token) as client:
        item = client.upload(mine, name="a", parent_id=folder, resume=True)
        # Two parts into each of the wrong ones, which are the latest, and two into the right one.
        assert sent(proxy) == [2, 2, 2, 3, 3, 3]
        assert proxy.count(lambda seen: seen.path.endswith("start")) == 0
    assert drive.download(item.id, tmp_path / "again").path.read_bytes() == mine
    assert [each.id for each in drive.iter_children(folder)] == [item.id] and list(drive.iter_uploads()) == []

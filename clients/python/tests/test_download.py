"""Downloads: ranges in parallel, all or nothing on disk, continued after a crash, and nothing outside the target."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap

import pytest

import dray
from dray import Dray
from proxy import PASS, Answer, Proxy

MIB = 1 << 20
CHUNK = 16 * MIB


@pytest.fixture
def large(drive, folder, content):
    """An item of three chunks, and its bytes."""
    data = content(2 * CHUNK + 9)
    return drive.upload(data, name="large.bin", parent_id=folder), data


def ranges(proxy):
    return [seen.headers.get("range") for seen in proxy.seen if seen.is_range]


def leftovers(path):
    return sorted(name for name in os.listdir(path) if name.startswith("."))


def test_a_file_is_downloaded_in_ranges_and_appears_whole(server, token, large, tmp_path):
    item, data = large
    moved = []
    with Proxy(server.port) as proxy, Dray(proxy.url, token) as client:
        saved = client.download(item.id, tmp_path, progress=moved.append)
        assert sorted(ranges(proxy)) == sorted(
            f"bytes={at}-{min(len(data), at + CHUNK) - 1}" for at in range(0, len(data), CHUNK)
        )
        assert all(seen.headers.get("if-match") for seen in proxy.seen[3:] if seen.is_range)
    assert saved.path == tmp_path / "large.bin" and saved.path.read_bytes() == data and not saved.is_proved
    assert moved[-1].done_bytes == moved[-1].total_bytes == len(data) and os.listdir(tmp_path) == ["large.bin"]


def test_the_checksum_that_the_caller_knows_is_compared(drive, large, tmp_path):
    item, data = large
    right = dray.checksum(data)
    assert drive.download(item.id, tmp_path / "a", checksum=right).is_proved
    assert dray.checksum(tmp_path / "a") == dray.checksum(str(tmp_path / "a")) == right
    with pytest.raises(dray.ChecksumError):
        drive.download(item.id, tmp_path / "b", checksum=dray.checksum(b""))
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_that_is_there_is_replaced_only_if_that_is_wanted(drive, folder, tmp_path):
    item = drive.upload(b"new", name="a", parent_id=folder)
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(dray.TargetExistsError):
        drive.download(item.id, tmp_path)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert drive.download(item.id, tmp_path, overwrite=True).path.read_bytes() == b"new"
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(dray.TargetError):
        drive.download(item.id, tmp_path / "b", overwrite=True)


def test_a_file_that_appears_meanwhile_is_not_replaced(drive, folder, tmp_path):
    item = drive.upload(b"new", name="a", parent_id=folder)
    with pytest.raises(dray.TargetExistsError):
        drive.download(item.id, tmp_path / "a", progress=lambda now: (tmp_path / "a").write_bytes(b"theirs"))
    assert (tmp_path / "a").read_bytes() == b"theirs" and leftovers(tmp_path) == []


def test_an_empty_file_is_downloaded(drive, folder, tmp_path):
    item = drive.upload(b"", name="empty", parent_id=folder)
    assert drive.download(item.id, tmp_path).path.read_bytes() == b""


def test_a_download_that_fails_leaves_nothing_but_with_resume(server, token, large, tmp_path):
    item, data = large
    fails = lambda seen: Answer(507) if seen.is_range and f"bytes={CHUNK}-" in seen.headers["range"] else PASS
    with Proxy(server.port, fails) as proxy, Dray(proxy.url, token, parallel=1) as client:
        with pytest.raises(dray.StoreError):
            client.download(item.id, tmp_path)
        assert os.listdir(tmp_path) == []
        with pytest.raises(dray.StoreError):
            client.download(item.id, tmp_path, resume=True)
        assert len(leftovers(tmp_path)) == 2
        proxy.choose, proxy.seen = lambda seen: PASS, []
        assert client.download(item.id, tmp_path, resume=True).path.read_bytes() == data
        assert len(ranges(proxy)) == 2 and os.listdir(tmp_path) == ["large.bin"]


CRASHING = """
    import os, signal, sys
    import dray
    url, token, item, to = sys.argv[1:]

    def progress(now):
        if now.done_bytes >= 20 << 20:
            os.kill(os.getpid(), signal.SIGKILL)

    dray.Dray(url, token, parallel=1).download(item, to, resume=True, progress=progress)
"""


def crash(server, token, item, to):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", textwrap.dedent(CRASHING), server.url, token, item.id, str(to)]
    assert subprocess.run(command, env=environment, timeout=60).returncode == -signal.SIGKILL


def test_after_a_crash_only_the_missing_chunks_are_asked_for(server, token, large, tmp_path):
    item, data = large
    crash(server, token, item, tmp_path)
    assert not (tmp_path / "large.bin").exists()
    with Proxy(server.port) as proxy, Dray(proxy.url, token) as client:
        assert client.download(item.id, tmp_path, resume=True).path.read_bytes() == data
        assert len(ranges(proxy)) == 2
    assert leftovers(tmp_path) == []


def test_an_item_that_was_replaced_after_the_crash_is_downloaded_from_its_beginning(
    server, token, drive, folder, large, tmp_path, content
):
    item, data = large
    crash(server, token, item, tmp_path)
    again = content(len(data))
    assert drive.upload(again, name="large.bin", parent_id=folder, on_conflict="replace").id == item.id
    assert drive.download(item.id, tmp_path, resume=True).path.read_bytes() == again


def test_a_journal_that_is_damaged_is_not_believed(server, token, drive, folder, content, tmp_path):
    data = content(1000)
    item = drive.upload(data, name="a", parent_id=folder)
    mark = hashlib.sha256(item.id.encode()).hexdigest()[:16]
    kept = {"content": [item.id, 1000, CHUNK], "eTag": '"x"', "done": [0]}
    damages = [b"", b"{", b"[]", b'{"content": 5}', *(json.dumps({**kept, name: 5}).encode() for name in kept)]
    for damage in [*damages, json.dumps({**kept, "done": ["x"]}).encode(), b"\xff"]:
        (tmp_path / f".a.{mark}.part").write_bytes(b"?" * 1000)
        (tmp_path / f".a.{mark}.part.json").write_bytes(damage)
        assert drive.download(item.id, tmp_path, resume=True, overwrite=True).path.read_bytes() == data, damage
        assert os.listdir(tmp_path) == ["a"]


def test_two_downloads_at_once_of_one_item_do_not_disturb_each_other(server, token, large, tmp_path):
    import asyncio

    item, data = large

    async def both():
        async with dray.AsyncDray(server.url, token) as drive:
            await asyncio.gather(*(drive.download(item.id, tmp_path, resume=True, overwrite=True) for _ in range(3)))

    asyncio.run(both())
    assert (tmp_path / "large.bin").read_bytes() == data and os.listdir(tmp_path) == ["large.bin"]


def test_a_link_in_place_of_what_arrived_is_not_followed(server, token, drive, large, tmp_path):
    item, data = large
    crash(server, token, item, tmp_path)
    (part,) = tmp_path.glob(".*.part")
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    part.unlink()
    part.symlink_to(victim)
    with pytest.raises(dray.TargetError):
        drive.download(item.id, tmp_path, resume=True)
    part.unlink()
    os.link(victim, part)
    assert drive.download(item.id, tmp_path, resume=True).path.read_bytes() == data
    assert victim.read_bytes() == b"mine"


def test_an_item_that_is_replaced_during_the_download_is_not_mixed(
    server, token, drive, folder, large, tmp_path, content
):
    item, data = large
    again, replaced = content(len(data)), []

    def choose(seen):
        if seen.is_range and f"bytes={CHUNK}-" in seen.headers["range"] and not replaced:
            replaced.append(drive.upload(again, name="large.bin", parent_id=folder, on_conflict="replace"))
            return Answer(403, b"<Error><Code>AccessDenied</Code></Error>")
        return PASS

    with Proxy(server.port, choose) as proxy, Dray(proxy.url, token, parallel=1) as client:
        with pytest.raises(dray.ChangedError):
            client.download(item.id, tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_store_without_ranges_is_read_in_one_go(server, token, large, tmp_path):
    item, data = large
    whole = lambda seen: Answer(200, data, (("ETag", '"x"'),)) if seen.is_range else PASS
    with Proxy(server.port, whole) as proxy, Dray(proxy.url, token) as client:
        assert client.download(item.id, tmp_path).path.read_bytes() == data
        assert len(ranges(proxy)) == 1


def test_a_store_that_sends_too_much_or_something_else_is_not_believed(server, token, large, tmp_path):
    item, data = large
    wrong = [
        (dray.SizeError, Answer(206, data, (("Content-Range", f"bytes 0-{CHUNK - 1}/{len(data)}"),))),
        (dray.ChangedError, Answer(206, data[:CHUNK], (("Content-Range", f"bytes 1-{CHUNK}/{len(data)}"),))),
        (dray.ChangedError, Answer(206, data[:CHUNK], (("Content-Range", f"bytes 0-{CHUNK - 1}/{len(data) + 1}"),))),
        (dray.SizeError, Answer(200, data + b"x")),
        (dray.ChangedError, Answer(416)),
    ]
    for kind, answer in wrong:
        with (
            Proxy(server.port, lambda seen: answer if seen.is_range else PASS) as proxy,
            Dray(proxy.url, token) as client,
        ):
            with pytest.raises(kind):
                client.download(item.id, tmp_path)
        assert os.listdir(tmp_path) == []


def hostile(name):
    """An item, as a lying server describes it."""

    def choose(seen):
        if seen.path.endswith("/download") or seen.is_range:
            return PASS
        body = {
            "id": seen.path.rpartition("/")[2],
            "name": name,
            "type": "file",
            "owner": "o",
            "size": 1,
            "createdAt": "2026-01-01T00:00:00Z",
            "updatedAt": "2026-01-01T00:00:00Z",
        }
        return Answer(200, json.dumps(body).encode())

    return choose


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "a/../../evil", "..", "evil\0", "\udcff", "\x1b[2J", "x" * 5000]
)
def test_a_name_that_leads_out_of_the_folder_does_not(server, token, drive, folder, tmp_path, name):
    item = drive.upload(b"x", name="a", parent_id=folder)
    target = tmp_path / "in" / "here"
    target.mkdir(parents=True)
    with Proxy(server.port, hostile(name)) as proxy, Dray(proxy.url, token) as client:
        saved = client.download(item.id, target)
    assert saved.path.parent == target and os.listdir(tmp_path) == ["in"] and os.listdir(tmp_path / "in") == ["here"]
    assert len(os.listdir(target)) == 1 and saved.path.name.isprintable()


def test_a_folder_is_not_downloaded_as_a_file(drive, folder, tmp_path):
    with pytest.raises(dray.TargetError):
        drive.download(folder, tmp_path)

"""Whole folders, there and back."""

import asyncio
import json
import os

import pytest

import dray
from dray import AsyncDray, Dray
from proxy import PASS, REFUSE, Answer, Proxy


@pytest.fixture
def tree(tmp_path, content):
    """A folder with folders, and every kind of entry that a disk can have."""
    root = tmp_path / "tree"
    for number in range(3):
        (root / f"a{number}/b/c").mkdir(parents=True)
        for name in ("one", "été.txt", "empty"):
            (root / f"a{number}/b/{name}").write_bytes(b"" if name == "empty" else content(500))
    (root / "empty folder").mkdir()
    (root / "top.bin").write_bytes(content(2000))
    return root


def files(root):
    """What is below a folder: bytes by path; folders as `None`."""
    found = {}
    for path in sorted(root.rglob("*")):
        found[str(path.relative_to(root))] = None if path.is_dir() else path.read_bytes()
    return found


def test_a_folder_goes_there_and_back(drive, folder, tree, tmp_path):
    moved = []
    report = drive.upload_folder(tree, parent_id=folder, progress=moved.append)
    report.raise_for_failures()
    assert len(report.moved) == len(files(tree)) + 1 and report.skipped == []
    assert (moved[-1].done_files, moved[-1].total_files) == (10, 10)
    assert moved[-1].done_bytes == moved[-1].total_bytes == 6 * 500 + 2000
    (top,) = drive.iter_children(folder)
    back = drive.download_folder(top.id, tmp_path / "back")
    back.raise_for_failures()
    assert files(tmp_path / "back" / "tree") == files(tree)


def test_what_is_no_file_is_left_out_and_what_cannot_be_read_is_reported(drive, folder, tree, tmp_path):
    (tree / "link").symlink_to("/etc/passwd")
    (tree / "folder link").symlink_to("/etc")
    os.mkfifo(tree / "pipe")
    (tree / os.fsdecode(b"bad\xff")).write_bytes(b"x")
    report = drive.upload_folder(tree, parent_id=folder)
    assert sorted(path.name for path in report.skipped) == ["folder link", "link", "pipe"]
    ((path, error),) = report.failed
    assert os.fsencode(path.name) == b"bad\xff" and isinstance(error, dray.SourceError)
    with pytest.raises(ExceptionGroup):
        report.raise_for_failures()
    (top,) = drive.iter_children(folder)
    assert "passwd" not in json.dumps([node.name for node in drive.get_tree(parent_id=top.id).root])


def test_a_file_that_became_a_link_after_it_was_found_is_not_followed(server, token, folder, tmp_path):
    secret, root = tmp_path / "secret", tmp_path / "many"
    secret.write_bytes(b"secret")
    root.mkdir()
    for number in range(60):
        (root / f"{number:02}").write_bytes(b"x")
    last = root / "59"

    def swap(now):
        if now.done_files == 1 and not last.is_symlink():
            last.unlink()
            last.symlink_to(secret)

    with Dray(server.url, token, parallel=1) as client:
        report = client.upload_folder(root, parent_id=folder, progress=swap)
    assert [path for path, _ in report.failed] == [last] and len(report.moved) == 60


def test_with_resume_what_is_there_is_used_and_skipped(drive, folder, tree):
    drive.upload_folder(tree, parent_id=folder).raise_for_failures()
    os.utime(tree / "top.bin")
    (tree / "new").write_bytes(b"new")
    report = drive.upload_folder(tree, parent_id=folder, resume=True, on_conflict="replace")
    report.raise_for_failures()
    assert sorted(each.path.name for each in report.moved if each.path.is_file()) == ["new", "top.bin"]
    assert len(report.skipped) == 9
    (top,) = drive.iter_children(folder)
    assert len(list(drive.iter_children(top.id))) == 6


def test_a_download_with_resume_skips_what_is_here(drive, folder, tree, tmp_path):
    drive.upload_folder(tree, parent_id=folder)
    drive.download_folder(folder, tmp_path / "back").raise_for_failures()
    (changed,) = (tmp_path / "back").rglob("top.bin")
    changed.unlink()
    report = drive.download_folder(folder, tmp_path / "back", resume=True)
    report.raise_for_failures()
    assert [each.path for each in report.moved if each.path.is_file()] == [changed] and len(report.skipped) == 9
    again = drive.download_folder(folder, tmp_path / "back")
    assert {type(error) for _, error in again.failed} == {dray.TargetExistsError} and len(again.failed) == 10


def test_a_folder_that_is_refused_fails_with_all_below_it_and_nothing_else(server, token, folder, tree):
    refused = json.dumps({"statusCode": 409, "code": "name_taken", "message": "No \x1b[31m."}).encode()
    calls = []

    def choose(seen):
        calls.append(seen) if seen.path.endswith("/folders") else None
        return Answer(409, refused) if seen.path.endswith("/folders") and len(calls) == 2 else PASS

    with Proxy(server.port, choose) as proxy, Dray(proxy.url, token) as client:
        report = client.upload_folder(tree, parent_id=folder)
    assert 1 <= len(report.failed) <= 6 and len(report.moved) + len(report.failed) == len(files(tree)) + 1
    assert all(str(error).isprintable() for _, error in report.failed)


def test_names_that_are_one_here_get_numbers_and_lead_nowhere_else(drive, folder, tmp_path):
    for number in range(3):
        drive.upload(bytes([number]), name="a.txt", parent_id=folder)
    drive.upload(b"big", name="A.TXT", parent_id=folder)
    drive.create_folder("a.txt", parent_id=folder)
    report = drive.download_folder(folder, tmp_path)
    report.raise_for_failures()
    (top,) = os.listdir(tmp_path)
    assert sorted(name.lower() for name in os.listdir(tmp_path / top)) == sorted(
        ["a.txt", "a (2).txt", "a (3).txt", "a (4).txt", "a (5).txt"]
    )


def test_a_link_that_is_there_already_leads_nothing_out_of_the_folder(drive, folder, tree, tmp_path):
    drive.upload_folder(tree, parent_id=folder)
    outside = tmp_path / "outside"
    outside.mkdir()
    target = tmp_path / "back"
    (target / "tree").mkdir(parents=True)
    (target / "tree" / "a0").symlink_to(outside)
    (top,) = drive.iter_children(folder)
    report = drive.download_folder(top.id, target)
    assert os.listdir(outside) == []
    assert [path.name for path, _ in report.failed] == ["a0"] and (target / "tree/a1/b/one").is_file()


def test_a_lying_servers_folders_come_to_an_end(server, token, tmp_path):
    def choose(seen):
        item = {"id": seen.path.split("/")[-2], "name": "../x", "type": "folder", "owner": "o"}
        item |= {"createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"}
        return Answer(200, json.dumps({"items": [{**item, "id": "a" * 24}], "nextCursor": None}).encode())

    with Proxy(server.port, choose) as proxy, Dray(proxy.url, token) as client:
        with pytest.raises(dray.NotDrayError):
            client.download_folder(None, tmp_path / "in")
    assert os.listdir(tmp_path) == ["in"]


def test_a_server_that_is_gone_ends_the_folder_at_once(server, token, folder, tmp_path):
    root = tmp_path / "many"
    root.mkdir()
    for number in range(200):
        (root / f"{number:03}").write_bytes(b"x")
    seen_parts = []

    def choose(seen):
        seen_parts.append(seen) if seen.is_part else None
        return REFUSE if len(seen_parts) > 20 else PASS

    with Proxy(server.port, choose) as proxy, Dray(proxy.url, token, patience=0.2) as client:
        report = client.upload_folder(root, parent_id=folder)
    assert len(report.moved) + len(report.failed) == 201 and len(report.failed) > 150
    assert all(isinstance(error, dray.NetworkError) for _, error in report.failed)
    with Dray(server.url, token) as client:
        for upload in client.iter_uploads():
            client.abort_upload(upload.upload_id, upload.file_key)


def test_a_folder_upload_that_is_cancelled_aborts_all_that_it_began(server, token, folder, tmp_path, drive):
    root = tmp_path / "many"
    root.mkdir()
    for number in range(40):
        (root / f"{number:03}").write_bytes(b"x" * 1000)

    async def use():
        async with AsyncDray(server.url, token) as client:
            reached = asyncio.Event()
            task = asyncio.create_task(
                client.upload_folder(
                    root, parent_id=folder, progress=lambda now: reached.set() if now.done_files > 5 else None
                )
            )
            await reached.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(use())
    assert list(drive.iter_uploads()) == []


def test_a_folder_that_is_none_is_refused(drive, tmp_path):
    with pytest.raises(dray.SourceError):
        drive.upload_folder(tmp_path / "no")

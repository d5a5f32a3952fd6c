"""The same client with a drive that keeps its bytes in another drive's object store, which proves no checksums."""

import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import dray
from dray import Dray
from dray._store import Address
from server import free_port

PART = 16 << 20
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "AWS_REGION": "us-east-1",
}


def moto(port, folder):
    return ["moto_server", "--host", "127.0.0.1", "--port", str(port)]


def rclone(port, folder):
    (folder / "buckets" / "dray").mkdir(parents=True)
    keys = f"{KEYS['AWS_ACCESS_KEY_ID']},{KEYS['AWS_SECRET_ACCESS_KEY']}"
    return [
        "rclone",
        "--config",
        "",
        "serve",
        "s3",
        "--addr",
        f"127.0.0.1:{port}",
        "--auth-key",
        keys,
        str(folder / "buckets"),
    ]


@pytest.fixture(params=[moto, rclone], ids=["moto", "rclone"])
def external(request, tmp_path, own):
    """A drive on another store, and whether the client reaches that store directly."""
    port = free_port()
    command = request.param(port, tmp_path)
    command[0] = str(Path(sys.executable).parent / command[0])
    with open(tmp_path / "store.log", "w") as log:
        store = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        endpoint = f"http://127.0.0.1:{port}"
        wait_for(endpoint, store)
        if request.param is moto:
            urllib.request.urlopen(urllib.request.Request(f"{endpoint}/dray", method="PUT")).close()
        yield own("--s3-endpoint", endpoint, "--s3-bucket", "dray", "--s3-path-style", environment=KEYS), endpoint
    finally:
        store.kill()
        store.wait()


def wait_for(endpoint, process):
    """Waits until somebody listens there."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None
        try:
            return urllib.request.urlopen(endpoint, timeout=5).close()
        except urllib.error.HTTPError as error:
            return error.close()
        except OSError:
            # A port that nobody listens on has nothing to wait for.
            threading.Event().wait(0.05)
    raise AssertionError("the store does not start")


def test_files_go_there_and_back_and_resume(external, content, tmp_path):
    server, endpoint = external
    data = content(2 * PART + 5)
    with Dray(server.url, server.token()) as client:
        for size in (0, 10, len(data)):
            item = client.upload(data[:size], name=f"{size}")
            assert client.download(item.id, tmp_path / f"{size}").path.read_bytes() == data[:size]
        begun = client.start_upload("half", len(data), "application/octet-stream")
        address = client.presign_parts(begun.upload_id, begun.file_key, parts=3, part_numbers=[1]).parts[0].signed_url
        assert address.startswith(endpoint)
        put = urllib.request.Request(address, data=data[:PART], method="PUT", headers={"Content-Type": ""})
        urllib.request.urlopen(put).close()
        moved = []
        item = client.upload(data, name="half", resume=True, progress=moved.append)
        assert client.download(item.id, tmp_path / "half").path.read_bytes() == data
        assert list(client.iter_uploads()) == []


def test_a_changed_file_is_not_mixed_there_either(external, content, tmp_path):
    server, _ = external
    data, other = content(PART + 5), content(PART + 5)
    with Dray(server.url, server.token()) as client:
        # rclone removes a folder that becomes empty, even while something is put into it: refused bytes leave nothing there.
        client.upload(b"", name="stays")
        begun = client.start_upload("a", len(data), "application/octet-stream")
        address = client.presign_parts(begun.upload_id, begun.file_key, parts=2, part_numbers=[1]).parts[0].signed_url
        put = urllib.request.Request(address, data=other[:PART], method="PUT", headers={"Content-Type": ""})
        urllib.request.urlopen(put).close()
        item = client.upload(data, name="a", resume=True)
        assert client.download(item.id, tmp_path / "a").path.read_bytes() == data
        assert {each.name for each in client.iter_children("root")} == {"a", "stays"}
        assert list(client.iter_uploads()) == []


def test_a_store_that_is_down_is_reported_as_the_store(external, content):
    server, endpoint = external
    with Dray(server.url, server.token(), patience=0.1) as client:
        with pytest.MonkeyPatch.context() as patch:
            elsewhere = f"http://127.0.0.1:{free_port()}"
            patch.setattr("dray._signer.Address", lambda text: Address(text.replace(endpoint, elsewhere)))
            with pytest.raises(dray.NetworkError, match="object store"):
                client.upload(b"x", name="a")
        assert list(client.iter_uploads()) == []

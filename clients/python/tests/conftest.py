"""Fixtures: one running server for most tests, clients of it, and servers of a test's own."""

import os
import random

import pytest

from dray import Dray
from server import Server

os.environ.pop("DRAY_URL", None)
os.environ.pop("DRAY_TOKEN", None)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The server that tests share: none of them disturbs it."""
    running = Server(tmp_path_factory.mktemp("dray") / "data").start()
    yield running
    assert running.process.poll() is None, "the server died:\n" + "".join(running.lines)
    running.stop()


@pytest.fixture(scope="session")
def token(server):
    return server.token()


@pytest.fixture
def drive(server, token):
    """A client of the shared server."""
    with Dray(server.url, token) as client:
        # What an earlier test left on purpose.
        for upload in client.iter_uploads():
            client.abort_upload(upload.upload_id, upload.file_key)
        yield client


@pytest.fixture
def own(tmp_path):
    """Makes servers of the test's own, by their flags."""
    made = []

    def make(*flags, **options):
        made.append(Server(tmp_path / f"data{len(made)}", *flags, **options).start())
        return made[-1]

    yield make
    for each in made:
        if each.process.poll() is None:
            each.stop()


@pytest.fixture
def folder(drive, request):
    """The id of an empty folder."""
    return drive.create_folder(request.node.originalname[:100]).id


@pytest.fixture
def content():
    """Bytes that nothing else has: `content(count)`."""
    source = random.Random(os.urandom(8))
    return source.randbytes


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Pauses between tries are a tenth of what they are, and as many."""
    monkeypatch.setattr("dray._retry.FIRST_PAUSE_SECS", 0.025)
    monkeypatch.setattr("dray._retry.LONGEST_PAUSE_SECS", 0.4)

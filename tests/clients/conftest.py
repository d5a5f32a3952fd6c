"""Fixtures: one running store for the whole session, and a separate key prefix for every test."""

import re
import uuid
from datetime import datetime, timezone

import pytest

from dray_process import Dray
from store import Store
from wire import Wire


@pytest.fixture(scope="session")
def dray(tmp_path_factory):
    """The running binary; None if the tests run on another store."""
    if Store.from_environment():
        pytest.skip("needs the dray binary, not another store")
    server = Dray(tmp_path_factory.mktemp("dray") / "data").start()
    yield server
    assert server.process.poll() is None, "the server died:\n" + "".join(server.lines)
    assert server.stop() == 0


@pytest.fixture(scope="session")
def store(request):
    return Store.from_environment() or request.getfixturevalue("dray").store()


@pytest.fixture(scope="session")
def bucket(store):
    return store.bucket


@pytest.fixture(scope="session")
def s3(store):
    return store.client()


@pytest.fixture(scope="session")
def wire(store):
    return Wire(store)


def new_prefix(name):
    return f"{re.sub(r'[^a-z0-9]+', '-', name.lower())[:60]}-{uuid.uuid4().hex[:8]}/"


@pytest.fixture
def prefix(request):
    return new_prefix(request.node.name)


@pytest.fixture(scope="module")
def module_prefix(request):
    return new_prefix(request.module.__name__)


@pytest.fixture
def signers_clock(monkeypatch):
    """Moves the clock of both of botocore's signers (Python and CRT) by a timedelta; the store's clock stays."""

    def move(offset):
        def moved(remove_tzinfo=True):
            now = datetime.now(timezone.utc) + offset
            return now.replace(tzinfo=None) if remove_tzinfo else now

        for module in ("botocore.auth", "botocore.crt.auth"):
            monkeypatch.setattr(f"{module}.get_current_datetime", moved)

    return move


@pytest.fixture
def key(prefix):
    return prefix + "object"

"""Fixtures: one running server, and its OpenAPI document."""

import json

import pytest

from dray_process import Dray
from wire import exchange


@pytest.fixture(scope="session")
def dray(tmp_path_factory):
    server = Dray(tmp_path_factory.mktemp("dray") / "data").start()
    yield server
    assert server.process.poll() is None, "the server died:\n" + "".join(server.lines)
    assert server.stop() == 0


@pytest.fixture(scope="session")
def document(dray):
    answer = exchange("GET", f"{dray.url}/openapi.json")
    assert answer.status == 200, answer.body
    return json.loads(answer.body)

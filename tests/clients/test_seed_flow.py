"""Runs the script of the documented upload against the drive API."""

import os
import pathlib
import subprocess

import pytest

from helpers import MIB

SCRIPT = pathlib.Path(__file__).parent.parent / "seed-flow.sh"


@pytest.fixture(scope="module")
def token(dray):
    return dray.token()


@pytest.mark.parametrize(
    ("size_bytes", "parts"), [(12582912, 2), (MIB, 1), (3 * 33 * MIB, 3), (0, 1)], ids=lambda value: str(value)
)
def test_the_documented_flow_passes_as_written(dray, token, size_bytes, parts):
    environment = {"PATH": os.environ["PATH"], "DRAY_URL": dray.url, "DRAY_TOKEN": token}
    done = subprocess.run(
        ["bash", str(SCRIPT), str(size_bytes), str(parts)], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"ok: {size_bytes} bytes in {parts} parts, item ")

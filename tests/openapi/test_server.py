"""The server against its document: schemathesis makes requests of it, good and bad, and judges the answers."""

import subprocess
import sys
from pathlib import Path

SEED = 1
EXAMPLES_PER_ROUTE = 15
TIMEOUT_SECS = 300


def test_the_server_answers_what_the_document_says(dray, tmp_path):
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"{dray.url}/openapi.json",
        f"--header=Authorization: Bearer {dray.token()}",
        "--checks=all",
        # Some rules no schema can say: that parts fit the file's size, that none is listed twice.
        "--exclude-checks=positive_data_acceptance",
        f"--seed={SEED}",
        f"--max-examples={EXAMPLES_PER_ROUTE}",
        # How fast this machine is, is not what is tested.
        "--suppress-health-check=all",
        "--request-timeout=30",
        "--no-color",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=TIMEOUT_SECS)
    # A request that fails may be as long as a body can be.
    said = "\n".join(line[:2000] for line in done.stdout.splitlines())
    assert done.returncode == 0, said + done.stderr
    assert "Coverage" in said and "Fuzzing" in said and "Stateful" in said, said

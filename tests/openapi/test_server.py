"""Tests the server against its document: schemathesis sends valid and invalid requests, and checks the answers."""

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import things

HERE = Path(__file__).parent
SEED = 1
EXAMPLES_PER_ROUTE = 10
SCENARIOS = 60
LEAST_LINKS_FOLLOWED = 5
# Some routes often refuse for good reasons, so chance decides whether they succeed once.
MOST_ONLY_REFUSED = 3
TIMEOUT_SECS = 200


def schemathesis(dray, tmp_path, *arguments):
    """Runs schemathesis; returns its output and its record of all requests."""
    token, report = dray.token(), tmp_path / "report.ndjson"
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={HERE / 'schemathesis.toml'}",
        "run",
        f"{dray.url}/openapi.json",
        f"--header=Authorization: Bearer {token}",
        "--checks=all",
        # No schema can express some rules: that parts fit the file's size, that no part is listed twice.
        "--exclude-checks=positive_data_acceptance",
        f"--seed={SEED}",
        # The speed of this machine does not matter.
        "--suppress-health-check=all",
        "--request-timeout=30",
        "--no-color",
        "--report=ndjson",
        f"--report-ndjson-path={report}",
        *arguments,
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE),
        "SCHEMATHESIS_HOOKS": "hooks",
        "DRAY_THINGS": json.dumps(things.make(dray, token)),
    }
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECS
    )
    # The output contains failed requests, whose bodies may be very long.
    said = "\n".join(line[:2000] for line in done.stdout.splitlines())
    assert done.returncode == 0, said + done.stderr
    return said, report


def statuses(report):
    """The statuses that each route returned to requests with its own method."""
    found = defaultdict(set)
    for line in report.read_text().splitlines():
        scenario = json.loads(line).get("ScenarioFinished", {})
        route = scenario.get("recorder", {}).get("label") or ""
        for exchange in scenario.get("recorder", {}).get("interactions", {}).values():
            if exchange.get("response") and route.startswith(exchange["request"]["method"] + " "):
                found[route].add(exchange["response"]["status_code"])
    return found


def test_each_route_answers_as_the_document_says(dray, tmp_path):
    said, report = schemathesis(
        dray, tmp_path, "--phases=examples,coverage,fuzzing", f"--max-examples={EXAMPLES_PER_ROUTE}"
    )
    assert "Coverage" in said and "Fuzzing" in said, said
    # If a route only refused, the test would prove little.
    found = statuses(report)
    assert len(found) > 30
    refused = [route for route, those in found.items() if not any(status < 400 for status in those)]
    assert len(refused) <= MOST_ONLY_REFUSED, refused


def test_sequences_of_routes_answer_as_the_document_says(dray, tmp_path):
    said, _ = schemathesis(
        dray,
        tmp_path,
        "--phases=stateful",
        f"--max-examples={SCENARIOS}",
        # Schemathesis begins with routes that seem to need nothing. With these, it would never create a folder or start an
        # upload. Besides, a token that revokes its successor revokes itself.
        "--exclude-path-regex=/(tokens|tokens/rotate|trash)$",
    )
    followed = re.search(r"API Links: +(\d+) covered", said)
    assert followed and int(followed[1]) >= LEAST_LINKS_FOLLOWED, said

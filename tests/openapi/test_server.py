"""The server against its document: schemathesis makes requests of it, good and bad, and judges the answers."""

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
# Refused so often for good reasons that chance decides whether they succeed once.
MOST_ONLY_REFUSED = 3
TIMEOUT_SECS = 200


def schemathesis(dray, tmp_path, *arguments):
    """Runs it, and answers what it said and its record of all requests."""
    token, report = dray.token(), tmp_path / "report.ndjson"
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        f"--config-file={HERE / 'schemathesis.toml'}",
        "run",
        f"{dray.url}/openapi.json",
        f"--header=Authorization: Bearer {token}",
        "--checks=all",
        # Some rules no schema can say: that parts fit the file's size, that none is listed twice.
        "--exclude-checks=positive_data_acceptance",
        f"--seed={SEED}",
        # How fast this machine is, is not what is tested.
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
    # A request that fails may be as long as a body can be.
    said = "\n".join(line[:2000] for line in done.stdout.splitlines())
    assert done.returncode == 0, said + done.stderr
    return said, report


def statuses(report):
    """What each route answered to requests of its own method."""
    found = defaultdict(set)
    for line in report.read_text().splitlines():
        scenario = json.loads(line).get("ScenarioFinished", {})
        route = scenario.get("recorder", {}).get("label") or ""
        for exchange in scenario.get("recorder", {}).get("interactions", {}).values():
            if exchange.get("response") and route.startswith(exchange["request"]["method"] + " "):
                found[route].add(exchange["response"]["status_code"])
    return found


def test_each_route_answers_what_the_document_says(dray, tmp_path):
    said, report = schemathesis(
        dray, tmp_path, "--phases=examples,coverage,fuzzing", f"--max-examples={EXAMPLES_PER_ROUTE}"
    )
    assert "Coverage" in said and "Fuzzing" in said, said
    # Refusals alone would say little.
    found = statuses(report)
    assert len(found) > 30
    refused = [route for route, those in found.items() if not any(status < 400 for status in those)]
    assert len(refused) <= MOST_ONLY_REFUSED, refused


def test_routes_after_each_other_answer_what_the_document_says(dray, tmp_path):
    said, _ = schemathesis(
        dray,
        tmp_path,
        "--phases=stateful",
        f"--max-examples={SCENARIOS}",
        # It begins with what seems to need nothing. With these there it would never make a folder, or start an upload; and
        # whoever revokes the token that took the place of theirs, revokes theirs.
        "--exclude-path-regex=/(tokens|tokens/rotate|trash)$",
    )
    followed = re.search(r"API Links: +(\d+) covered", said)
    assert followed and int(followed[1]) >= LEAST_LINKS_FOLLOWED, said

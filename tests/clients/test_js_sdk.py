"""The AWS SDK for JavaScript in its default style, with the bucket in the host."""

import json
import os
import subprocess
import uuid
from pathlib import Path
from urllib.parse import urlsplit

PROGRAM = Path(__file__).parent / "js" / "virtual-hosted.mjs"


def test_the_javascript_sdk_works_in_virtual_hosted_style(dray):
    store = dray.store("--url", dray.url)
    bucket = f"js-{uuid.uuid4().hex[:8]}"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "BUCKET": bucket,
        "ENDPOINT": f"http://localhost:{urlsplit(store.endpoint).port}",
        "REGION": store.region,
        "AWS_ACCESS_KEY_ID": store.access_key,
        "AWS_SECRET_ACCESS_KEY": store.secret_key,
    }
    done = subprocess.run(["node", PROGRAM], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "note": "hello",
        "bigIsWhole": True,
        "title": "plain",
        "keys": ["/leading//slashes", "dray/note.txt", "empty.txt", "public/v1/big"],
        "overwritten": "AccessDenied",
        "evil": 0,
        "afterwards": "NoSuchBucket",
        "hosts": [f"{name}.localhost" for name in sorted([bucket, "dray"])],
    }

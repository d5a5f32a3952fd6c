"""What a browser needs to put parts straight to the store (the Fetch standard's CORS protocol)."""

import pytest

from helpers import Upload
from wire import exchange

ORIGIN = "https://drive.example"


def words(value):
    return {word.strip().lower() for word in (value or "").split(",")}


@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD"])
def test_a_preflight_is_answered_without_a_signature(wire, key, method):
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type,range",
    }
    answer = exchange("OPTIONS", wire.url(key, "partNumber=1&uploadId=x"), asked)
    assert answer.status in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", ORIGIN)
    assert method.lower() in words(answer.headers["Access-Control-Allow-Methods"])
    allowed = words(answer.headers["Access-Control-Allow-Headers"])
    assert {"content-type", "range"} <= allowed or "*" in allowed


def test_a_part_put_from_a_page_exposes_its_etag(store, s3, bucket, key):
    presigner = store.client(request_checksum_calculation="when_required")
    url = presigner.generate_presigned_url("upload_part", Upload(s3, bucket, key).identity | {"PartNumber": 1})
    answer = exchange("PUT", url, {"Origin": ORIGIN}, b"x")
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", ORIGIN)
    assert "etag" in words(answer.headers["Access-Control-Expose-Headers"])


def test_a_page_can_read_an_error_too(wire, key):
    answer = exchange("PUT", wire.url(key), {"Origin": ORIGIN}, b"x")
    assert answer.refusal == ("AccessDenied", 403)
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", ORIGIN)

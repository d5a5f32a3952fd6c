"""Authentication: signatures in the Authorization header (AWS Signature Version 4)."""

from datetime import timedelta

import pytest

from helpers import read, refused
from wire import Wire, exchange, send_raw


@pytest.fixture
def present(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"content")
    return {"Bucket": bucket, "Key": key}


def test_a_wrong_secret_is_signature_does_not_match(store, present):
    stranger = store.but(secret_key=store.secret_key[:-1] + ("a" if store.secret_key[-1] != "a" else "b")).client()
    with refused("SignatureDoesNotMatch", 403):
        stranger.get_object(**present)
    with refused("SignatureDoesNotMatch", 403):
        stranger.put_object(**present, Body=b"evil")
    with refused("403", 403):
        stranger.head_object(**present)


def test_an_unknown_access_key_is_invalid_access_key_id(store, present):
    with refused("InvalidAccessKeyId", 403):
        store.but(access_key="AKIAIOSFODNN7EXAMPLE").client().get_object(**present)


def test_strangers_cannot_learn_what_exists(store, present, s3):
    stranger = store.but(secret_key="wrong").client()
    for where in (present, present | {"Key": "absent"}, present | {"Bucket": "absent-bucket"}):
        with refused("SignatureDoesNotMatch", 403):
            stranger.get_object(**where)


@pytest.mark.parametrize("minutes", [-16, 16, -60 * 24 * 365, 60 * 24 * 365])
def test_a_clock_more_than_15_minutes_off_is_request_time_too_skewed(s3, present, signers_clock, minutes):
    signers_clock(timedelta(minutes=minutes))
    with refused("RequestTimeTooSkewed", 403):
        s3.get_object(**present)


@pytest.mark.parametrize("minutes", [-14, 14])
def test_a_clock_less_than_15_minutes_off_is_accepted(s3, present, signers_clock, minutes):
    signers_clock(timedelta(minutes=minutes))
    assert s3.get_object(**present)["Body"].read() == b"content"


@pytest.mark.parametrize("minutes", [0, -16, 16])
def test_a_request_may_be_signed_at_its_date_header(wire, key, present, signers_clock, minutes):
    """If the request has a `Date` header, botocore sets it and signs for that time."""
    signers_clock(timedelta(minutes=minutes))
    headers, _, _ = wire.sign("GET", wire.url(key), headers={"Date": "now"})
    assert not any(name.lower() == "x-amz-date" for name in headers)
    answer = exchange("GET", wire.url(key), headers=headers)
    if minutes:
        assert answer.refusal == ("RequestTimeTooSkewed", 403)
    else:
        assert (answer.status, answer.body) == (200, b"content")
    another_day = headers | {"Date": "Fri, 24 May 2013 00:00:00 GMT"}
    answer = exchange("GET", wire.url(key), headers=another_day)
    assert answer.refusal == ("AuthorizationHeaderMalformed", 400), "the day in the credential is the day of the signature"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE"])
def test_an_unsigned_request_is_access_denied(wire, s3, bucket, key, present, method):
    answer = exchange(method, wire.url(key), body=b"evil" if method in ("PUT", "POST") else None)
    assert answer.status == 403
    assert method == "HEAD" or answer.code == "AccessDenied"
    assert read(s3, bucket, key) == b"content"


def test_an_unsigned_listing_is_access_denied(wire):
    assert exchange("GET", wire.bucket_url("list-type=2")).refusal == ("AccessDenied", 403)


def another_second(headers):
    date = headers["X-Amz-Date"]
    return date[:-3] + f"{(int(date[-3:-1]) + 1) % 60:02}Z"


TAMPERED = {
    "another method": lambda method, url, headers: ("DELETE", url, headers),
    "another key": lambda method, url, headers: (method, url + "x", headers),
    "another query": lambda method, url, headers: (method, url + "?versionId=1", headers),
    "another host": lambda method, url, headers: (method, url, headers | {"Host": "evil.example"}),
    "another time": lambda method, url, headers: (method, url, headers | {"X-Amz-Date": another_second(headers)}),
    "another payload hash": lambda method, url, headers: (method, url, headers | {"X-Amz-Content-SHA256": "0" * 64}),
    "another signed header": lambda method, url, headers: (method, url, headers | {"x-amz-meta-a": "2"}),
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED)
def test_a_request_that_differs_from_the_signed_one_is_refused(wire, s3, bucket, key, present, tamper):
    headers, _, _ = wire.sign("PUT", wire.url(key), {"x-amz-meta-a": "1"}, b"evil")
    answer = exchange(*tamper("PUT", wire.url(key), headers), body=b"evil")
    assert answer.status == 403, answer.body
    assert read(s3, bucket, key) == b"content"


def test_a_signature_with_one_digit_changed_is_refused(wire, key, present):
    headers, _, _ = wire.sign("GET", wire.url(key))
    last = headers["Authorization"][-1]
    headers["Authorization"] = headers["Authorization"][:-1] + ("0" if last != "0" else "1")
    assert exchange("GET", wire.url(key), headers).refusal == ("SignatureDoesNotMatch", 403)


def test_a_scope_of_another_region_is_authorization_header_malformed(store, key, present):
    wire = Wire(store.but(region="eu-north-7"))
    assert wire.send("GET", wire.url(key)).refusal == ("AuthorizationHeaderMalformed", 400)


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=x",
        "AWS AKID:c2lnbmF0dXJl",
        "Bearer x",
        "Basic eDp5",
        "é",
        "x" * 4000,
    ],
)
def test_another_kind_of_authorization_is_refused(wire, key, present, authorization):
    headers, _, _ = wire.sign("GET", wire.url(key))
    answer = exchange("GET", wire.url(key), headers | {"Authorization": authorization.encode("utf-8")})
    assert answer.status in (400, 401, 403), answer.body


@pytest.mark.parametrize("header", ["x-amz-acl", "x-amz-meta-a", "x-amz-copy-source", "x-amz-storage-class"])
def test_an_amz_header_that_is_not_signed_is_refused(wire, s3, bucket, key, header):
    unsigned = {header: "private" if header == "x-amz-acl" else f"/{bucket}/{key}"}
    answer = wire.send("PUT", wire.url(key), body=b"x", unsigned_headers=unsigned)
    assert answer.refusal in [("AccessDenied", 403)] + [("NotImplemented", 501)] * (header == "x-amz-copy-source")
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=key)


def test_a_bad_signature_is_refused_before_the_body_is_sent(wire, s3, bucket, key, present):
    headers, _, _ = wire.sign("PUT", wire.url(key), {"Content-Length": "5000000000"}, payload_hash="UNSIGNED-PAYLOAD")
    headers["Authorization"] = headers["Authorization"][:-8] + "00000000"
    answer = send_raw("PUT", wire.url(key), headers | {"Expect": "100-continue"})
    assert answer.refusal == ("SignatureDoesNotMatch", 403)


def test_every_answer_carries_a_request_id(wire, key, present):
    for url in (wire.url(key), wire.url(key + "-absent")):
        assert wire.send("GET", url).headers["x-amz-request-id"]

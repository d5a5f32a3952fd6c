"""Conditional requests: reads by ETag and date (RFC 9110 section 13), and writes that must not replace an object."""

from datetime import timedelta

import pytest

from helpers import Upload, read, refused

OTHER = '"00000000000000000000000000000000"'


@pytest.fixture
def known(s3, bucket, key):
    """(ETag, Last-Modified) of an object just put."""
    s3.put_object(Bucket=bucket, Key=key, Body=b"content")
    head = s3.head_object(Bucket=bucket, Key=key)
    return head["ETag"], head["LastModified"]


HOUR = timedelta(hours=1)
HOLD = {
    "IfMatch equal": lambda etag, when: {"IfMatch": etag},
    "IfMatch list": lambda etag, when: {"IfMatch": f"{OTHER}, {etag}"},
    "IfMatch any": lambda etag, when: {"IfMatch": "*"},
    "IfNoneMatch other": lambda etag, when: {"IfNoneMatch": OTHER},
    "IfModifiedSince earlier": lambda etag, when: {"IfModifiedSince": when - HOUR},
    "IfUnmodifiedSince later": lambda etag, when: {"IfUnmodifiedSince": when + HOUR},
    "IfUnmodifiedSince equal": lambda etag, when: {"IfUnmodifiedSince": when},
    "IfMatch wins over IfUnmodifiedSince": lambda etag, when: {"IfMatch": etag, "IfUnmodifiedSince": when - HOUR},
    "IfNoneMatch wins over IfModifiedSince": lambda etag, when: {"IfNoneMatch": OTHER, "IfModifiedSince": when},
}
NOT_MODIFIED = {
    "IfNoneMatch equal": lambda etag, when: {"IfNoneMatch": etag},
    "IfNoneMatch any": lambda etag, when: {"IfNoneMatch": "*"},
    "IfModifiedSince equal": lambda etag, when: {"IfModifiedSince": when},
    "IfNoneMatch equal, modified since": lambda etag, when: {"IfNoneMatch": etag, "IfModifiedSince": when - HOUR},
}
FAILED = {
    "IfMatch other": lambda etag, when: {"IfMatch": OTHER},
    "IfUnmodifiedSince earlier": lambda etag, when: {"IfUnmodifiedSince": when - HOUR},
}


@pytest.mark.parametrize("condition", HOLD.values(), ids=HOLD)
def test_a_read_whose_condition_holds_returns_the_object(s3, bucket, key, known, condition):
    assert read(s3, bucket, key, **condition(*known)) == b"content"
    assert s3.head_object(Bucket=bucket, Key=key, **condition(*known))["ContentLength"] == 7


@pytest.mark.parametrize("condition", NOT_MODIFIED.values(), ids=NOT_MODIFIED)
def test_a_read_of_an_object_that_the_caller_has_is_304_without_a_body(s3, bucket, key, known, condition):
    for call in (s3.get_object, s3.head_object):
        with refused("304", 304) as caught:
            call(Bucket=bucket, Key=key, **condition(*known))
        headers = caught.value.response["ResponseMetadata"]["HTTPHeaders"]
        assert headers["etag"] == known[0]


@pytest.mark.parametrize("condition", FAILED.values(), ids=FAILED)
def test_a_condition_that_fails_is_412(s3, bucket, key, known, condition):
    with refused("PreconditionFailed", 412):
        s3.get_object(Bucket=bucket, Key=key, **condition(*known))
    with refused("412", 412):
        s3.head_object(Bucket=bucket, Key=key, **condition(*known))


def test_if_range_gives_the_range_of_the_same_version_only(wire, key, known):
    for etag, expected in ((known[0], (206, b"ont")), (OTHER, (200, b"content"))):
        answer = wire.send("GET", wire.url(key), headers={"Range": "bytes=1-3", "If-Range": etag})
        assert (answer.status, answer.body) == expected


def test_put_if_none_match_creates_once_and_never_replaces(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"first", IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key=key, Body=b"second", IfNoneMatch="*")
    assert read(s3, bucket, key) == b"first"
    s3.delete_object(Bucket=bucket, Key=key)
    s3.put_object(Bucket=bucket, Key=key, Body=b"third", IfNoneMatch="*")
    assert read(s3, bucket, key) == b"third"


def test_complete_if_none_match_never_replaces_and_leaves_the_upload_usable(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    upload.put(1, b"from the upload")
    s3.put_object(Bucket=bucket, Key=key, Body=b"first")
    with refused("PreconditionFailed", 412):
        upload.complete(IfNoneMatch="*")
    assert read(s3, bucket, key) == b"first"
    s3.delete_object(Bucket=bucket, Key=key)
    upload.complete(IfNoneMatch="*")
    assert read(s3, bucket, key) == b"from the upload"


def test_put_with_a_stale_if_match_is_never_silently_a_replacement(wire, s3, bucket, key, known):
    answer = wire.send("PUT", wire.url(key), headers={"If-Match": OTHER}, body=b"replacement")
    assert answer.refusal in [("PreconditionFailed", 412), ("NotImplemented", 501)]
    assert read(s3, bucket, key) == b"content"

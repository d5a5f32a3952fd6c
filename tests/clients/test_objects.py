"""Put, get, head and delete of whole objects, their headers and their names."""

import hashlib
from datetime import datetime, timezone

import pytest

from helpers import MIB, noise, read, refused, sha256

ODD_NAMES = [
    "unicode-ÅÄÖ-日本語-🦀.txt",
    "e\u0301-decomposed",
    "\u00e9-composed",
    "with space.txt",
    " leading and trailing space ",
    "percent%41%2F%zz.txt",
    "plus+sign.txt",
    "double//slash.txt",
    "../escape.txt",
    "a/../b.txt",
    "./dot",
    "a/./b",
    "..",
    "folder-marker/",
    "/leading-slash",
    "quote'\"<>&.txt",
    "question?mark#hash",
    "semi;colon:at@equals=&comma,dollar$.txt",
    "tilde~bang!star*paren().txt",
    "back\\slash",
    "tab\there",
    "newline\nhere",
    "control\x01character",
    "x-amz-meta-looks-like-a-header",
]


@pytest.mark.parametrize("size_bytes", [0, 1, 16 * 1024, 16 * 1024 + 1, MIB + 7, 9 * MIB])
def test_put_then_get_returns_the_same_bytes(s3, bucket, key, size_bytes):
    data = noise(size_bytes)
    put = s3.put_object(Bucket=bucket, Key=key, Body=data)
    got = s3.get_object(Bucket=bucket, Key=key)
    assert sha256(got["Body"].read()) == sha256(data)
    assert got["ContentLength"] == size_bytes
    assert got["ETag"] == put["ETag"] == f'"{hashlib.md5(data).hexdigest()}"'
    assert got["AcceptRanges"] == "bytes"


def test_head_returns_the_headers_of_get_without_the_bytes(s3, bucket, key):
    data = noise(1000)
    s3.put_object(Bucket=bucket, Key=key, Body=data, ContentType="image/png", Metadata={"colour": "red"})
    head, got = (call(Bucket=bucket, Key=key) for call in (s3.head_object, s3.get_object))
    fields = ["ContentLength", "ContentType", "ETag", "LastModified", "Metadata", "AcceptRanges"]
    assert {name: head[name] for name in fields} == {name: got[name] for name in fields}
    assert abs((head["LastModified"] - datetime.now(timezone.utc)).total_seconds()) < 60


def test_content_headers_and_metadata_are_returned_as_they_were_sent(s3, bucket, key):
    given = {
        "ContentType": "text/html; charset=utf-8",
        "ContentDisposition": "attachment; filename=\"a b.html\"; filename*=UTF-8''%C3%A9.html",
        "CacheControl": "private, max-age=3600",
        "ContentEncoding": "gzip",
        "ContentLanguage": "en, sv",
        "Metadata": {"owner": "alice", "long-name": "x" * 500, "empty": ""},
    }
    s3.put_object(Bucket=bucket, Key=key, Body=b"x", Expires=datetime(2030, 1, 2, tzinfo=timezone.utc), **given)
    head = s3.head_object(Bucket=bucket, Key=key)
    assert {name: head[name] for name in given} == given
    assert head["ExpiresString"] == "Wed, 02 Jan 2030 00:00:00 GMT"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("deflate, gzip", "deflate, gzip"),
        ("gzip, aws-chunked", "gzip"),
        ("aws-chunked, gzip", "gzip"),
        ("aws-chunked", None),
    ],
)
def test_an_object_keeps_its_own_content_codings_and_none_of_the_request(s3, bucket, key, given, kept):
    s3.put_object(Bucket=bucket, Key=key, Body=b"content", ContentEncoding=given)
    assert s3.head_object(Bucket=bucket, Key=key).get("ContentEncoding") == kept


def test_an_object_without_content_type_is_binary(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    assert s3.head_object(Bucket=bucket, Key=key)["ContentType"] == "binary/octet-stream"


def test_put_again_replaces_bytes_and_headers(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=noise(2 * MIB), ContentType="a/b", Metadata={"old": "1"})
    s3.put_object(Bucket=bucket, Key=key, Body=b"new", Metadata={"new": "2"})
    got = s3.get_object(Bucket=bucket, Key=key)
    assert (got["Body"].read(), got["ContentType"], got["Metadata"]) == (b"new", "binary/octet-stream", {"new": "2"})


def test_delete_removes_and_may_be_repeated(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    for _ in range(2):
        assert s3.delete_object(Bucket=bucket, Key=key)["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=key)


def test_a_missing_key_is_no_such_key(s3, bucket, key):
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=key)
    with refused("404", 404):
        s3.head_object(Bucket=bucket, Key=key)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_an_unusual_name_is_a_key_like_any_other(s3, bucket, prefix, name):
    data = noise(100)
    s3.put_object(Bucket=bucket, Key=prefix + name, Body=data)
    assert read(s3, bucket, prefix + name) == data
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
    assert [item["Key"] for item in listed["Contents"]] == [prefix + name]
    s3.delete_object(Bucket=bucket, Key=prefix + name)
    assert s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["KeyCount"] == 0


def test_names_that_a_file_system_would_confuse_stay_apart(s3, bucket, prefix):
    names = ["a", "a/", "a/b", "a//b", "A", "a/./b", "c/../a", "\u00e9", "e\u0301", "%41", "a+b", "a b", "a%20b"]
    for name in names:
        s3.put_object(Bucket=bucket, Key=prefix + name, Body=name.encode())
    assert [read(s3, bucket, prefix + name).decode() for name in names] == names


@pytest.mark.parametrize("filler", ["k", "é", "日"])
def test_a_key_holds_1024_bytes_of_utf8_and_no_more(s3, bucket, prefix, filler):
    room = 1024 - len(prefix)
    longest = prefix + filler * (room // len(filler.encode())) + "k" * (room % len(filler.encode()))
    assert len(longest.encode()) == 1024
    s3.put_object(Bucket=bucket, Key=longest, Body=b"x")
    assert read(s3, bucket, longest) == b"x"
    for call in (s3.create_multipart_upload, s3.put_object):
        with refused("KeyTooLongError", 400):
            call(Bucket=bucket, Key=longest + "k")


def test_delete_objects_reports_present_and_absent_keys_alike(s3, bucket, prefix):
    names = [prefix + name for name in ["one", "two & <three>", "fyra/ö"]]
    for name in names:
        s3.put_object(Bucket=bucket, Key=name, Body=b"x")
    asked = [*names, prefix + "absent"]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": name} for name in asked]})
    assert sorted(item["Key"] for item in answer["Deleted"]) == sorted(asked)
    assert "Errors" not in answer
    assert s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["KeyCount"] == 0


def test_delete_objects_in_quiet_mode_reports_nothing(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}], "Quiet": True})
    assert "Deleted" not in answer and "Errors" not in answer
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=key)


def test_delete_objects_of_more_than_1000_keys_is_refused_and_deletes_none(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    asked = [{"Key": key}, *({"Key": f"{key}-{n}"} for n in range(1000))]
    with refused("MalformedXML", 400):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": asked})
    assert read(s3, bucket, key) == b"x"

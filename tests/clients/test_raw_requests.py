"""Requests that no SDK sends: bodies without a length, truncated bodies, hostile documents."""

import pytest

from helpers import Upload, read, refused
from wire import (
    connect,
    exchange,
    first_line,
    first_line_and_answer,
    head_bytes,
    read_answer,
)

BOMB = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "{}">{}]><Delete><Object><Key>&j;</Key></Object></Delete>'.format(
    "a" * 100,
    "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefghi", "bcdefghij")),
)


@pytest.fixture
def upload(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    upload.put(1, b"good")
    return upload


@pytest.fixture(params=["part", "object"])
def target(request, wire, key, s3, bucket):
    """A URL that takes a body, and a check that its earlier content is still there."""
    if request.param == "object":
        s3.put_object(Bucket=bucket, Key=key, Body=b"good")
        return wire.url(key), lambda: read(s3, bucket, key) == b"good"
    upload = request.getfixturevalue("upload")
    url = wire.url(key, f"partNumber=1&uploadId={upload.id}")
    return url, lambda: upload.stored() == {1: (upload.parts[1], 4)}


def test_a_body_without_a_length_is_411(wire, target):
    url, intact = target
    assert wire.send_exactly("PUT", url, {}).refusal == ("MissingContentLength", 411)
    assert intact()


def test_a_body_in_http_chunks_without_a_length_is_411(wire, target):
    url, intact = target
    answer = wire.send_exactly("PUT", url, {"Transfer-Encoding": "chunked"}, b"4\r\nevil\r\n0\r\n\r\n")
    assert answer.refusal == ("MissingContentLength", 411)
    assert intact()


@pytest.mark.parametrize("sent", [b"", b"evil", b"x" * 99_999], ids=["nothing", "4 bytes", "all but one"])
def test_a_truncated_body_is_incomplete_and_the_earlier_content_stays(wire, target, sent):
    url, intact = target
    answer = wire.send_exactly("PUT", url, {"Content-Length": "100000"}, sent, cut=True)
    assert answer is None or answer.refusal == ("IncompleteBody", 400)
    assert intact()


def test_the_next_connection_after_an_interrupted_one_is_served(wire, target, s3, bucket, key):
    url, _ = target
    wire.send_exactly("PUT", url, {"Content-Length": "100000"}, b"cut", cut=True)
    assert wire.send("PUT", url, body=b"whole").status == 200


@pytest.mark.parametrize("length", ["-1", "abc", "1.5", "99999999999999999999999"])
def test_an_invalid_length_is_400(wire, target, length):
    url, intact = target
    assert wire.send_exactly("PUT", url, {"Content-Length": length}, b"evil").status == 400
    assert intact()


def test_an_object_over_5_gib_in_one_put_is_refused_before_its_body(wire, s3, bucket, key):
    headers = {"Content-Length": str(5 * 1024**3 + 1), "Expect": "100-continue"}
    assert wire.send_exactly("PUT", wire.url(key), headers).refusal == ("EntityTooLarge", 400)
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=key)


@pytest.mark.parametrize(
    "body",
    [BOMB.encode(), b"<Delete>", b"", b"<Delete></Delete>", b"<Delete><Object></Object></Delete>", b"<a>" * 100_000],
    ids=["entity bomb", "cut", "empty", "no keys", "no key", "deep"],
)
def test_a_hostile_delete_list_is_malformed_xml(wire, body):
    assert wire.send("POST", wire.bucket_url("delete"), body=body).refusal == ("MalformedXML", 400)


def test_a_delete_list_of_a_gigabyte_is_refused_before_it_is_read(wire):
    headers = {"Content-Length": str(1024**3), "Expect": "100-continue"}
    answer = wire.send_exactly("POST", wire.bucket_url("delete"), headers)
    assert 400 <= answer.status < 500


@pytest.mark.parametrize("target", ["%", "%zz", "%ff%fe", "%c0%af", "%ed%a0%80"])
def test_a_key_that_is_not_utf8_is_400_and_never_a_crash(wire, target):
    url = f"{wire.store.endpoint}/{wire.store.bucket}/raw-{target}"
    for method in ("PUT", "GET"):
        assert wire.send(method, url, body=b"").status in (400, 403, 404)


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        ("../../../../etc/passwd", "../../../../etc/passwd"),
        ("../../../etc/passwd", "%2e%2e/%2E%2E/..%2fetc/passwd"),
        ("../meta.db", "..%2fmeta.db"),
        ("meta.db", "meta.db"),
    ],
)
def test_a_key_never_becomes_a_path(wire, key, sent):
    headers, _, _ = wire.sign("GET", wire.url(key))
    url = f"{wire.store.endpoint}/{wire.store.bucket}/{sent}"
    assert exchange("GET", url, headers).refusal == ("NoSuchKey", 404)


def test_an_empty_put_that_expects_100_continue_leaves_its_connection_usable(wire, key):
    """If no 100 comes first, aws-cli and boto3 up to 1.43 use the final answer again for the next request on that connection.

    So the store sends the 100 for an empty body too, as S3 does, or closes the connection.
    """
    headers, _, _ = wire.sign("PUT", wire.url(key), {"Expect": "100-continue", "Content-Length": "0"})
    first_line, answer = first_line_and_answer("PUT", wire.url(key), headers)
    assert b" 100 " in first_line or answer.headers["Connection"] == "close"
    assert answer.status == 200


@pytest.mark.parametrize("expect", [False, True], ids=["body sent", "body held back"])
@pytest.mark.parametrize("refusal", ["unknown upload", "bad signature"])
def test_a_refused_put_announces_that_its_connection_closes(wire, key, expect, refusal):
    """If a store closes a connection without an announcement, the client's next request on it fails."""
    url = wire.url(key, "partNumber=1&uploadId=unknown")
    headers, _, _ = wire.sign("PUT", url, {"Content-Length": "4"}, payload_hash="UNSIGNED-PAYLOAD")
    if refusal == "bad signature":
        headers["Authorization"] = headers["Authorization"][:-8] + "00000000"
    if expect:
        headers["Expect"] = "100-continue"
    next_headers, _, _ = wire.sign("GET", wire.bucket_url("location"))
    with connect(url) as connection:
        connection.sendall(head_bytes("PUT", url, headers))
        if not expect or b" 100 " in first_line(connection):
            connection.sendall(b"evil")
        answer = read_answer(connection, "PUT")
        assert answer.status in (403, 404)
        if answer.headers["Connection"] != "close":
            connection.sendall(head_bytes("GET", wire.bucket_url("location"), next_headers))
            assert read_answer(connection, "GET").status == 200

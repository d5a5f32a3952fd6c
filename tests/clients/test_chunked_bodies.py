"""Uploads in the aws-chunked encoding: unsigned, as SDKs send it over TLS by default, and signed."""

import base64
import io
import zlib

import pytest
from botocore.httpchecksum import _CHECKSUM_CLS, AwsChunkedWrapper

import chunks
from helpers import Upload, noise, read, refused, sha256
from wire import exchange

DATA_BYTES = 300_001


def crc32(data):
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def chunked_headers(data, trailer=None):
    headers = {"Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": str(len(data))}
    return headers | ({"x-amz-trailer": trailer} if trailer else {})


def put_unsigned(wire, url, data, body, trailer="x-amz-checksum-crc32", **headers):
    return wire.send(
        "PUT", url, headers=chunked_headers(data, trailer) | headers, body=body, payload_hash=chunks.UNSIGNED_TRAILER
    )


def put_signed(wire, url, data, trailer=None, damage=lambda body: body):
    kind = chunks.SIGNED_TRAILER if trailer else chunks.SIGNED
    headers = chunked_headers(data, trailer[0] if trailer else None)
    signed_headers, signer, request = wire.sign("PUT", url, headers, payload_hash=kind)
    body = chunks.signed(data, chunks.ChunkSigner(signer, request), trailer)
    return exchange("PUT", url, signed_headers, damage(body))


def absent(s3, bucket, key):
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=key)
    return True


@pytest.mark.parametrize("algorithm", ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"])
def test_botocores_own_chunked_body_with_a_trailer_is_decoded(wire, s3, bucket, key, algorithm):
    data, name = noise(DATA_BYTES), f"x-amz-checksum-{algorithm}"
    body = AwsChunkedWrapper(io.BytesIO(data), _CHECKSUM_CLS[algorithm], name, chunk_size=70_000).read()
    assert put_unsigned(wire, wire.url(key), data, body, trailer=name).status == 200
    got = s3.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    assert sha256(got["Body"].read()) == sha256(data)
    assert "ContentEncoding" not in got
    assert got[f"Checksum{algorithm.upper()}"] in body[-200:].decode(errors="replace")


@pytest.mark.parametrize("size_bytes", [0, 1, DATA_BYTES])
@pytest.mark.parametrize("with_trailer", [False, True])
def test_a_signed_chunked_body_is_decoded(wire, s3, bucket, key, size_bytes, with_trailer):
    data = noise(size_bytes)
    trailer = ("x-amz-checksum-crc32", crc32(data)) if with_trailer else None
    answer = put_signed(wire, wire.url(key), data, trailer)
    assert answer.status == 200, answer.body
    assert sha256(read(s3, bucket, key)) == sha256(data)


def test_a_content_encoding_of_the_object_itself_survives(wire, s3, bucket, key):
    body = chunks.unsigned(b"content", ("x-amz-checksum-crc32", crc32(b"content")))
    headers = {"Content-Encoding": "aws-chunked,gzip"}
    assert put_unsigned(wire, wire.url(key), b"content", body, **headers).status == 200
    assert s3.head_object(Bucket=bucket, Key=key)["ContentEncoding"] == "gzip"


def test_a_wrong_trailer_is_bad_digest_and_the_earlier_part_stays(wire, s3, bucket, key):
    upload = Upload(s3, bucket, key)
    good = upload.put(1, b"good")["ETag"]
    url = wire.url(key, f"partNumber=1&uploadId={upload.id}")
    body = chunks.unsigned(b"evil", ("x-amz-checksum-crc32", crc32(b"good")))
    assert put_unsigned(wire, url, b"evil", body).refusal == ("BadDigest", 400)
    assert upload.stored() == {1: (good, 4)}


def test_an_announced_trailer_that_never_comes_is_refused(wire, s3, bucket, key):
    assert put_unsigned(wire, wire.url(key), b"content", chunks.unsigned(b"content")).status == 400
    assert absent(s3, bucket, key)


def test_a_body_shorter_than_announced_is_incomplete(wire, s3, bucket, key):
    body = chunks.unsigned(b"conten", ("x-amz-checksum-crc32", crc32(b"conten")))
    assert put_unsigned(wire, wire.url(key), b"content", body).refusal == ("IncompleteBody", 400)
    assert absent(s3, bucket, key)


@pytest.mark.parametrize(
    "body",
    [
        b"7\r\ncontent\r\n",
        b"7\r\ncont",
        b"zz\r\ncontent\r\n0\r\n\r\n",
        b"7\r\ncontentEXTRA\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\ncontent\r\n0\r\n\r\n",
        b"-7\r\ncontent\r\n0\r\n\r\n",
        b"8\r\ncontents\r\n0\r\n\r\n",
        b"7" + b"0" * 100_000,
        b"",
    ],
    ids=["no end", "cut", "no number", "no line end", "overflow", "negative", "too long", "endless number", "empty"],
)
def test_a_broken_chunked_body_is_refused_and_nothing_is_stored(wire, s3, bucket, key, body):
    assert put_unsigned(wire, wire.url(key), b"content", body).status == 400
    assert absent(s3, bucket, key)


def flip_a_byte_of_the_second_chunk(body):
    return body[:70_000] + bytes([body[70_000] ^ 1]) + body[70_001:]


def swap_the_first_two_chunks(body):
    first = body.index(b"\r\n") + 2 + 65536 + 2
    second = body.index(b"\r\n", first) + 2 + 65536 + 2
    return body[first:second] + body[:first] + body[second:]


def flip_a_digit_of_the_last_signature(body):
    at = body.rindex(b"signature") + 20
    return body[:at] + (b"0" if body[at : at + 1] != b"0" else b"1") + body[at + 1 :]


@pytest.mark.parametrize(
    "damage", [flip_a_byte_of_the_second_chunk, swap_the_first_two_chunks, flip_a_digit_of_the_last_signature]
)
@pytest.mark.parametrize("with_trailer", [False, True])
def test_a_chunk_that_was_tampered_with_is_refused(wire, s3, bucket, key, damage, with_trailer):
    data = noise(DATA_BYTES)
    trailer = ("x-amz-checksum-crc32", crc32(data)) if with_trailer else None
    answer = put_signed(wire, wire.url(key), data, trailer, damage)
    assert answer.refusal == ("SignatureDoesNotMatch", 403)
    assert absent(s3, bucket, key)

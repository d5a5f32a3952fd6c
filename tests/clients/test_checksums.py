"""Content-MD5 and x-amz-checksum-*: the SDK calculates them, the store verifies them, readers get them back."""

import base64
import hashlib
import zlib

import pytest
from awscrt import checksums

from helpers import MIN_PART_BYTES, Upload, noise, read, refused, sha256


def b64(digest):
    return base64.b64encode(digest).decode()


DIGESTS = {
    "CRC32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "CRC32C": lambda data: checksums.crc32c(data).to_bytes(4, "big"),
    "CRC64NVME": lambda data: checksums.crc64nvme(data).to_bytes(8, "big"),
    "SHA1": lambda data: hashlib.sha1(data).digest(),
    "SHA256": lambda data: hashlib.sha256(data).digest(),
}
ALGORITHMS = list(DIGESTS)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_checksum_of_an_object_is_stored_and_returned(s3, bucket, key, algorithm):
    data, field = noise(100_000), f"Checksum{algorithm}"
    put = s3.put_object(Bucket=bucket, Key=key, Body=data, ChecksumAlgorithm=algorithm)
    got = s3.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    assert got["Body"].read() == data
    assert put[field] == got[field] == b64(DIGESTS[algorithm](data))
    assert got["ChecksumType"] == "FULL_OBJECT"
    told = s3.get_object_attributes(Bucket=bucket, Key=key, ObjectAttributes=["Checksum"])
    assert told["Checksum"][field] == got[field]


def test_boto3_sends_crc32_by_itself_and_the_store_keeps_it(s3, bucket, key):
    put = s3.put_object(Bucket=bucket, Key=key, Body=b"content")
    assert put["ChecksumCRC32"] == b64(DIGESTS["CRC32"](b"content"))
    head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    assert head["ChecksumCRC32"] == put["ChecksumCRC32"]


def test_checksums_are_returned_only_if_the_request_asks_for_them(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"content", ChecksumAlgorithm="SHA256")
    headers = s3.head_object(Bucket=bucket, Key=key)["ResponseMetadata"]["HTTPHeaders"]
    assert not [name for name in headers if name.startswith("x-amz-checksum-")]


def test_clients_that_send_no_checksum_are_served(store, bucket, key):
    old_style = store.client(request_checksum_calculation="when_required", response_checksum_validation="when_required")
    old_style.put_object(Bucket=bucket, Key=key, Body=b"content")
    assert read(old_style, bucket, key) == b"content"
    upload = Upload(old_style, bucket, key)
    upload.put(1, b"part")
    upload.complete()
    assert read(old_style, bucket, key) == b"part"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_wrong_checksum_is_bad_digest_and_the_earlier_part_stays(s3, bucket, key, algorithm):
    upload = Upload(s3, bucket, key, ChecksumAlgorithm=algorithm)
    field = f"Checksum{algorithm}"
    good = upload.put(1, b"good", **{field: b64(DIGESTS[algorithm](b"good"))})
    with refused("BadDigest", 400):
        s3.upload_part(**upload.identity, PartNumber=1, Body=b"evil", **{field: good[field]})
    assert upload.stored() == {1: (good["ETag"], 4)}
    upload.complete([{"PartNumber": 1, "ETag": good["ETag"], field: good[field]}])
    assert read(s3, bucket, key) == b"good"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_wrong_checksum_of_an_object_leaves_the_earlier_object(s3, bucket, key, algorithm):
    s3.put_object(Bucket=bucket, Key=key, Body=b"good")
    with refused("BadDigest", 400):
        wrong = {f"Checksum{algorithm}": b64(DIGESTS[algorithm](b"good"))}
        s3.put_object(Bucket=bucket, Key=key, Body=b"evil", **wrong)
    assert read(s3, bucket, key) == b"good"


def test_a_right_content_md5_is_accepted_and_a_wrong_one_is_bad_digest(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    md5 = b64(hashlib.md5(b"good").digest())
    upload.put(1, b"good", ContentMD5=md5)
    with refused("BadDigest", 400):
        s3.upload_part(**upload.identity, PartNumber=1, Body=b"evil", ContentMD5=md5)
    assert upload.stored() == {1: (upload.parts[1], 4)}
    upload.complete()
    assert read(s3, bucket, key) == b"good"
    with refused("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key=key, Body=b"evil", ContentMD5=md5)
    assert read(s3, bucket, key) == b"good"


@pytest.mark.parametrize("md5", ["x", "AAAA", "not base64 at all!!!!!!!", "1B2M2Y8AsgTpgAmY7PhCfg"])
def test_a_malformed_content_md5_is_invalid_digest(s3, bucket, key, md5):
    with refused("InvalidDigest", 400):
        s3.put_object(Bucket=bucket, Key=key, Body=b"", ContentMD5=md5)


@pytest.mark.parametrize("value", ["x", "AAAA", "AAAAAAAAAAA="])
def test_a_malformed_checksum_is_invalid_request(s3, bucket, key, value):
    with refused("InvalidRequest", 400):
        s3.put_object(Bucket=bucket, Key=key, Body=b"content", ChecksumCRC32=value)


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME"])
def test_a_full_object_checksum_is_combined_from_the_parts(s3, bucket, key, algorithm):
    field = f"Checksum{algorithm}"
    pieces = [noise(MIN_PART_BYTES), noise(MIN_PART_BYTES + 13), noise(17)]
    expected = b64(DIGESTS[algorithm](b"".join(pieces)))
    upload = Upload(s3, bucket, key, ChecksumAlgorithm=algorithm, ChecksumType="FULL_OBJECT")
    for number, piece in enumerate(pieces, 1):
        assert upload.put(number, piece, ChecksumAlgorithm=algorithm)[field] == b64(DIGESTS[algorithm](piece))
    with refused("BadDigest", 400):
        upload.complete(ChecksumType="FULL_OBJECT", **{field: b64(DIGESTS[algorithm](b"other"))})
    done = upload.complete(ChecksumType="FULL_OBJECT", **{field: expected})
    head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    assert done[field] == head[field] == expected
    assert done["ChecksumType"] == head["ChecksumType"] == "FULL_OBJECT"
    assert sha256(read(s3, bucket, key)) == sha256(b"".join(pieces))


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "SHA1", "SHA256"])
def test_a_composite_checksum_is_the_checksum_of_the_parts_checksums(s3, bucket, key, algorithm):
    field, digest = f"Checksum{algorithm}", DIGESTS[algorithm]
    pieces = [noise(MIN_PART_BYTES), noise(17)]
    upload = Upload(s3, bucket, key, ChecksumAlgorithm=algorithm)
    told = [upload.put(number, piece, ChecksumAlgorithm=algorithm)[field] for number, piece in enumerate(pieces, 1)]
    parts = [part | {field: checksum} for part, checksum in zip(upload.listed(), told, strict=True)]
    done = upload.complete(parts)
    expected = b64(digest(b"".join(digest(piece) for piece in pieces))) + "-2"
    head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    assert done[field] == head[field] == expected
    assert done["ChecksumType"] == head["ChecksumType"] == "COMPOSITE"


def test_list_parts_returns_the_checksums_of_parts(s3, bucket, key):
    upload = Upload(s3, bucket, key, ChecksumAlgorithm="SHA256")
    upload.put(1, b"part", ChecksumAlgorithm="SHA256")
    answer = s3.list_parts(**upload.identity)
    assert (answer["ChecksumAlgorithm"], answer["ChecksumType"]) == ("SHA256", "COMPOSITE")
    assert answer["Parts"][0]["ChecksumSHA256"] == b64(DIGESTS["SHA256"](b"part"))


def test_a_listed_part_with_a_wrong_checksum_is_invalid_part(s3, bucket, key):
    upload = Upload(s3, bucket, key, ChecksumAlgorithm="SHA256")
    upload.put(1, b"part", ChecksumAlgorithm="SHA256")
    wrong = {"PartNumber": 1, "ETag": upload.parts[1], "ChecksumSHA256": b64(DIGESTS["SHA256"](b"other"))}
    with refused("InvalidPart", 400):
        upload.complete([wrong])


def test_a_complete_that_names_another_checksum_type_is_bad_digest(s3, bucket, key):
    upload = Upload(s3, bucket, key, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    upload.put(1, b"part")
    with refused("BadDigest", 400):
        upload.complete(ChecksumType="COMPOSITE")
    upload.complete(ChecksumType="FULL_OBJECT")
    assert read(s3, bucket, key) == b"part"


def test_a_part_with_the_checksum_of_another_algorithm_is_invalid_request(s3, bucket, key):
    upload = Upload(s3, bucket, key, ChecksumAlgorithm="SHA256")
    with refused("InvalidRequest", 400):
        upload.put(1, b"part", ChecksumAlgorithm="CRC32")
    assert upload.stored() == {}


def test_a_composite_checksum_needs_the_checksums_of_the_listed_parts(s3, bucket, key):
    upload = Upload(s3, bucket, key, ChecksumAlgorithm="SHA256")
    part = upload.put(1, b"part", ChecksumAlgorithm="SHA256")
    with refused("InvalidRequest", 400):
        upload.complete()
    upload.complete([{"PartNumber": 1, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]}])
    assert read(s3, bucket, key) == b"part"


@pytest.mark.parametrize(
    ("algorithm", "kind"), [("CRC64NVME", "COMPOSITE"), ("SHA1", "FULL_OBJECT"), ("SHA256", "FULL_OBJECT")]
)
def test_a_checksum_type_the_algorithm_cannot_have_is_refused(s3, bucket, key, algorithm, kind):
    with refused("InvalidRequest", 400):
        s3.create_multipart_upload(Bucket=bucket, Key=key, ChecksumAlgorithm=algorithm, ChecksumType=kind)


def test_a_payload_that_differs_from_the_signed_one_is_refused(wire, s3, bucket, key):
    other = hashlib.sha256(b"other").hexdigest()
    answer = wire.send("PUT", wire.url(key), body=b"content", payload_hash=other)
    assert answer.refusal == ("XAmzContentSHA256Mismatch", 400)
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=key)


def test_an_unsigned_payload_is_accepted(wire, s3, bucket, key):
    assert wire.send("PUT", wire.url(key), body=b"content", payload_hash="UNSIGNED-PAYLOAD").status == 200
    assert read(s3, bucket, key) == b"content"


def test_a_request_carries_one_checksum(s3, bucket, key):
    with refused("InvalidRequest", 400):
        sums = {f"Checksum{name}": b64(DIGESTS[name](b"content")) for name in ("CRC32", "SHA256")}
        s3.put_object(Bucket=bucket, Key=key, Body=b"content", **sums)
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=key)


@pytest.mark.parametrize(("said", "sent"), [("SHA1", "CRC32"), ("made-up", "CRC32")])
def test_an_sdk_that_says_another_algorithm_than_it_sends_is_refused(wire, key, said, sent):
    headers = {f"x-amz-checksum-{sent.lower()}": b64(DIGESTS[sent](b"content")), "x-amz-sdk-checksum-algorithm": said}
    assert wire.send("PUT", wire.url(key), headers, b"content").refusal == ("InvalidRequest", 400)


def test_an_algorithm_that_the_store_does_not_have_is_not_ignored(wire, key):
    headers = {"x-amz-checksum-xxhash64": "AAAAAAAAAAA="}
    assert wire.send("PUT", wire.url(key), headers, b"content").refusal == ("NotImplemented", 501)


def test_a_part_of_a_composite_checksum_needs_its_own(wire, s3, bucket, key):
    upload = Upload(s3, bucket, key, ChecksumAlgorithm="CRC32C")
    url = wire.url(key, f"partNumber=1&uploadId={upload.id}")
    assert wire.send("PUT", url, body=b"part").refusal == ("InvalidRequest", 400)
    assert upload.stored() == {}


def test_without_an_algorithm_a_listed_checksum_is_compared_with_the_default_one(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    answer = upload.put(1, b"part", ChecksumAlgorithm="CRC32")
    assert "ChecksumCRC32" not in answer, "Complete would refuse it"
    right = b64(DIGESTS["CRC64NVME"](b"part"))
    assert answer["ChecksumCRC64NVME"] == right

    def complete(**checksum):
        return upload.complete([{"PartNumber": 1, "ETag": upload.parts[1]} | checksum])

    for checksum in (
        {"ChecksumCRC32": b64(DIGESTS["CRC32"](b"part"))},
        {"ChecksumCRC64NVME": b64(DIGESTS["CRC64NVME"](b"other"))},
    ):
        with refused("InvalidPart", 400):
            complete(**checksum)
    with refused("InvalidArgument", 400):
        complete(ChecksumCRC64NVME="not base64")
    assert complete(ChecksumCRC64NVME=right)["ChecksumType"] == "FULL_OBJECT"


@pytest.mark.parametrize("value", ["x", "AAAA", "AAAAAA==-x", "AAAAAA==-1-2", "AAAAAA==--1"])
def test_a_malformed_checksum_of_the_whole_object_is_invalid_request(s3, bucket, key, value):
    upload = Upload(s3, bucket, key, ChecksumAlgorithm="CRC32", ChecksumType="COMPOSITE")
    sum_of_part = upload.put(1, b"part", ChecksumAlgorithm="CRC32")["ChecksumCRC32"]
    part = {"PartNumber": 1, "ETag": upload.parts[1], "ChecksumCRC32": sum_of_part}
    with refused("InvalidRequest", 400):
        upload.complete([part], ChecksumCRC32=value)
    upload.complete([part])

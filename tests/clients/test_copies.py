"""Copies inside the store: boto3 with objects of one part and of many, and who may not copy."""

import pytest

from helpers import MIB, MIN_PART_BYTES, Upload, noise, read, refused
from wire import exchange


@pytest.fixture(scope="module")
def source(s3, bucket, module_prefix):
    """An object of three parts, and its bytes."""
    data = noise(2 * MIN_PART_BYTES + 17)
    upload = Upload(s3, bucket, module_prefix + "source")
    for number, start in enumerate(range(0, len(data), MIN_PART_BYTES), 1):
        upload.put(number, data[start : start + MIN_PART_BYTES])
    upload.complete()
    return {"Bucket": bucket, "Key": module_prefix + "source"}, data


def test_a_copy_has_the_bytes_the_etag_and_the_metadata_of_its_source(s3, bucket, prefix, source):
    s3.put_object(Bucket=bucket, Key=prefix + "from", Body=b"small", Metadata={"a": "1"}, Tagging="t=1")
    for name, (where, data) in {"small": ({"Bucket": bucket, "Key": prefix + "from"}, b"small"), "big": source}.items():
        copied = s3.copy_object(Bucket=bucket, Key=prefix + name, CopySource=where)["CopyObjectResult"]
        assert copied["ETag"] == s3.head_object(**where)["ETag"]
        assert read(s3, bucket, prefix + name) == data
    assert s3.head_object(Bucket=bucket, Key=prefix + "small")["Metadata"] == {"a": "1"}
    assert s3.get_object_tagging(Bucket=bucket, Key=prefix + "small")["TagSet"] == [{"Key": "t", "Value": "1"}]


def test_a_copy_outlives_its_source(s3, bucket, prefix):
    data = noise(MIB)
    s3.put_object(Bucket=bucket, Key=prefix + "from", Body=data)
    s3.copy_object(Bucket=bucket, Key=prefix + "to", CopySource={"Bucket": bucket, "Key": prefix + "from"})
    s3.delete_object(Bucket=bucket, Key=prefix + "from")
    assert read(s3, bucket, prefix + "to") == data


def test_an_object_is_composed_of_ranges_of_another(s3, bucket, key, source):
    where, data = source
    ranges = [(0, MIN_PART_BYTES), (MIN_PART_BYTES - 3, 2 * MIN_PART_BYTES + 9), (5, 8)]
    upload = Upload(s3, bucket, key)
    for number, (start, end) in enumerate(ranges, 1):
        answer = s3.upload_part_copy(
            **upload.identity, PartNumber=number, CopySource=where, CopySourceRange=f"bytes={start}-{end - 1}"
        )
        upload.parts[number] = answer["CopyPartResult"]["ETag"]
    upload.complete()
    assert read(s3, bucket, key) == b"".join(data[start:end] for start, end in ranges)


def test_the_managed_copy_of_a_big_object_has_the_same_bytes(s3, bucket, key, source):
    from boto3.s3.transfer import TransferConfig

    where, data = source
    s3.copy(where, bucket, key, Config=TransferConfig(multipart_threshold=MIB, multipart_chunksize=MIN_PART_BYTES))
    assert read(s3, bucket, key) == data


@pytest.mark.parametrize("name", [" ", "_", "a+b", "ä/ö ü", "?versionId", "50%"])
def test_a_source_of_any_name_is_found(s3, bucket, prefix, name):
    s3.put_object(Bucket=bucket, Key=prefix + name, Body=name.encode())
    s3.copy_object(Bucket=bucket, Key=prefix + "to", CopySource={"Bucket": bucket, "Key": prefix + name})
    assert read(s3, bucket, prefix + "to") == name.encode()


def test_a_copy_to_itself_must_change_something(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"content")
    itself = {"Bucket": bucket, "Key": key, "CopySource": {"Bucket": bucket, "Key": key}}
    with refused("InvalidRequest", 400):
        s3.copy_object(**itself)
    s3.copy_object(**itself, MetadataDirective="REPLACE", Metadata={"mtime": "7"})
    assert s3.head_object(Bucket=bucket, Key=key)["Metadata"] == {"mtime": "7"}


def test_conditions_on_the_source_are_checked(s3, bucket, prefix):
    etag = s3.put_object(Bucket=bucket, Key=prefix + "from", Body=b"x")["ETag"]
    copy = {"Bucket": bucket, "Key": prefix + "to", "CopySource": {"Bucket": bucket, "Key": prefix + "from"}}
    for condition in ({"CopySourceIfMatch": "other"}, {"CopySourceIfNoneMatch": etag}):
        with refused("PreconditionFailed", 412):
            s3.copy_object(**copy, **condition)
    s3.copy_object(**copy, CopySourceIfMatch=etag)


def test_a_presigned_url_never_copies_even_if_its_signer_wanted_it_to(store, s3, bucket, prefix):
    s3.put_object(Bucket=bucket, Key=prefix + "secret", Body=b"secret")
    source = f"{bucket}/{prefix}secret"
    url = s3.generate_presigned_url("copy_object", {"Bucket": bucket, "Key": prefix + "to", "CopySource": source})
    answer = exchange("PUT", url, {"x-amz-copy-source": source})
    assert answer.refusal == ("NotImplemented", 501)
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=prefix + "to")

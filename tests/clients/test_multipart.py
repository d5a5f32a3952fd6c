"""Multipart uploads that succeed, with their steps in every order that S3 allows."""

import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from boto3.s3.transfer import TransferConfig

from helpers import MIB, MIN_PART_BYTES, Upload, noise, read, refused, sha256


def test_three_parts_become_one_object(s3, bucket, key):
    pieces = [noise(MIN_PART_BYTES), noise(MIN_PART_BYTES), noise(1)]
    upload = Upload(s3, bucket, key, ContentType="text/plain", Metadata={"token": "abc"}, CacheControl="no-store")
    for number, piece in enumerate(pieces, 1):
        upload.put(number, piece)
    done = upload.complete()
    got = s3.get_object(Bucket=bucket, Key=key)
    assert sha256(got["Body"].read()) == sha256(b"".join(pieces))
    assert done["ETag"] == got["ETag"] and done["ETag"].endswith('-3"')
    assert (done["Bucket"], done["Key"]) == (bucket, key)
    assert (got["ContentType"], got["Metadata"], got["CacheControl"]) == ("text/plain", {"token": "abc"}, "no-store")
    with refused("NoSuchUpload", 404):
        s3.list_parts(**upload.identity)


@pytest.mark.parametrize("size_bytes", [64 * MIB])
def test_transfer_manager_moves_a_big_file_in_parallel(s3, bucket, key, size_bytes):
    data = noise(size_bytes)
    config = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB, max_concurrency=8)
    s3.upload_fileobj(io.BytesIO(data), bucket, key, Config=config)
    back = io.BytesIO()
    s3.download_fileobj(bucket, key, back, Config=config)
    assert sha256(back.getvalue()) == sha256(data)
    assert s3.head_object(Bucket=bucket, Key=key)["ETag"].endswith('-8"')


@pytest.mark.parametrize("last", [b"", b"x"])
def test_the_last_part_may_be_small_or_empty(s3, bucket, key, last):
    upload, first = Upload(s3, bucket, key), noise(MIN_PART_BYTES)
    upload.put(1, first)
    upload.put(2, last)
    upload.complete()
    assert sha256(read(s3, bucket, key)) == sha256(first + last)


def test_a_single_empty_part_is_an_empty_object(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    upload.put(1, b"")
    assert upload.complete()["ETag"].endswith('-1"')
    assert s3.head_object(Bucket=bucket, Key=key)["ContentLength"] == 0
    assert read(s3, bucket, key) == b""


def test_part_numbers_may_have_gaps(s3, bucket, key):
    upload, first = Upload(s3, bucket, key), noise(MIN_PART_BYTES)
    upload.put(3, b"third")
    upload.put(1, first)
    upload.complete()
    assert sha256(read(s3, bucket, key)) == sha256(first + b"third")


def test_the_highest_part_number_is_10000(s3, bucket, key):
    upload, first = Upload(s3, bucket, key), noise(MIN_PART_BYTES)
    upload.put(9999, first)
    upload.put(10000, b"end")
    upload.complete()
    assert sha256(read(s3, bucket, key)) == sha256(first + b"end")


def test_parts_left_out_of_the_list_are_left_out_of_the_object(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    upload.put(1, b"wanted")
    upload.put(2, b"not wanted")
    upload.complete(upload.listed()[:1])
    assert read(s3, bucket, key) == b"wanted"


def test_etags_are_accepted_without_their_quotes(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    upload.put(1, b"part")
    upload.complete([{"PartNumber": 1, "ETag": upload.parts[1].strip('"')}])
    assert read(s3, bucket, key) == b"part"


def test_a_part_put_again_replaces_the_first(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    stale = upload.put(1, b"old bytes")["ETag"]
    fresh = upload.put(1, b"new")["ETag"]
    assert stale != fresh
    assert upload.stored() == {1: (fresh, 3)}
    upload.complete()
    assert read(s3, bucket, key) == b"new"


def test_ten_concurrent_writers_of_one_part_leave_the_bytes_of_exactly_one(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    pieces = [noise(MIB + number) for number in range(10)]
    with ThreadPoolExecutor(10) as threads:
        etags = list(threads.map(lambda piece: upload.put(1, piece)["ETag"], pieces))
    ((etag, size_bytes),) = upload.stored().values()
    upload.complete([{"PartNumber": 1, "ETag": etag}])
    winner = pieces[etags.index(etag)]
    assert (size_bytes, sha256(read(s3, bucket, key))) == (len(winner), sha256(winner))


def test_nothing_is_visible_before_complete_and_the_old_object_stays(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    upload.put(1, b"new")
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=key)
    assert s3.list_objects_v2(Bucket=bucket, Prefix=key)["KeyCount"] == 0
    s3.put_object(Bucket=bucket, Key=key, Body=b"old")
    assert read(s3, bucket, key) == b"old"
    upload.complete()
    assert read(s3, bucket, key) == b"new"


def test_two_uploads_of_one_key_are_independent(s3, bucket, key):
    one, two = Upload(s3, bucket, key), Upload(s3, bucket, key)
    assert one.id != two.id
    one.put(1, b"one")
    two.put(1, b"two")
    one.complete()
    assert read(s3, bucket, key) == b"one"
    two.complete()
    assert read(s3, bucket, key) == b"two"


def test_complete_repeated_answers_the_same_etag(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    upload.put(1, b"part")
    etags = {upload.complete()["ETag"] for _ in range(3)}
    assert etags == {s3.head_object(Bucket=bucket, Key=key)["ETag"]}


def test_ten_completes_at_once_agree(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    upload.put(1, b"part")
    with ThreadPoolExecutor(10) as threads:
        etags = set(threads.map(lambda _: upload.complete()["ETag"], range(10)))
    assert etags == {s3.head_object(Bucket=bucket, Key=key)["ETag"]}


def test_complete_with_the_right_object_size_succeeds(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    upload.put(1, b"12345")
    upload.complete(MpuObjectSize=5)
    assert read(s3, bucket, key) == b"12345"


def test_an_object_of_parts_is_deleted_and_replaced_like_any_other(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    upload.put(1, noise(MIB))
    upload.complete()
    s3.put_object(Bucket=bucket, Key=key, Body=b"replaced")
    assert read(s3, bucket, key) == b"replaced"
    s3.delete_object(Bucket=bucket, Key=key)
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=key)


def test_attributes_contain_size_etag_and_parts(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    upload.put(1, noise(MIN_PART_BYTES))
    upload.put(2, b"end")
    etag = upload.complete()["ETag"]
    wanted = ["ETag", "ObjectSize", "ObjectParts", "StorageClass"]
    told = s3.get_object_attributes(Bucket=bucket, Key=key, ObjectAttributes=wanted)
    assert (told["ETag"], told["ObjectSize"]) == (etag.strip('"'), MIN_PART_BYTES + 3)
    assert (told["ObjectParts"]["TotalPartsCount"], told["StorageClass"]) == (2, "STANDARD")
    with refused("NoSuchKey", 404):
        s3.get_object_attributes(Bucket=bucket, Key=key + "-absent", ObjectAttributes=wanted)

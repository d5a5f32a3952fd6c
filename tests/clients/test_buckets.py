"""Bucket operations, path style."""

import uuid

import pytest

from helpers import Upload, read, refused


@pytest.fixture
def new_bucket(s3):
    name = f"made-by-a-test-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    return name


def test_a_bucket_is_created_listed_and_removed(s3, new_bucket):
    assert s3.head_bucket(Bucket=new_bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert new_bucket in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    assert s3.delete_bucket(Bucket=new_bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("404", 404):
        s3.head_bucket(Bucket=new_bucket)
    assert new_bucket not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


def test_creating_an_existing_bucket_again_keeps_its_objects(s3, new_bucket):
    """In us-east-1, S3 answers as if it had just created the bucket; in all other regions it refuses."""
    s3.put_object(Bucket=new_bucket, Key="a", Body=b"x")
    s3.create_bucket(Bucket=new_bucket)
    assert read(s3, new_bucket, "a") == b"x"
    s3.delete_object(Bucket=new_bucket, Key="a")
    s3.delete_bucket(Bucket=new_bucket)


@pytest.mark.parametrize("acl", ["private", "bucket-owner-full-control"])
def test_an_acl_may_be_set_to_its_current_value(s3, bucket, key, acl):
    s3.put_object(Bucket=bucket, Key=key, Body=b"content")
    s3.put_object_acl(Bucket=bucket, Key=key, ACL=acl)
    s3.put_bucket_acl(Bucket=bucket, ACL=acl)
    assert read(s3, bucket, key) == b"content"
    with refused("NoSuchKey", 404):
        s3.put_object_acl(Bucket=bucket, Key=key + "-absent", ACL=acl)


def test_the_stores_own_bucket_exists(s3, bucket):
    assert s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert bucket in [listed["Name"] for listed in s3.list_buckets()["Buckets"]]


def test_the_location_of_us_east_1_is_empty(s3, bucket):
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None


def test_the_same_key_in_two_buckets_is_two_objects(s3, bucket, key, new_bucket):
    s3.put_object(Bucket=bucket, Key=key, Body=b"here")
    s3.put_object(Bucket=new_bucket, Key=key, Body=b"there")
    assert (read(s3, bucket, key), read(s3, new_bucket, key)) == (b"here", b"there")
    s3.delete_object(Bucket=new_bucket, Key=key)
    assert read(s3, bucket, key) == b"here"
    s3.delete_bucket(Bucket=new_bucket)


def test_an_upload_id_with_another_bucket_is_no_such_upload(s3, bucket, key, new_bucket):
    upload = Upload(s3, bucket, key)
    with refused("NoSuchUpload", 404):
        s3.upload_part(**upload.identity | {"Bucket": new_bucket}, PartNumber=1, Body=b"x")
    with refused("NoSuchUpload", 404):
        s3.list_parts(**upload.identity | {"Bucket": new_bucket})
    s3.delete_bucket(Bucket=new_bucket)


def test_a_bucket_that_holds_an_object_is_not_removed(s3, new_bucket):
    s3.put_object(Bucket=new_bucket, Key="a", Body=b"x")
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=new_bucket)
    assert read(s3, new_bucket, "a") == b"x"
    s3.delete_object(Bucket=new_bucket, Key="a")
    s3.delete_bucket(Bucket=new_bucket)


@pytest.mark.parametrize("name", ["ab", "Capitals", "under_score", "-dash-first", "a..b", "192.168.0.1", "x" * 64])
def test_a_name_that_breaks_the_rules_is_invalid(wire, name):
    assert wire.send("PUT", f"{wire.store.endpoint}/{name}").refusal == ("InvalidBucketName", 400)


def test_every_operation_needs_an_existing_bucket(s3, bucket):
    absent = f"{bucket}-absent"
    calls = [
        lambda: s3.get_object(Bucket=absent, Key="a"),
        lambda: s3.delete_object(Bucket=absent, Key="a"),
        lambda: s3.list_objects_v2(Bucket=absent),
        lambda: s3.list_objects(Bucket=absent),
        lambda: s3.list_multipart_uploads(Bucket=absent),
        lambda: s3.get_bucket_location(Bucket=absent),
        lambda: s3.delete_bucket(Bucket=absent),
        lambda: s3.delete_objects(Bucket=absent, Delete={"Objects": [{"Key": "a"}]}),
    ]
    for call in calls:
        with refused("NoSuchBucket", 404):
            call()


def test_a_request_that_expects_another_owner_is_denied(s3, bucket, key):
    owner = s3.list_buckets()["Owner"]["ID"]
    s3.put_object(Bucket=bucket, Key=key, Body=b"content", ExpectedBucketOwner=owner)
    for call, more in (
        (s3.put_object, {"Body": b"other"}),
        (s3.get_object, {}),
        (s3.delete_object, {}),
        (s3.create_multipart_upload, {}),
    ):
        with refused("AccessDenied", 403):
            call(Bucket=bucket, Key=key, ExpectedBucketOwner="123456789012", **more)
    with refused("AccessDenied", 403):
        s3.list_objects_v2(Bucket=bucket, ExpectedBucketOwner="123456789012")
    source = {"CopySource": {"Bucket": bucket, "Key": key}, "Key": key + "-copy", "Bucket": bucket}
    with refused("AccessDenied", 403):
        s3.copy_object(**source, ExpectedSourceBucketOwner="123456789012")
    s3.copy_object(**source, ExpectedSourceBucketOwner=owner, ExpectedBucketOwner=owner)
    assert read(s3, bucket, key) == read(s3, bucket, key + "-copy") == b"content"


@pytest.mark.parametrize("name", ["xn--a", "sthree-a", "amzn-s3-demo-a", "a-s3alias", "a--ol-s3", "a.mrap", "a--x-s3"])
def test_a_name_that_s3_keeps_for_itself_is_invalid(wire, store, name):
    answer = wire.send("PUT", f"{store.endpoint}/{name}")
    assert answer.refusal == ("InvalidBucketName", 400)

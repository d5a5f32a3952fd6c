"""Tags of objects, and settings that are accepted without effect."""

import pytest

from helpers import Upload, read, refused


def tag_set(count):
    return {"TagSet": [{"Key": str(number), "Value": "v"} for number in range(count)]}


def test_tags_are_put_read_counted_and_deleted(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"x", Tagging="a=1&b=")
    tags = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    assert tags == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    s3.put_object_tagging(Bucket=bucket, Key=key, Tagging=tag_set(10))
    head = s3.head_object(Bucket=bucket, Key=key)
    assert head["ResponseMetadata"]["HTTPHeaders"]["x-amz-tagging-count"] == "10"
    s3.delete_object_tagging(Bucket=bucket, Key=key)
    assert s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == []


def test_tags_are_sorted_by_name(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"x", Tagging="b=1&a")
    tags = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    assert tags == [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "1"}]


def test_an_upload_in_parts_keeps_the_tags_that_it_was_created_with(s3, bucket, key):
    upload = Upload(s3, bucket, key, Tagging="a=1")
    upload.put(1, b"x")
    upload.complete()
    assert s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == [{"Key": "a", "Value": "1"}]


@pytest.mark.parametrize(
    "tags",
    [
        tag_set(11)["TagSet"],
        [{"Key": "k" * 129, "Value": ""}],
        [{"Key": "k", "Value": "v" * 257}],
        [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}],
    ],
)
def test_tags_over_the_limits_are_invalid_and_change_nothing(s3, bucket, key, tags):
    s3.put_object(Bucket=bucket, Key=key, Body=b"x", Tagging="a=1")
    with refused("InvalidTag", 400):
        s3.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": tags})
    assert s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == [{"Key": "a", "Value": "1"}]


def test_defaults_of_every_object_are_accepted_and_no_encryption_is_reported(s3, bucket, key):
    asked = {"ACL": "bucket-owner-full-control", "StorageClass": "STANDARD", "ServerSideEncryption": "AES256"}
    answer = s3.put_object(Bucket=bucket, Key=key, Body=b"x", **asked)
    assert "ServerSideEncryption" not in answer
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-dray-encryption"].startswith("none")
    assert read(s3, bucket, key) == b"x"


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        ({"ACL": "public-read"}, "NotImplemented", 501),
        ({"GrantRead": "id=x"}, "NotImplemented", 501),
        ({"ServerSideEncryption": "aws:kms"}, "NotImplemented", 501),
        ({"StorageClass": "GLACIER"}, "InvalidStorageClass", 400),
    ],
)
def test_unsupported_features_are_refused_rather_than_ignored(s3, bucket, key, asked, code, status):
    with refused(code, status):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x", **asked)
    with refused(code, status):
        Upload(s3, bucket, key, **asked)
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=key)


@pytest.mark.parametrize("tag", ["a!", "a?", "a#", "a*", "a(", "a$", "a,", "a;", "a`", "a%"])
def test_a_tag_has_only_letters_numbers_spaces_and_some_marks(s3, bucket, key, tag):
    s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    for pair in ({"Key": tag, "Value": ""}, {"Key": "a", "Value": tag}):
        with refused("InvalidTag", 400):
            s3.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": [pair]})
    good = [{"Key": "\u00c4 1+-=._:/@", "Value": "\u65e5\u672c"}]
    s3.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": good})
    assert s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"] == good


@pytest.mark.parametrize("text", ["=", "=1", "a=1&a=1", "a=1&a=2", "a%"])
def test_a_tagging_header_that_is_no_list_of_tags_is_invalid_argument(s3, bucket, key, text):
    with refused("InvalidArgument", 400):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x", Tagging=text)

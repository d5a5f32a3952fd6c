"""What the store leaves out, it says so: 501 NotImplemented, never a silent success."""

import pytest

from helpers import Upload, read, refused

OBJECT_CALLS = {
    "get_object_acl": {},
    "put_object_acl": {"ACL": "public-read"},
    "get_object_tagging": {},
    "put_object_tagging": {"Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}},
    "delete_object_tagging": {},
    "get_object_legal_hold": {},
    "get_object_retention": {},
    "get_object_torrent": {},
    "restore_object": {},
    "select_object_content": {
        "Expression": "select 1",
        "ExpressionType": "SQL",
        "InputSerialization": {"CSV": {}},
        "OutputSerialization": {"CSV": {}},
    },
}
BUCKET_CALLS = {
    "get_bucket_acl": {},
    "put_bucket_acl": {"ACL": "public-read"},
    "get_bucket_policy": {},
    "put_bucket_policy": {"Policy": "{}"},
    "get_bucket_versioning": {},
    "put_bucket_versioning": {"VersioningConfiguration": {"Status": "Enabled"}},
    "get_bucket_lifecycle_configuration": {},
    "get_bucket_encryption": {},
    "get_bucket_tagging": {},
    "get_bucket_website": {},
    "delete_bucket_policy": {},
    "list_object_versions": {},
}


@pytest.mark.parametrize("name", OBJECT_CALLS)
def test_an_object_operation_left_out_is_not_implemented(s3, bucket, key, name):
    s3.put_object(Bucket=bucket, Key=key, Body=b"content")
    with refused("NotImplemented", 501):
        getattr(s3, name)(Bucket=bucket, Key=key, **OBJECT_CALLS[name])
    assert read(s3, bucket, key) == b"content"


@pytest.mark.parametrize("name", BUCKET_CALLS)
def test_a_bucket_operation_left_out_is_not_implemented(s3, bucket, name):
    with refused("NotImplemented", 501):
        getattr(s3, name)(Bucket=bucket, **BUCKET_CALLS[name])


def test_copy_object_is_not_implemented(s3, bucket, prefix):
    s3.put_object(Bucket=bucket, Key=prefix + "from", Body=b"secret")
    with refused("NotImplemented", 501):
        s3.copy_object(Bucket=bucket, Key=prefix + "to", CopySource={"Bucket": bucket, "Key": prefix + "from"})
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=prefix + "to")


def test_upload_part_copy_is_not_implemented(s3, bucket, prefix):
    s3.put_object(Bucket=bucket, Key=prefix + "from", Body=b"secret")
    upload = Upload(s3, bucket, prefix + "to")
    with refused("NotImplemented", 501):
        s3.upload_part_copy(**upload.identity, PartNumber=1, CopySource={"Bucket": bucket, "Key": prefix + "from"})
    assert upload.stored() == {}


@pytest.mark.parametrize(("method", "query"), [("GET", "made-up"), ("PUT", "made-up"), ("POST", ""), ("PATCH", "")])
def test_a_method_or_subresource_nobody_knows_is_never_a_success(wire, s3, bucket, key, method, query):
    s3.put_object(Bucket=bucket, Key=key, Body=b"content")
    answer = wire.send(method, wire.url(key, query), body=b"evil" if method != "GET" else b"")
    if method != "GET":
        assert answer.status in (400, 405, 501), answer.body
    assert read(s3, bucket, key) == b"content"


def test_a_customers_encryption_key_is_refused_rather_than_ignored(s3, bucket, key):
    with pytest.raises(s3.exceptions.ClientError) as caught:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x", SSECustomerAlgorithm="AES256", SSECustomerKey=b"k" * 32)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 501)
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=key)

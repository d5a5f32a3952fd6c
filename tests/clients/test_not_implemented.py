"""What the store does not implement is answered 501 NotImplemented, never with a silent success."""

import pytest

from helpers import read, refused

OBJECT_CALLS = {
    "put_object_acl": {"ACL": "public-read"},
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
    "put_bucket_acl": {"ACL": "public-read"},
    "put_bucket_policy": {"Policy": "{}"},
    "put_bucket_versioning": {"VersioningConfiguration": {"Status": "Enabled"}},
    "delete_bucket_policy": {},
    "put_bucket_tagging": {"Tagging": {"TagSet": []}},
}
# The answer if nothing is configured, as on AWS: clients ask for these before they do other things.
UNSET = {
    "get_bucket_cors": "NoSuchCORSConfiguration",
    "get_bucket_encryption": "ServerSideEncryptionConfigurationNotFoundError",
    "get_bucket_lifecycle_configuration": "NoSuchLifecycleConfiguration",
    "get_bucket_ownership_controls": "OwnershipControlsNotFoundError",
    "get_bucket_policy": "NoSuchBucketPolicy",
    "get_bucket_replication": "ReplicationConfigurationNotFoundError",
    "get_bucket_tagging": "NoSuchTagSet",
    "get_bucket_website": "NoSuchWebsiteConfiguration",
    "get_object_lock_configuration": "ObjectLockConfigurationNotFoundError",
    "get_public_access_block": "NoSuchPublicAccessBlockConfiguration",
}


@pytest.mark.parametrize("name", OBJECT_CALLS)
def test_an_unsupported_object_operation_is_not_implemented(s3, bucket, key, name):
    s3.put_object(Bucket=bucket, Key=key, Body=b"content")
    with refused("NotImplemented", 501):
        getattr(s3, name)(Bucket=bucket, Key=key, **OBJECT_CALLS[name])
    assert read(s3, bucket, key) == b"content"


@pytest.mark.parametrize("name", BUCKET_CALLS)
def test_an_unsupported_bucket_operation_is_not_implemented(s3, bucket, name):
    with refused("NotImplemented", 501):
        getattr(s3, name)(Bucket=bucket, **BUCKET_CALLS[name])


@pytest.mark.parametrize("name", UNSET)
def test_a_configuration_that_was_never_set_is_not_found(s3, bucket, name):
    with refused(UNSET[name], 404):
        getattr(s3, name)(Bucket=bucket)


def test_questions_that_clients_ask_of_every_bucket_are_answered(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"content")
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    for acl in (s3.get_bucket_acl(Bucket=bucket), s3.get_object_acl(Bucket=bucket, Key=key)):
        assert [grant["Permission"] for grant in acl["Grants"]] == ["FULL_CONTROL"]
        assert acl["Grants"][0]["Grantee"]["ID"] == acl["Owner"]["ID"]
    listed = s3.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    assert [(one["Key"], one["VersionId"], one["IsLatest"]) for one in listed] == [(key, "null", True)]


@pytest.mark.parametrize(("method", "query"), [("GET", "made-up"), ("PUT", "made-up"), ("POST", ""), ("PATCH", "")])
def test_an_unknown_method_or_subresource_is_never_a_success(wire, s3, bucket, key, method, query):
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

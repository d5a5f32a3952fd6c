"""Keys from `dray store keys`: they can read the drive's bucket and write others, and can be replaced while the drive runs."""

import uuid

import boto3
import pytest
from botocore.config import Config

from helpers import read, refused
from wire import exchange


@pytest.fixture
def tools(dray):
    """A store with the keys that tools get."""
    return dray.store("--url", dray.url)


@pytest.fixture
def new_bucket(tools):
    name = f"tools-{uuid.uuid4().hex[:12]}"
    tools.client().create_bucket(Bucket=name)
    return name


def test_tools_read_the_drives_bucket_and_write_others(tools, s3, bucket, key, new_bucket):
    s3.put_object(Bucket=bucket, Key=key, Body=b"the drive's")
    theirs = tools.client()
    assert read(theirs, bucket, key) == b"the drive's"
    for call in [
        lambda: theirs.put_object(Bucket=bucket, Key=key, Body=b"evil"),
        lambda: theirs.delete_object(Bucket=bucket, Key=key),
        lambda: theirs.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]}),
        lambda: theirs.create_multipart_upload(Bucket=bucket, Key=key),
        lambda: theirs.delete_bucket(Bucket=bucket),
        lambda: theirs.create_bucket(Bucket=bucket),
    ]:
        with refused("AccessDenied", 403):
            call()
    assert read(s3, bucket, key) == b"the drive's"
    theirs.put_object(Bucket=new_bucket, Key="a", Body=b"theirs")
    assert read(theirs, new_bucket, "a") == b"theirs"


def test_keys_are_replaced_while_the_drive_is_served(dray, tools, bucket):
    old = tools.client()
    old.list_objects_v2(Bucket=bucket)
    new = dray.store("--url", dray.url, "--rotate").client()
    new.list_objects_v2(Bucket=bucket)
    with refused("InvalidAccessKeyId", 403):
        old.list_objects_v2(Bucket=bucket)
    newer = dray.store("--url", dray.url, "--rotate", "--grace", "1h").client()
    for client in (new, newer):
        client.list_objects_v2(Bucket=bucket)


def test_a_client_that_signs_for_another_region_corrects_itself(tools, new_bucket):
    elsewhere = tools.but(region="eu-north-1").client()
    elsewhere.put_object(Bucket=new_bucket, Key="a", Body=b"x")
    assert read(elsewhere, new_bucket, "a") == b"x"
    elsewhere.head_bucket(Bucket=new_bucket)


def test_buckets_are_listed_in_pages(tools):
    s3 = tools.client()
    stem = f"page-{uuid.uuid4().hex[:8]}-"
    names = [f"{stem}{letter}" for letter in "abcde"]
    for name in names:
        s3.create_bucket(Bucket=name)
    pages = list(s3.get_paginator("list_buckets").paginate(Prefix=stem, PaginationConfig={"PageSize": 2}))
    assert [[found["Name"] for found in page["Buckets"]] for page in pages] == [names[:2], names[2:4], names[4:]]
    assert {found["BucketRegion"] for page in pages for found in page["Buckets"]} == {tools.region}


def test_the_refusal_of_a_version_2_url_names_the_required_version(tools, new_bucket):
    config = Config(signature_version="s3", s3={"addressing_style": "path"})
    old = boto3.client(
        "s3",
        endpoint_url=tools.endpoint,
        region_name=tools.region,
        aws_access_key_id=tools.access_key,
        aws_secret_access_key=tools.secret_key,
        config=config,
    )
    url = old.generate_presigned_url("get_object", Params={"Bucket": new_bucket, "Key": "leaf"})
    assert "AWSAccessKeyId" in url
    answer = exchange("GET", url)
    assert answer.refusal == ("InvalidRequest", 400) and b"AWS4-HMAC-SHA256" in answer.body

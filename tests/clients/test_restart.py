"""A server that is killed without warning and started again on the same folder has everything that it acknowledged."""

import pytest

from dray_process import Dray
from helpers import MIN_PART_BYTES, Upload, noise, read, refused, sha256


@pytest.fixture
def mortal(dray, tmp_path):
    """A separate server, which the test kills."""
    server = Dray(tmp_path / "data").start()
    yield server
    server.kill()


def test_kill_9_keeps_objects_and_open_uploads(mortal):
    store = mortal.store()
    s3, bucket = store.client(), store.bucket
    s3.put_object(Bucket=bucket, Key="small", Body=b"content", Metadata={"a": "1"})
    s3.put_object(Bucket=bucket, Key="deleted", Body=b"content")
    s3.delete_object(Bucket=bucket, Key="deleted")
    first, second = noise(MIN_PART_BYTES), noise(1_000_000)
    opened, done, aborted = (Upload(s3, bucket, key) for key in ("opened", "done", "aborted"))
    opened.put(1, first)
    done.put(1, second)
    etag = done.complete()["ETag"]
    aborted.abort()

    mortal.kill()
    mortal.start()
    s3 = mortal.store().client()
    assert mortal.store().but(endpoint="") == store.but(endpoint="")

    got = s3.get_object(Bucket=bucket, Key="small")
    assert (got["Body"].read(), got["Metadata"]) == (b"content", {"a": "1"})
    assert sha256(read(s3, bucket, "done")) == sha256(second)
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key="deleted")

    for upload in (opened, done, aborted):
        upload.s3 = s3
    assert opened.stored() == {1: (opened.parts[1], MIN_PART_BYTES)}
    opened.put(2, b"end")
    opened.complete()
    assert sha256(read(s3, bucket, "opened")) == sha256(first + b"end")
    assert done.complete()["ETag"] == etag
    with refused("NoSuchUpload", 404):
        aborted.put(1, b"late")

"""Helpers for nearly every test: bytes, digests, expected errors, and a multipart upload as an object."""

import hashlib
import os
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

KIB = 1 << 10
MIB = 1 << 20
MIN_PART_BYTES = 5 * MIB


def noise(size_bytes):
    return os.urandom(size_bytes)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


@contextmanager
def refused(code, status):
    """The block must fail with this error code and status. Answers to HEAD have only the status."""
    with pytest.raises(ClientError) as caught:
        yield caught
    answer = caught.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status), answer


def read(s3, bucket, key, **extra):
    return s3.get_object(Bucket=bucket, Key=key, **extra)["Body"].read()


class Upload:
    """One multipart upload: its ids, and the parts that were put so far."""

    def __init__(self, s3, bucket, key, **create):
        self.s3 = s3
        self.where = {"Bucket": bucket, "Key": key}
        self.id = s3.create_multipart_upload(**self.where, **create)["UploadId"]
        self.parts = {}

    @property
    def identity(self):
        return self.where | {"UploadId": self.id}

    def put(self, number, data, **extra):
        answer = self.s3.upload_part(**self.identity, PartNumber=number, Body=data, **extra)
        self.parts[number] = answer["ETag"]
        return answer

    def listed(self):
        """The parts in order, as CompleteMultipartUpload takes them."""
        return [{"PartNumber": number, "ETag": etag} for number, etag in sorted(self.parts.items())]

    def complete(self, parts=None, **extra):
        listed = self.listed() if parts is None else parts
        return self.s3.complete_multipart_upload(**self.identity, MultipartUpload={"Parts": listed}, **extra)

    def abort(self):
        self.s3.abort_multipart_upload(**self.identity)

    def stored(self):
        """{number: (ETag, size)} as the store lists them."""
        answer = self.s3.list_parts(**self.identity)
        return {part["PartNumber"]: (part["ETag"], part["Size"]) for part in answer.get("Parts", [])}

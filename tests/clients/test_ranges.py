"""Reading parts of an object: byte ranges (RFC 9110 section 14) and part numbers."""

import pytest

from helpers import MIN_PART_BYTES, Upload, noise, refused

LAST_PART_BYTES = 1000
SIZE_BYTES = 2 * MIN_PART_BYTES + LAST_PART_BYTES
BORDER = MIN_PART_BYTES


@pytest.fixture(scope="module")
def content():
    return noise(SIZE_BYTES)


@pytest.fixture(scope="module")
def in_parts(s3, bucket, module_prefix, content):
    """The key of an object of three parts, 5 MiB + 5 MiB + 1000 bytes."""
    upload = Upload(s3, bucket, module_prefix + "in-parts")
    for number in (1, 2, 3):
        upload.put(number, content[(number - 1) * MIN_PART_BYTES : number * MIN_PART_BYTES])
    upload.complete()
    return upload.where["Key"]


@pytest.fixture(scope="module")
def in_one(s3, bucket, module_prefix, content):
    """The key of an object with the same bytes, put in one request."""
    s3.put_object(Bucket=bucket, Key=module_prefix + "in-one", Body=content)
    return module_prefix + "in-one"


@pytest.fixture(params=["in_parts", "in_one"])
def big(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        (f"bytes={SIZE_BYTES - 1}-{SIZE_BYTES - 1}", SIZE_BYTES - 1, SIZE_BYTES - 1),
        ("bytes=-1", SIZE_BYTES - 1, SIZE_BYTES - 1),
        ("bytes=-2000", SIZE_BYTES - 2000, SIZE_BYTES - 1),
        (f"bytes=-{SIZE_BYTES * 10}", 0, SIZE_BYTES - 1),
        (f"bytes={BORDER - 3}-{BORDER + 3}", BORDER - 3, BORDER + 3),
        (f"bytes={BORDER}-{2 * BORDER - 1}", BORDER, 2 * BORDER - 1),
        (f"bytes={BORDER - 1}-{2 * BORDER}", BORDER - 1, 2 * BORDER),
        (f"bytes={2 * BORDER - 1}-", 2 * BORDER - 1, SIZE_BYTES - 1),
        ("bytes=0-", 0, SIZE_BYTES - 1),
        (f"bytes=100-{SIZE_BYTES * 10}", 100, SIZE_BYTES - 1),
        ("bytes=1048575-1048576", 1048575, 1048576),
    ],
)
def test_a_range_is_206_with_exactly_those_bytes(s3, bucket, big, content, asked, first, last):
    for call in (s3.get_object, s3.head_object):
        answer = call(Bucket=bucket, Key=big, Range=asked)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert answer["ContentLength"] == last - first + 1
        assert answer["ContentRange"] == f"bytes {first}-{last}/{SIZE_BYTES}"
        if call == s3.get_object:
            assert answer["Body"].read() == content[first : last + 1]


@pytest.mark.parametrize("asked", [f"bytes={SIZE_BYTES}-", f"bytes={SIZE_BYTES}-{SIZE_BYTES + 5}", "bytes=-0"])
def test_a_range_outside_the_object_is_416(s3, bucket, big, asked):
    with refused("InvalidRange", 416):
        s3.get_object(Bucket=bucket, Key=big, Range=asked)
    with refused("416", 416):
        s3.head_object(Bucket=bucket, Key=big, Range=asked)


def test_an_empty_object_has_no_range(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"")
    with refused("InvalidRange", 416):
        s3.get_object(Bucket=bucket, Key=key, Range="bytes=0-")


@pytest.mark.parametrize("asked", ["bytes=5-3", "bytes=a-b", "bytes=", "chunks=0-1", "0-1", "bytes=0-1,5-6", "bytes= -1", "bytes=0 -1"])
def test_an_invalid_range_or_several_ranges_are_ignored(s3, bucket, key, asked):
    s3.put_object(Bucket=bucket, Key=key, Body=b"0123456789")
    answer = s3.get_object(Bucket=bucket, Key=key, Range=asked)
    assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Body"].read()) == (200, b"0123456789")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_part_number_reads_that_part(s3, bucket, in_parts, content, number):
    first = (number - 1) * MIN_PART_BYTES
    expected = content[first : first + MIN_PART_BYTES]
    for call in (s3.get_object, s3.head_object):
        answer = call(Bucket=bucket, Key=in_parts, PartNumber=number)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
        assert answer["PartsCount"] == 3
        assert answer["ContentLength"] == len(expected)
        assert answer["ContentRange"] == f"bytes {first}-{first + len(expected) - 1}/{SIZE_BYTES}"
        if call == s3.get_object:
            assert answer["Body"].read() == expected


def test_part_one_of_an_object_put_in_one_request_is_the_object(s3, bucket, in_one, content):
    assert s3.get_object(Bucket=bucket, Key=in_one, PartNumber=1)["Body"].read() == content


@pytest.mark.parametrize("name", ["in_parts", "in_one"])
def test_a_part_number_past_the_last_is_invalid_part(s3, bucket, request, name):
    with refused("InvalidPart", 400):
        s3.get_object(Bucket=bucket, Key=request.getfixturevalue(name), PartNumber=4)


def test_a_part_number_together_with_a_range_is_refused(s3, bucket, in_parts):
    with refused("InvalidRequest", 400):
        s3.get_object(Bucket=bucket, Key=in_parts, PartNumber=1, Range="bytes=0-1")


@pytest.mark.parametrize("number", [0, 10001, -1])
def test_reading_part_numbers_outside_the_limits_is_refused(s3, bucket, in_parts, number):
    with refused("InvalidArgument", 400):
        s3.get_object(Bucket=bucket, Key=in_parts, PartNumber=number)


@pytest.mark.parametrize("number", [0, 10001, -1])
def test_a_wrong_part_number_is_refused_before_the_key_is_looked_up(wire, key, number):
    for method in ("GET", "HEAD"):
        assert wire.send(method, wire.url(key, f"partNumber={number}")).status == 400, method

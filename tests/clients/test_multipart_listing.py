"""ListParts and ListMultipartUploads, page by page."""

import pytest

from helpers import Upload


def test_list_parts_returns_number_size_and_etag_in_order(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    for number in (7, 2, 10000):
        upload.put(number, b"x" * (number % 9))
    answer = s3.list_parts(**upload.identity)
    told = [(part["PartNumber"], part["Size"], part["ETag"]) for part in answer["Parts"]]
    assert told == [(number, number % 9, upload.parts[number]) for number in (2, 7, 10000)]
    assert (answer["Bucket"], answer["Key"], answer["UploadId"]) == (bucket, key, upload.id)
    assert answer["IsTruncated"] is False


@pytest.mark.parametrize("page_size", [1, 2, 5])
def test_pages_of_parts_contain_each_part_once(s3, bucket, key, page_size):
    upload = Upload(s3, bucket, key)
    for number in range(1, 6):
        upload.put(number, b"x")
    pages = [*s3.get_paginator("list_parts").paginate(**upload.identity, PaginationConfig={"PageSize": page_size})]
    assert [part["PartNumber"] for page in pages for part in page["Parts"]] == [1, 2, 3, 4, 5]
    assert all(len(page["Parts"]) == page_size and page["MaxParts"] == page_size for page in pages[:-1])


def test_list_parts_begins_after_the_marker(s3, bucket, key):
    upload = Upload(s3, bucket, key)
    for number in (1, 5, 9):
        upload.put(number, b"x")
    answer = s3.list_parts(**upload.identity, PartNumberMarker=5)
    assert [part["PartNumber"] for part in answer["Parts"]] == [9]


def test_an_upload_without_parts_lists_none(s3, bucket, key):
    answer = s3.list_parts(**Upload(s3, bucket, key).identity)
    assert (answer.get("Parts", []), answer["IsTruncated"]) == ([], False)


@pytest.fixture
def uploads(s3, bucket, prefix):
    """Five open uploads, two of them of one key; [(key, id)] in listing order."""
    names = ["a", "b/1", "b/2", "c ö+%", "c ö+%"]
    made = [Upload(s3, bucket, prefix + name) for name in names]
    return [(upload.where["Key"], upload.id) for upload in made]


def identities(answer):
    return [(upload["Key"], upload["UploadId"]) for upload in answer.get("Uploads", [])]


def test_open_uploads_are_listed_until_they_end(s3, bucket, prefix, uploads):
    answer = s3.list_multipart_uploads(Bucket=bucket, Prefix=prefix)
    assert sorted(identities(answer)) == sorted(uploads)
    assert [key for key, _ in identities(answer)] == [key for key, _ in uploads]
    key, upload_id = uploads[0]
    s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id)
    assert sorted(identities(s3.list_multipart_uploads(Bucket=bucket, Prefix=prefix))) == sorted(uploads[1:])


@pytest.mark.parametrize("page_size", [1, 2, 5])
def test_pages_of_uploads_contain_each_upload_once(s3, bucket, prefix, uploads, page_size):
    paginator = s3.get_paginator("list_multipart_uploads")
    pages = [*paginator.paginate(Bucket=bucket, Prefix=prefix, PaginationConfig={"PageSize": page_size})]
    assert sorted(upload for page in pages for upload in identities(page)) == sorted(uploads)
    assert all(len(identities(page)) == page_size for page in pages[:-1])


def test_a_key_marker_alone_begins_after_all_uploads_of_that_key(s3, bucket, prefix, uploads):
    answer = s3.list_multipart_uploads(Bucket=bucket, Prefix=prefix, KeyMarker=prefix + "b/1")
    assert sorted(identities(answer)) == sorted(uploads[2:])


def test_a_delimiter_groups_uploads(s3, bucket, prefix, uploads):
    answer = s3.list_multipart_uploads(Bucket=bucket, Prefix=prefix, Delimiter="/")
    assert [group["Prefix"] for group in answer["CommonPrefixes"]] == [prefix + "b/"]
    assert sorted(identities(answer)) == sorted([uploads[0], *uploads[3:]])

"""ListObjectsV2 and ListObjects: prefixes, delimiters, paging and order."""

from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from helpers import refused

NAMES = [
    "a.txt",
    "b/1.txt",
    "b/2.txt",
    "b/sub/3.txt",
    "b.txt",
    "c d/with space.txt",
    "c+d/plus.txt",
    "e%2Ff.txt",
    "日本/語.txt",
    "z//double.txt",
    "~tilde.txt",
    "\U0001f980.txt",
    "\uff21.txt",
]


def in_byte_order(names):
    return sorted(names, key=lambda name: name.encode())


@pytest.fixture(scope="module")
def tree(s3, bucket, module_prefix):
    """The prefix under which NAMES exist."""
    for name in NAMES:
        s3.put_object(Bucket=bucket, Key=module_prefix + name, Body=name.encode())
    return module_prefix


def keys(answer, tree):
    return [item["Key"].removeprefix(tree) for item in answer.get("Contents", [])]


def folders(answer, tree):
    return [item["Prefix"].removeprefix(tree) for item in answer.get("CommonPrefixes", [])]


@pytest.fixture(params=["list_objects_v2", "list_objects"])
def listing(request, s3, bucket):
    """Both versions of the list operation."""
    call = getattr(s3, request.param)
    return lambda **arguments: call(Bucket=bucket, **arguments)


def test_keys_come_in_the_order_of_their_utf8_bytes_with_size_and_etag(listing, tree):
    answer = listing(Prefix=tree)
    assert keys(answer, tree) == in_byte_order(NAMES)
    assert answer["IsTruncated"] is False
    sizes = {item["Key"].removeprefix(tree): item["Size"] for item in answer["Contents"]}
    assert sizes == {name: len(name.encode()) for name in NAMES}
    assert all(len(item["ETag"]) == 34 and item["StorageClass"] == "STANDARD" for item in answer["Contents"])


def test_a_delimiter_groups_deeper_keys(listing, tree):
    answer = listing(Prefix=tree, Delimiter="/")
    assert keys(answer, tree) == in_byte_order(name for name in NAMES if "/" not in name)
    assert folders(answer, tree) == in_byte_order({name.split("/")[0] + "/" for name in NAMES if "/" in name})


def test_a_prefix_and_delimiter_list_one_level_of_one_folder(listing, tree):
    answer = listing(Prefix=tree + "b/", Delimiter="/")
    assert (keys(answer, tree), folders(answer, tree)) == (["b/1.txt", "b/2.txt"], ["b/sub/"])


def test_a_prefix_need_not_end_at_a_delimiter(listing, tree):
    answer = listing(Prefix=tree + "b", Delimiter="/")
    assert (keys(answer, tree), folders(answer, tree)) == (["b.txt"], ["b/"])


def test_a_delimiter_may_be_any_string(listing, tree):
    answer = listing(Prefix=tree, Delimiter=".t")
    assert folders(answer, tree) == in_byte_order(name.removesuffix("xt") for name in NAMES)


def test_a_prefix_without_keys_lists_nothing(listing, tree):
    answer = listing(Prefix=tree + "nothing/here", Delimiter="/")
    assert (keys(answer, tree), folders(answer, tree), answer["IsTruncated"]) == ([], [], False)


@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("page_size", [1, 2, 5, 13])
def test_pages_of_v2_contain_each_key_exactly_once(s3, bucket, tree, delimiter, page_size):
    whole = s3.list_objects_v2(Bucket=bucket, Prefix=tree, Delimiter=delimiter)
    pages = [*paged(s3, bucket, "list_objects_v2", tree, delimiter, page_size)]
    assert [key for page in pages for key in keys(page, tree)] == keys(whole, tree)
    assert [folder for page in pages for folder in folders(page, tree)] == folders(whole, tree)
    assert all(page["KeyCount"] == len(keys(page, tree)) + len(folders(page, tree)) for page in pages)
    assert all(page["KeyCount"] == page_size for page in pages[:-1])


@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("page_size", [1, 3])
def test_pages_of_v1_contain_each_key_exactly_once(s3, bucket, tree, delimiter, page_size):
    whole = s3.list_objects(Bucket=bucket, Prefix=tree, Delimiter=delimiter)
    pages = [*paged(s3, bucket, "list_objects", tree, delimiter, page_size)]
    assert [key for page in pages for key in keys(page, tree)] == keys(whole, tree)
    assert [folder for page in pages for folder in folders(page, tree)] == folders(whole, tree)


def paged(s3, bucket, operation, tree, delimiter, page_size):
    return s3.get_paginator(operation).paginate(
        Bucket=bucket, Prefix=tree, Delimiter=delimiter, PaginationConfig={"PageSize": page_size}
    )


def test_v1_names_the_next_marker_only_with_a_delimiter(s3, bucket, tree):
    grouped = s3.list_objects(Bucket=bucket, Prefix=tree, Delimiter="/", MaxKeys=2)
    assert grouped["IsTruncated"] and grouped["NextMarker"] == tree + "b.txt"
    plain = s3.list_objects(Bucket=bucket, Prefix=tree, MaxKeys=2)
    assert plain["IsTruncated"] and "NextMarker" not in plain


def test_start_after_and_marker_list_from_the_next_key(s3, bucket, tree):
    expected = [name for name in in_byte_order(NAMES) if name.encode() > b"b/1.txt"]
    assert keys(s3.list_objects_v2(Bucket=bucket, Prefix=tree, StartAfter=tree + "b/1.txt"), tree) == expected
    assert keys(s3.list_objects(Bucket=bucket, Prefix=tree, Marker=tree + "b/1.txt"), tree) == expected


def test_start_after_need_not_exist(s3, bucket, tree):
    answer = s3.list_objects_v2(Bucket=bucket, Prefix=tree, StartAfter=tree + "b/1.txt~", MaxKeys=1)
    assert keys(answer, tree) == ["b/2.txt"]


def test_max_keys_zero_lists_nothing_and_is_not_truncated(listing, tree):
    answer = listing(Prefix=tree, MaxKeys=0)
    assert (keys(answer, tree), answer["IsTruncated"]) == ([], False)


def test_a_made_up_continuation_token_is_refused(s3, bucket, tree):
    with refused("InvalidArgument", 400):
        s3.list_objects_v2(Bucket=bucket, Prefix=tree, ContinuationToken="*not a token*")


@pytest.mark.parametrize("max_keys", ["-1", "a", "1.5", "99999999999999999999"])
def test_an_invalid_max_keys_is_refused(wire, max_keys):
    assert wire.send("GET", wire.bucket_url(f"list-type=2&max-keys={max_keys}")).refusal == ("InvalidArgument", 400)


def test_encoding_type_url_encodes_keys_prefixes_and_delimiter(wire, tree):
    query = f"delimiter=%2F&encoding-type=url&list-type=2&prefix={quote(tree + 'c', safe='')}"
    body = wire.send("GET", wire.bucket_url(query)).body.decode()
    assert "<EncodingType>url</EncodingType>" in body
    assert f"<Prefix>{tree}c%2Bd/</Prefix>" in body
    assert f"<Prefix>{tree}c+d/</Prefix>" in body or f"<Prefix>{tree}c%20d/</Prefix>" in body


def test_an_unknown_encoding_type_is_refused(wire):
    assert wire.send("GET", wire.bucket_url("encoding-type=base64&list-type=2")).refusal == ("InvalidArgument", 400)


def test_a_page_holds_at_most_1000_keys(s3, bucket, prefix):
    names = [f"{prefix}{number:04}" for number in range(1001)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: s3.put_object(Bucket=bucket, Key=name, Body=b""), names))
    page = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=5000)
    assert (page["MaxKeys"], page["KeyCount"], page["IsTruncated"]) == (1000, 1000, True)
    rest = s3.list_objects_v2(Bucket=bucket, Prefix=prefix, ContinuationToken=page["NextContinuationToken"])
    assert [item["Key"] for item in page["Contents"] + rest["Contents"]] == names
    for batch in (names[:1000], names[1000:]):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": name} for name in batch]})
    assert s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["KeyCount"] == 0


@pytest.mark.parametrize(
    "query", ["start-after=a", "continuation-token=a", "fetch-owner=true", "list-type=2&marker=a"]
)
def test_a_parameter_of_the_other_version_is_refused(wire, query):
    assert wire.send("GET", wire.bucket_url(query)).refusal == ("InvalidArgument", 400)


def test_an_empty_position_is_the_beginning(wire, s3, bucket, tree):
    whole = keys(s3.list_objects_v2(Bucket=bucket, Prefix=tree), tree)
    assert keys(s3.list_objects_v2(Bucket=bucket, Prefix=tree, ContinuationToken=""), tree) == whole
    assert keys(s3.list_objects_v2(Bucket=bucket, Prefix=tree, StartAfter=""), tree) == whole
    assert keys(s3.list_objects(Bucket=bucket, Prefix=tree, Marker=""), tree) == whole
    after = s3.list_objects_v2(Bucket=bucket, Prefix=tree, ContinuationToken="", StartAfter=tree + "b/1.txt")
    assert keys(after, tree) == keys(s3.list_objects_v2(Bucket=bucket, Prefix=tree, StartAfter=tree + "b/1.txt"), tree)
    for query in ("uploads&key-marker=&upload-id-marker=", "uploads&upload-id-marker=made-up", "versions&key-marker="):
        assert wire.send("GET", wire.bucket_url(query)).status == 200, query

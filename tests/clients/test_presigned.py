"""Presigned URLs (SigV4 in the query): what they fix, what they refuse, how long they are valid."""

from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

from helpers import Upload, noise, read, refused, sha256
from wire import exchange


@pytest.fixture(scope="module")
def presigner(store):
    """Presigns as servers do: without a checksum in the signature."""
    return store.client(request_checksum_calculation="when_required")


@pytest.fixture
def upload(s3, bucket, key):
    return Upload(s3, bucket, key)


@pytest.fixture
def part_url(presigner, upload):
    """A presigned UploadPart of part 1."""
    return presigner.generate_presigned_url("upload_part", upload.identity | {"PartNumber": 1}, ExpiresIn=600)


@pytest.fixture
def present(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=b"content", ContentType="text/html")
    return {"Bucket": bucket, "Key": key}


@pytest.fixture
def get_url(presigner, present):
    return presigner.generate_presigned_url("get_object", present, ExpiresIn=600)


def test_a_presigned_part_is_put_and_its_etag_completes_the_upload(upload, part_url, s3, bucket, key):
    data = noise(1_000_000)
    answer = exchange("PUT", part_url, body=data)
    assert answer.status == 200, answer.body
    upload.complete([{"PartNumber": 1, "ETag": answer.headers["ETag"]}])
    assert sha256(read(s3, bucket, key)) == sha256(data)


def test_a_presigned_url_may_be_used_again(upload, part_url):
    first, second = (exchange("PUT", part_url, body=data).headers["ETag"] for data in (b"one", b"two!"))
    assert first != second
    assert upload.stored() == {1: (second, 4)}


def test_an_unsigned_content_type_is_accepted(part_url):
    assert exchange("PUT", part_url, {"Content-Type": "application/x-www-form-urlencoded"}, b"x").status == 200


def test_an_unsigned_payload_hash_header_is_accepted(part_url):
    assert exchange("PUT", part_url, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, b"x").status == 200


def test_a_presigned_get_reads_whole_and_in_ranges(get_url):
    assert exchange("GET", get_url).body == b"content"
    answer = exchange("GET", get_url, {"Range": "bytes=1-3"})
    assert (answer.status, answer.body) == (206, b"ont")


def test_response_overrides_replace_the_stored_headers(presigner, present):
    overrides = {
        "ResponseContentType": "application/pdf",
        "ResponseContentDisposition": "attachment; filename=\"r & d.pdf\"; filename*=UTF-8''%C3%A9.pdf",
        "ResponseCacheControl": "no-store",
        "ResponseContentLanguage": "sv",
        "ResponseContentEncoding": "identity",
        "ResponseExpires": datetime(2030, 1, 2, tzinfo=timezone.utc),
    }
    answer = exchange("GET", presigner.generate_presigned_url("get_object", present | overrides))
    assert (answer.status, answer.body) == (200, b"content")
    told = [answer.headers[f"Content-{name}"] for name in ("Type", "Disposition", "Language", "Encoding")]
    assert told == ["application/pdf", overrides["ResponseContentDisposition"], "sv", "identity"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Expires"] == "Wed, 02 Jan 2030 00:00:00 GMT"


def test_an_override_cannot_inject_a_header(presigner, present):
    params = present | {"ResponseContentType": "text/plain\r\nSet-Cookie: a=b"}
    answer = exchange("GET", presigner.generate_presigned_url("get_object", params))
    assert "Set-Cookie" not in answer.headers
    assert answer.status in (200, 400)


def test_stored_html_never_runs_in_the_origin_of_the_app(get_url):
    headers = exchange("GET", get_url).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in headers["Content-Security-Policy"]


def with_query(url, **changes):
    """The URL with query parameters replaced, or removed where None."""
    parts = urlsplit(url)
    query = [(name, changes.get(name, value)) for name, value in parse_qsl(parts.query, keep_blank_values=True)]
    return parts._replace(query=urlencode([pair for pair in query if pair[1] is not None])).geturl()


def flipped(url):
    signature = dict(parse_qsl(urlsplit(url).query))["X-Amz-Signature"]
    return with_query(url, **{"X-Amz-Signature": ("0" if signature[0] != "0" else "1") + signature[1:]})


TAMPERED = {
    "another part": lambda url: with_query(url, partNumber="2"),
    "another upload": lambda url: with_query(url, uploadId="x"),
    "no part: a whole object": lambda url: with_query(url, partNumber=None, uploadId=None),
    "another key": lambda url: url.replace("/object?", "/objec?"),
    "a key above": lambda url: url.replace("/object?", "/../object?"),
    "a longer life": lambda url: with_query(url, **{"X-Amz-Expires": "604800"}),
    "another date": lambda url: with_query(
        url, **{"X-Amz-Date": datetime.now(timezone.utc).strftime("%Y%m%dT000000Z")}
    ),
    "another parameter": lambda url: url + "&acl=",
    "an override nobody signed": lambda url: url + "&response-content-type=text%2Fhtml",
    "a checksum nobody signed": lambda url: url + "&x-amz-checksum-crc32=AAAAAA%3D%3D",
    "signature digit": flipped,
    "unknown signed header": lambda url: with_query(url, **{"X-Amz-SignedHeaders": "host;x-amz-meta-a"}),
}
MALFORMED = {
    "signature too long": lambda url: url + "0",
    "signature cut": lambda url: url[:-2],
    "signature empty": lambda url: with_query(url, **{"X-Amz-Signature": ""}),
    "signature not hex": lambda url: with_query(url, **{"X-Amz-Signature": "é" * 64}),
    "host not signed": lambda url: with_query(url, **{"X-Amz-SignedHeaders": "content-type"}),
    "another algorithm": lambda url: with_query(url, **{"X-Amz-Algorithm": "AWS4-HMAC-SHA1"}),
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED)
def test_a_url_that_was_changed_is_refused_and_stores_nothing(upload, part_url, tamper):
    changed = tamper(part_url)
    assert changed != part_url
    answer = exchange("PUT", changed, body=b"evil")
    assert answer.status == 403, answer.body
    assert upload.stored() == {}


@pytest.mark.parametrize("damage", MALFORMED.values(), ids=MALFORMED)
def test_a_url_with_a_malformed_signature_is_refused_and_stores_nothing(upload, part_url, damage):
    assert exchange("PUT", damage(part_url), body=b"evil").status in (400, 403)
    assert upload.stored() == {}


@pytest.mark.parametrize(
    "parameter", ["partNumber=1", "partNumber=2", "uploadId=x", "X-Amz-Expires=604800", "X-Amz-Date=x"]
)
def test_a_duplicated_query_parameter_is_refused(upload, part_url, parameter):
    for url in (f"{part_url}&{parameter}", part_url.replace("?", f"?{parameter}&")):
        assert exchange("PUT", url, body=b"evil").status in (400, 403)
    assert upload.stored() == {}


@pytest.mark.parametrize(
    "missing", ["X-Amz-Expires", "X-Amz-Date", "X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Algorithm"]
)
def test_a_url_without_one_of_its_parameters_is_refused(upload, part_url, missing):
    answer = exchange("PUT", with_query(part_url, **{missing: None}), body=b"evil")
    assert answer.status in (400, 403), answer.body
    assert upload.stored() == {}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
def test_a_url_for_put_serves_no_other_method(upload, part_url, method):
    exchange("PUT", part_url, body=b"good")
    assert exchange(method, part_url).status == 403
    assert list(upload.stored()) == [1]


def test_a_url_for_get_neither_writes_nor_deletes(get_url, s3, bucket, key):
    for method in ("PUT", "DELETE", "POST"):
        assert exchange(method, get_url, body=b"evil" if method == "PUT" else None).refusal == (
            "SignatureDoesNotMatch",
            403,
        )
    assert read(s3, bucket, key) == b"content"


def test_a_url_binds_the_host(upload, part_url):
    assert exchange("PUT", part_url, {"Host": "evil.example"}, b"evil").refusal == ("SignatureDoesNotMatch", 403)
    assert upload.stored() == {}


@pytest.mark.parametrize(
    "header",
    [
        "x-amz-acl",
        "x-amz-meta-a",
        "x-amz-tagging",
        "x-amz-storage-class",
        "x-amz-checksum-crc32",
        "x-amz-sdk-checksum-algorithm",
        "x-amz-security-token",
        "x-amz-website-redirect-location",
        "x-amz-decoded-content-length",
        "X-AMZ-Made-Up",
    ],
)
def test_an_unsigned_amz_header_is_refused_and_stores_nothing(upload, part_url, header):
    answer = exchange("PUT", part_url, {header: "AAAAAA=="}, b"evil")
    assert answer.refusal == ("AccessDenied", 403)
    assert upload.stored() == {}


@pytest.mark.parametrize("header", ["x-amz-copy-source", "X-Amz-Copy-Source", "x-amz-copy-source-range"])
def test_a_copy_source_on_an_upload_url_never_reads_an_object(s3, bucket, upload, part_url, prefix, header):
    s3.put_object(Bucket=bucket, Key=prefix + "secret", Body=b"secret")
    headers = {"x-amz-copy-source": f"/{bucket}/{prefix}secret", header: f"/{bucket}/{prefix}secret"}
    answer = exchange("PUT", part_url, headers)
    assert answer.refusal in [("AccessDenied", 403), ("NotImplemented", 501)]
    assert upload.stored() == {}


def test_signed_metadata_must_be_sent_as_signed(presigner, s3, bucket, key):
    params = {"Bucket": bucket, "Key": key, "Metadata": {"a": "1"}}
    url = presigner.generate_presigned_url("put_object", params)
    for headers in ({}, {"x-amz-meta-a": "2"}):
        assert exchange("PUT", url, headers, b"evil").status == 403
    assert exchange("PUT", url, {"x-amz-meta-a": "1"}, b"good").status == 200
    assert s3.head_object(Bucket=bucket, Key=key)["Metadata"] == {"a": "1"}


def test_a_signed_content_length_fixes_the_size(presigner, upload):
    params = upload.identity | {"PartNumber": 1, "ContentLength": 4}
    url = presigner.generate_presigned_url("upload_part", params)
    assert "content-length" in url
    assert exchange("PUT", url, body=b"longer").refusal == ("SignatureDoesNotMatch", 403)
    assert exchange("PUT", url, body=b"good").status == 200
    assert upload.stored()[1][1] == 4


EMPTY_SHA256_BASE64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def test_a_signed_checksum_header_is_verified(presigner, upload):
    params = upload.identity | {"PartNumber": 1, "ChecksumSHA256": EMPTY_SHA256_BASE64}
    url = presigner.generate_presigned_url("upload_part", params)
    assert "x-amz-checksum-sha256" in dict(parse_qsl(urlsplit(url).query))["X-Amz-SignedHeaders"]
    header = {"x-amz-checksum-sha256": EMPTY_SHA256_BASE64}
    assert exchange("PUT", url, header, b"not empty").refusal == ("BadDigest", 400)
    assert upload.stored() == {}
    assert exchange("PUT", url, header, b"").status == 200


def test_a_checksum_signed_into_the_query_is_verified(wire, upload, key):
    query = f"partNumber=1&uploadId={upload.id}&x-amz-checksum-sha256={quote(EMPTY_SHA256_BASE64, safe='')}"
    url = wire.presign("PUT", wire.url(key, query), life_secs=600)
    assert exchange("PUT", url, body=b"not empty").refusal == ("BadDigest", 400)
    assert upload.stored() == {}
    assert exchange("PUT", url, body=b"").status == 200


@pytest.fixture
def url_signed_at(signers_clock, wire, upload, key):
    """A part URL that was signed at another time, for a given number of seconds."""

    def sign(offset, life_secs):
        signers_clock(offset)
        url = wire.presign("PUT", wire.url(key, f"partNumber=1&uploadId={upload.id}"), life_secs)
        signers_clock(timedelta(0))
        return url

    return sign


def test_an_expired_url_is_access_denied(upload, url_signed_at):
    answer = exchange("PUT", url_signed_at(timedelta(seconds=-61), 60), body=b"evil")
    assert answer.refusal == ("AccessDenied", 403)
    assert b"expired" in answer.body
    assert upload.stored() == {}


def test_an_old_url_is_valid_for_its_whole_life(url_signed_at):
    assert exchange("PUT", url_signed_at(timedelta(days=-6, hours=-23), 604800), body=b"x").status == 200


def test_a_url_from_the_future_is_refused_beyond_the_allowed_skew(upload, url_signed_at):
    assert exchange("PUT", url_signed_at(timedelta(minutes=20), 600), body=b"evil").refusal == ("AccessDenied", 403)
    assert upload.stored() == {}
    assert exchange("PUT", url_signed_at(timedelta(minutes=10), 600), body=b"x").status == 200


@pytest.mark.parametrize("life_secs", [604801, 0, -1, 10**12])
def test_a_life_outside_the_limits_is_refused(upload, url_signed_at, life_secs):
    answer = exchange("PUT", url_signed_at(timedelta(0), life_secs), body=b"evil")
    assert answer.status in (400, 403), answer.body
    assert upload.stored() == {}


def test_signature_version_2_is_refused(store, upload, present):
    old = store.client(signature_version="s3")
    for url in (
        old.generate_presigned_url("get_object", present),
        old.generate_presigned_url("upload_part", upload.identity | {"PartNumber": 1}),
    ):
        method = "PUT" if "partNumber" in url else "GET"
        assert exchange(method, url, body=b"x" if method == "PUT" else None).status in (400, 403)
    with pytest.raises(old.exceptions.ClientError) as caught:
        old.get_object(**present)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)


def test_a_query_signature_together_with_a_header_signature_is_refused(wire, get_url, key):
    headers, _, _ = wire.sign("GET", wire.url(key))
    assert exchange("GET", get_url, headers).status in (400, 403)


def test_a_put_to_an_aborted_upload_is_no_such_upload(upload, part_url):
    upload.abort()
    assert exchange("PUT", part_url, body=b"late").refusal == ("NoSuchUpload", 404)


def test_a_put_to_a_completed_upload_leaves_the_object_as_it_was(s3, bucket, key, upload, part_url):
    upload.put(1, b"good")
    upload.complete()
    assert exchange("PUT", part_url, body=b"late").refusal == ("NoSuchUpload", 404)
    assert read(s3, bucket, key) == b"good"


@pytest.mark.parametrize("name", ["with space & plus+.txt", "日本/語%41.txt", "a//b/../c", "~!*'();:@"])
def test_a_presigned_url_of_an_unusual_name_works(presigner, s3, bucket, prefix, name):
    where = {"Bucket": bucket, "Key": prefix + name}
    assert exchange("PUT", presigner.generate_presigned_url("put_object", where), body=b"x").status == 200
    assert exchange("GET", presigner.generate_presigned_url("get_object", where)).body == b"x"
    assert read(s3, bucket, prefix + name) == b"x"
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=prefix + name + "-absent")

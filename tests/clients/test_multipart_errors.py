"""All errors of multipart uploads; an error leaves the upload usable."""

import pytest

from helpers import KIB, MIN_PART_BYTES, Upload, noise, read, refused, sha256


@pytest.fixture
def upload(s3, bucket, key):
    """An open upload with one good part."""
    upload = Upload(s3, bucket, key)
    upload.put(1, b"good")
    return upload


def still_completes(upload):
    upload.complete([{"PartNumber": 1, "ETag": upload.parts[1]}])
    return read(upload.s3, upload.where["Bucket"], upload.where["Key"]) == b"good"


def every_call(s3, identity):
    """All operations that take an upload id."""
    parts = {"Parts": [{"PartNumber": 1, "ETag": '"00000000000000000000000000000000"'}]}
    return {
        "UploadPart": lambda: s3.upload_part(**identity, PartNumber=1, Body=b"x"),
        "ListParts": lambda: s3.list_parts(**identity),
        "Complete": lambda: s3.complete_multipart_upload(**identity, MultipartUpload=parts),
        "Abort": lambda: s3.abort_multipart_upload(**identity),
    }


OPERATIONS = ["UploadPart", "ListParts", "Complete", "Abort"]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "upload_id", ["f47ac10b58cc4372a5670e02b2c3d479", "x", "../../etc/passwd", "a" * 1000, "'; drop table upload"]
)
def test_an_unknown_upload_id_is_no_such_upload(s3, bucket, key, operation, upload_id):
    with refused("NoSuchUpload", 404):
        every_call(s3, {"Bucket": bucket, "Key": key, "UploadId": upload_id})[operation]()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_upload_id_with_another_key_is_no_such_upload(s3, upload, operation):
    with refused("NoSuchUpload", 404):
        every_call(s3, upload.identity | {"Key": upload.where["Key"] + "-other"})[operation]()
    assert still_completes(upload)


@pytest.mark.parametrize("operation", ["UploadPart", "ListParts", "Complete"])
def test_an_aborted_upload_is_gone(s3, bucket, key, upload, operation):
    upload.abort()
    with refused("NoSuchUpload", 404):
        every_call(s3, upload.identity)[operation]()
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=key)


@pytest.mark.parametrize("operation", ["UploadPart", "ListParts"])
def test_a_completed_upload_accepts_nothing_more(s3, bucket, key, upload, operation):
    upload.complete()
    with refused("NoSuchUpload", 404):
        every_call(s3, upload.identity)[operation]()
    assert read(s3, bucket, key) == b"good"


def test_aborting_a_completed_upload_never_harms_the_object(s3, bucket, key, upload):
    upload.complete()
    with refused("NoSuchUpload", 404):
        upload.abort()
    assert read(s3, bucket, key) == b"good"


def test_a_listed_part_that_was_never_put_is_invalid_part(upload):
    with refused("InvalidPart", 400):
        upload.complete([*upload.listed(), {"PartNumber": 2, "ETag": upload.parts[1]}])
    assert still_completes(upload)


@pytest.mark.parametrize("etag", ['"00000000000000000000000000000000"', "x", '""', '"*"', "*"])
def test_a_wrong_etag_is_invalid_part(upload, etag):
    with refused("InvalidPart", 400):
        upload.complete([{"PartNumber": 1, "ETag": etag}])
    assert still_completes(upload)


def test_the_etag_of_an_overwritten_part_is_invalid_part(s3, bucket, key, upload):
    stale = upload.parts[1]
    upload.put(1, b"newer")
    with refused("InvalidPart", 400):
        upload.complete([{"PartNumber": 1, "ETag": stale}])
    upload.complete()
    assert read(s3, bucket, key) == b"newer"


@pytest.mark.parametrize("order", [(2, 1), (1, 1), (1, 2, 2), (1, 3, 2)])
def test_a_list_not_in_ascending_order_is_invalid_part_order(upload, order):
    for number in (2, 3):
        upload.put(number, b"good")
    with refused("InvalidPartOrder", 400):
        upload.complete([{"PartNumber": number, "ETag": upload.parts[number]} for number in order])
    assert still_completes(upload)


@pytest.mark.parametrize("size_bytes", [0, 1, MIN_PART_BYTES - 1])
def test_a_small_part_before_the_last_is_entity_too_small(s3, bucket, key, size_bytes):
    upload, small = Upload(s3, bucket, key), noise(size_bytes)
    upload.put(1, small)
    upload.put(2, b"last")
    with refused("EntityTooSmall", 400):
        upload.complete()
    upload.complete(upload.listed()[:1])
    assert sha256(read(s3, bucket, key)) == sha256(small)


@pytest.mark.parametrize("number", [-1, 0, 10001, 2**31, 2**63])
def test_a_part_number_outside_the_limits_is_invalid_argument(s3, upload, number):
    with refused("InvalidArgument", 400):
        s3.upload_part(**upload.identity, PartNumber=number, Body=b"x")
    assert upload.stored() == {1: (upload.parts[1], 4)}


@pytest.mark.parametrize("number", ["", "1.5", "one", "1x", "%2B1", "1e1", "%201"])
def test_a_part_number_that_is_not_a_number_is_invalid_argument(wire, upload, number):
    url = wire.url(upload.where["Key"], f"partNumber={number}&uploadId={upload.id}")
    assert wire.send("PUT", url, body=b"x").refusal == ("InvalidArgument", 400)
    assert still_completes(upload)


def test_a_part_over_5_gib_is_refused_before_its_body_is_sent(wire, upload):
    url = wire.url(upload.where["Key"], f"partNumber=1&uploadId={upload.id}")
    headers = {"Content-Length": str(5 * KIB**3 + 1), "Expect": "100-continue"}
    assert wire.send_exactly("PUT", url, headers).refusal == ("EntityTooLarge", 400)
    assert still_completes(upload)


def test_an_object_size_that_differs_is_invalid_request(upload):
    with refused("InvalidRequest", 400):
        upload.complete(MpuObjectSize=5)
    assert still_completes(upload)


def complete_raw(wire, upload, body):
    return wire.send("POST", wire.url(upload.where["Key"], f"uploadId={upload.id}"), body=body)


ETAG = "{etag}"
NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
PART = "<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>"
MALFORMED = {
    "no body": "",
    "no xml": "not xml",
    "json": '{"Parts": []}',
    "no parts": "<CompleteMultipartUpload></CompleteMultipartUpload>",
    "empty element": f"<CompleteMultipartUpload {NAMESPACE}/>",
    "another root": f"<Delete>{PART}</Delete>",
    "cut short": f"<CompleteMultipartUpload>{PART}",
    "no etag": "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
    "no number": "<CompleteMultipartUpload><Part><ETag>{etag}</ETag></Part></CompleteMultipartUpload>",
    "number is a word": f"<CompleteMultipartUpload>{PART.replace('>1<', '>one<')}</CompleteMultipartUpload>",
    "mismatched tags": f"<CompleteMultipartUpload>{PART}</CompleteMultipartUpld>",
}
BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{entities}]>
<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&j;</ETag></Part></CompleteMultipartUpload>""".format(
    entities="".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefghi", "bcdefghij"))
)
FILE_READER = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>
<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>&f;</ETag></Part></CompleteMultipartUpload>"""


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_list_that_breaks_the_schema_is_malformed_xml(wire, upload, body):
    body = body.replace(ETAG, upload.parts[1].replace('"', "&quot;"))
    assert complete_raw(wire, upload, body.encode()).refusal == ("MalformedXML", 400)
    assert still_completes(upload)


@pytest.mark.parametrize("body", [BOMB, FILE_READER], ids=["entity bomb", "external entity"])
def test_a_document_type_is_never_expanded(wire, upload, body):
    assert complete_raw(wire, upload, body.encode()).status == 400
    assert still_completes(upload)


@pytest.mark.parametrize(
    "body",
    [b"<a>" * 100_000, b"<CompleteMultipartUpload>" + PART.encode() * 10_001 + b"</CompleteMultipartUpload>"],
    ids=["100,000 deep", "10,001 parts"],
)
def test_a_list_over_the_limits_is_refused(wire, upload, body):
    assert complete_raw(wire, upload, body).status == 400
    assert still_completes(upload)


@pytest.mark.parametrize(
    "body",
    [
        f"<CompleteMultipartUpload {NAMESPACE}>{PART}</CompleteMultipartUpload>",
        f'<?xml version="1.0" encoding="UTF-8"?>\n<CompleteMultipartUpload>\n  {PART}\n</CompleteMultipartUpload>\n',
        "<CompleteMultipartUpload><Part><ETag>{etag}</ETag><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>",
    ],
    ids=["namespace", "indented", "etag first"],
)
def test_every_spelling_of_the_same_list_is_understood(wire, upload, s3, bucket, key, body):
    body = body.replace(ETAG, upload.parts[1].replace('"', "&quot;"))
    answer = complete_raw(wire, upload, body.encode())
    assert (answer.status, b"<Error>" in answer.body) == (200, False), answer.body
    assert read(s3, bucket, key) == b"good"


def test_uploads_need_an_existing_bucket(s3, bucket, key):
    missing = {"Bucket": f"{bucket}-absent", "Key": key}
    with refused("NoSuchBucket", 404):
        s3.create_multipart_upload(**missing)
    with refused("NoSuchBucket", 404):
        s3.put_object(**missing, Body=b"x")

"""Form uploads: the form of a page may store only what its signed policy allows."""

import base64
import hmac
import json
import uuid

import pytest
import requests

from helpers import MIB, noise, read, refused


def form(store, bucket, key, version="s3v4", conditions=(), **fields):
    """URL and fields of a form, as a server creates them for its page."""
    signer = store.client(signature_version=version)
    post = signer.generate_presigned_post(
        bucket, key, Fields=fields, Conditions=[{name: value} for name, value in fields.items()] + list(conditions)
    )
    return post["url"], post["fields"]


def send(url, fields, content, name="file.txt"):
    return requests.post(url, data=fields, files={"file": (name, content)}, allow_redirects=False, timeout=60)


@pytest.mark.parametrize("version", ["s3v4", "s3"])
@pytest.mark.parametrize("size", [0, 5, 3 * MIB])
def test_a_form_stores_its_file_with_either_signature(store, s3, bucket, prefix, version, size):
    content = noise(size)
    url, fields = form(store, bucket, prefix + "${filename}", version, **{"Content-Type": "text/x", "x-amz-meta-a": "1"})
    answer = send(url, fields, content)
    assert (answer.status_code, answer.content) == (204, b"")
    head = s3.head_object(Bucket=bucket, Key=prefix + "file.txt")
    assert (head["ContentType"], head["Metadata"], head["ETag"]) == ("text/x", {"a": "1"}, answer.headers["ETag"])
    assert read(s3, bucket, prefix + "file.txt") == content


def test_the_form_chooses_the_answer_to_a_success(store, bucket, key):
    url, fields = form(store, bucket, key, success_action_status="201")
    answer = send(url, fields, b"x")
    assert answer.status_code == 201 and f"<Key>{key}</Key>" in answer.text
    assert f"<Location>{url.rstrip('/')}/{key}</Location>" in answer.text
    assert answer.headers["Location"] == f"{url.rstrip('/')}/{key}"
    plain = send(*form(store, bucket, key), b"x")
    assert (plain.status_code, plain.headers["Location"]) == (204, answer.headers["Location"])
    url, fields = form(store, bucket, key, success_action_redirect="https://page.example/done?x=1")
    answer = send(url, fields, b"x")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(f"https://page.example/done?x=1&bucket={bucket}&key=")


def changed(fields, **changes):
    return {name: value for name, value in (fields | changes).items() if value is not None}


def test_fields_that_the_policy_does_not_mention_are_refused(store, s3, bucket, key):
    url, fields = form(store, bucket, key, conditions=[["content-length-range", 2, 4]])
    policy = json.loads(base64.b64decode(fields["policy"]))
    forged = base64.b64encode(json.dumps(policy | {"conditions": policy["conditions"][1:]}).encode()).decode()
    bad = {
        "another key": (changed(fields, key=key + "x"), b"123", 403),
        "a field the policy does not have": (changed(fields, **{"x-amz-meta-a": "1"}), b"123", 403),
        "a right for everybody": (changed(fields, acl="public-read"), b"123", 403),
        "another policy": (changed(fields, policy=forged), b"123", 403),
        "no signature": (changed(fields, **{"x-amz-signature": None}), b"123", 400),
        "no policy": (changed(fields, policy=None), b"123", 403),
        "no key": (changed(fields, key=None), b"123", 400),
        "too small": (fields, b"1", 400),
        "too big": (fields, b"12345", 400),
    }
    for why, (sent, content, status) in bad.items():
        assert send(url, sent, content).status_code == status, why
        with refused("NoSuchKey", 404):
            s3.get_object(Bucket=bucket, Key=key)
    assert send(url, fields, b"123").status_code == 204


@pytest.mark.parametrize("expires", ["2100-01-01 00:00:00+00:00", "2100-01-01T00:00:00", "soon"])
def test_a_policy_whose_expiration_has_another_format_is_refused(store, s3, bucket, key, expires):
    conditions = [{"bucket": bucket}, {"key": key}]
    policy = base64.b64encode(json.dumps({"expiration": expires, "conditions": conditions}).encode()).decode()
    signature = base64.b64encode(hmac.digest(store.secret_key.encode(), policy.encode(), "sha1")).decode()
    fields = {"key": key, "AWSAccessKeyId": store.access_key, "policy": policy, "signature": signature}
    assert send(f"{store.endpoint}/{bucket}", fields, b"x").status_code == 400
    with refused("NoSuchKey", 404):
        s3.get_object(Bucket=bucket, Key=key)


def test_a_form_for_one_bucket_is_refused_in_another_even_if_its_fields_differ(store, s3, bucket, key):
    other = "other-" + uuid.uuid4().hex[:12]
    s3.create_bucket(Bucket=other)
    url, fields = form(store, bucket, key)
    for sent in (fields, changed(fields, bucket=bucket)):
        assert send(f"{store.endpoint}/{other}", sent, b"123").status_code == 403
    s3.delete_bucket(Bucket=other)


def test_a_malformed_or_truncated_form_stores_nothing(store, s3, bucket, key):
    url, fields = form(store, bucket, key)
    request = requests.Request("POST", url, data=fields, files={"file": ("f", noise(MIB))}).prepare()
    for body in (request.body[:-20], request.body[: len(request.body) // 2], b"", b"x" * 200_000):
        answer = requests.post(url, data=body, headers={"Content-Type": request.headers["Content-Type"]}, timeout=60)
        assert answer.status_code == 400, answer.text
        with refused("NoSuchKey", 404):
            s3.get_object(Bucket=bucket, Key=key)


def test_a_form_with_endless_fields_is_refused_before_it_is_read(store, bucket):
    head = b'--b\r\nContent-Disposition: form-data; name="key"\r\nX-Long: '
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = requests.post(f"{store.endpoint}/{bucket}", data=head + b"x" * 4 * MIB, headers=headers, timeout=60)
    assert answer.status_code == 400 and "too long" in answer.text


@pytest.mark.parametrize(
    ("kind", "status"), [("text/plain", 204), ("text/plain, text/html", 204), ("text/plain, image/x", 403), ("x", 403)]
)
def test_each_listed_content_type_must_begin_as_the_policy_says(store, bucket, key, kind, status):
    url, fields = form(store, bucket, key, conditions=[["starts-with", "$Content-Type", "text/"]])
    assert send(url, fields | {"Content-Type": kind}, b"x").status_code == status


def test_a_post_to_a_bucket_that_is_no_form_is_a_failed_precondition(wire):
    answer = wire.send("POST", wire.bucket_url(), {"Content-Type": "application/json"}, b"{}")
    assert answer.refusal == ("PreconditionFailed", 412)


def test_a_post_to_a_key_without_an_operation_is_not_allowed(wire, key):
    answer = wire.send("POST", wire.url(key))
    assert answer.refusal == ("MethodNotAllowed", 405) and "PUT" in answer.headers["Allow"]

"""What needs no server: names, checksums, JSON, the retry policy, errors."""

import asyncio
import dataclasses
import json
import pickle
import random
from datetime import datetime, UTC

import httpx
import pytest

from dray import _crc64, _retry, errors, models
from dray._http import Http, retry_after_of
from dray._operations import GET_ITEM, SEARCH
from dray._pages import Pages
from dray._parts import cut
from dray._store import Address, _code_and_message
from dray._text import numbered, printable, safe_name
from dray._wire import UNSET, Mismatch, decode, encode

MIB = 1 << 20


def test_the_checksum_is_that_of_the_nvm_command_set():
    assert _crc64.update_in_python(b"123456789") == _crc64.update(b"123456789") == 0xAE8B14860A799888
    assert _crc64.to_base64(0xAE8B14860A799888) == "rosUhgp5mIg="


def test_the_checksum_in_python_is_that_of_the_library():
    assert _crc64.is_fast(), "the tests' environment has awscrt"
    chance = random.Random(1)
    for size in [0, 1, 7, 8, 9, 63, 64, 1000, 4097]:
        data, before = chance.randbytes(size), chance.getrandbits(64)
        assert _crc64.update_in_python(data, before) == _crc64.update(data, before)


def test_checksums_of_parts_make_that_of_the_whole():
    chance = random.Random(2)
    for first, second in [(0, 0), (0, 5), (5, 0), (1, 1), (1000, 1), (3, 70_000)]:
        a, b = chance.randbytes(first), chance.randbytes(second)
        assert _crc64.combined(_crc64.update(a), _crc64.update(b), second) == _crc64.update(a + b)


@pytest.mark.parametrize("name", ["report.pdf", "été 2026.txt", ".hidden", "a..b", "-rf", "データ"])
def test_ordinary_names_stay_as_they_are(name):
    assert safe_name(name, windows=False) == name


def test_a_name_never_leaves_its_folder():
    assert safe_name("../../etc/passwd", windows=False) == ".._.._etc_passwd"
    assert safe_name("a\\b\0c\nd", windows=False) == "a_b_c_d"
    assert safe_name("a\u202efdp.exe", windows=False) == "a_fdp.exe"
    assert safe_name("a\udcffb", windows=False) == "a_b"
    for name in ["", ".", "..", " \u200b", "\u3164", "\u2800"]:
        assert safe_name(name, windows=False) == "download"


def test_a_long_name_keeps_its_extension():
    name = safe_name("é" * 200 + ".tar", windows=False)
    assert len(name.encode()) == 254 and name.endswith("é.tar")
    assert len(numbered(name, 12).encode()) <= 255


def test_names_that_windows_keeps_for_itself_are_changed():
    assert safe_name("con.txt", windows=True) == "_con.txt"
    assert safe_name("a:b?.txt. ", windows=True) == "a_b_.txt"


def test_what_steers_a_terminal_is_escaped():
    assert printable("a\x1b[31mb\nc\u202e") == "a\\x1b[31mb\\nc\\u202e"
    assert printable("été データ") == "été データ"
    assert "\x1b" not in str(errors.DrayError("bad \x1b[2J", code="x\x1b"))


def test_parts_follow_each_other_and_cover_the_file():
    for size in [0, 1, 16 * MIB, 16 * MIB + 1, 100 * MIB]:
        spans = cut(size, 16 * MIB)
        assert [span.start for span in spans[1:]] == [span.end for span in spans[:-1]]
        assert (spans[0].start, spans[-1].end) == (0, size)
    assert cut(10_001, 1) is None and cut(10, 0) is None


def test_answers_become_models_whatever_else_they_have():
    kept = {"id": "1", "name": "a", "email": "b", "role": "viewer", "userId": "2", "future": [1]}
    person = decode(models.Participant, kept)
    assert (person.user_id, person.inherited_from) == ("2", None)
    page = decode(models.ItemPage, {"items": [], "nextCursor": None})
    assert page.next_cursor is None


@pytest.mark.parametrize("value", [None, [], {}, {"items": 5, "nextCursor": None}, {"items": [{}], "nextCursor": None}])
def test_answers_of_another_shape_are_refused(value):
    with pytest.raises(Mismatch):
        decode(models.ItemPage, value)


def test_requests_leave_out_what_was_not_given():
    at = datetime(2026, 1, 2, tzinfo=UTC)
    assert encode({"a": None, "b": UNSET, "at": at}) == {"a": None, "at": "2026-01-02T00:00:00Z"}
    assert encode([models.UploadedPart(part_number=1, e_tag="x")]) == [{"partNumber": 1, "eTag": "x"}]


def test_a_free_json_object_stays_as_it_is():
    @dataclasses.dataclass
    class Thing:
        meta_data: dict[str, object] | None = None

    assert decode(Thing, {"metaData": {"aB": [1, {"c": None}]}}).meta_data == {"aB": [1, {"c": None}]}
    assert encode(Thing({"aB": None})) == {"metaData": {"aB": None}}
    with pytest.raises(Mismatch):
        decode(Thing, {"metaData": [1]})


def test_a_list_that_leads_in_a_circle_ends():
    for length in range(1, 30):
        pages, turned = Pages(), 0
        with pytest.raises(errors.NotDrayError):
            while turned < 4 * length + 4:
                pages.turn(str(turned % length))
                turned += 1


FINAL, PASSING, AWAY, UNDER_WAY = _retry.Verdict


@pytest.mark.parametrize(
    ("error", "safe", "makes_another"),
    [
        (errors.NetworkError("", never_sent=True), AWAY, AWAY),
        (errors.NetworkError(""), AWAY, FINAL),
        (errors.NetworkError("", is_final=True), FINAL, FINAL),
        (errors.RateLimitedError("", status=429), AWAY, AWAY),
        (errors.ServerError("", status=503, code="busy"), AWAY, FINAL),
        (errors.NotDrayError("", status=502), AWAY, FINAL),
        (errors.NotDrayError("", status=200), FINAL, FINAL),
        (errors.ServerError("", status=500), PASSING, FINAL),
        (errors.ConflictError("", status=409, code="name_taken"), FINAL, FINAL),
        (errors.ConflictError("", status=409, code="finalize_in_progress"), UNDER_WAY, UNDER_WAY),
        (errors.ConflictError("", status=409, code="too_many_uploads"), AWAY, AWAY),
        (errors.NoSpaceError("", status=507), FINAL, FINAL),
        (errors.StoreError("", status=503, code="SlowDown"), PASSING, PASSING),
        (errors.StoreError("", status=400, code="BadDigest"), PASSING, PASSING),
        (errors.StoreError("", status=404, code="NoSuchUpload"), FINAL, FINAL),
        (errors.StoreError("", status=507), FINAL, FINAL),
    ],
)
def test_what_is_tried_again(error, safe, makes_another):
    assert _retry.judge(error) is safe
    assert _retry.judge(error, repeatable=False) is makes_another


def test_pauses_grow_and_differ(monkeypatch):
    monkeypatch.undo()
    spans = [[_retry.pause(tries) for _ in range(200)] for tries in (1, 2, 6, 30)]
    assert [round(max(span), 1) <= longest for span, longest in zip(spans, (0.25, 0.5, 8, 8))] == [True] * 4
    assert all(len(set(span)) > 100 and min(span) >= max(span) / 2.1 for span in spans)


def test_a_retry_after_that_is_too_long_is_reported():
    patience = _retry.Patience(120)
    wait = lambda secs: patience.wait(errors.RateLimitedError("", status=429, retry_after=secs), AWAY, 1, 0.0)
    assert wait(100) == 100 and wait(121) is None
    assert _retry.Patience().wait(errors.RateLimitedError("", status=429, retry_after=61), AWAY, 1, 0.0) is None


def test_the_life_of_an_address_is_read():
    assert Address("http://h/k?X-Amz-Expires=3600&X-Amz-Signature=1").life_secs == 3600
    assert Address("http://h/k").life_secs == float("inf")


def test_an_error_document_of_s3_is_read_and_a_bomb_is_not():
    assert _code_and_message(b"<Error><Code>ExpiredToken</Code><Message>Old.</Message></Error>") == (
        "ExpiredToken",
        "Old",
    )
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><Error><Code>&a;</Code></Error>'
    assert _code_and_message(bomb) == _code_and_message(b"<html>") == ("", "")


def test_errors_are_one_tree_and_can_be_sent_to_another_process():
    error = errors.RateLimitedError("Wait.", status=429, code="rate_limited", request_id="r1", retry_after=3)
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, errors.DrayError) and isinstance(again, errors.ApiError)
    assert (again.status, again.code, again.message, again.request_id) == (429, "rate_limited", "Wait.", "r1")
    assert str(again) == "Wait. (rate_limited, request r1)"


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("http://h:1", "http://h:1/public/v1/drive/files/a%2Fb%3Fc"),
        ("http://h:1/", "http://h:1/public/v1/drive/files/a%2Fb%3Fc"),
        ("https://h/drive/", "https://h/drive/public/v1/drive/files/a%2Fb%3Fc"),
    ],
)
def test_a_path_before_the_apis_own_is_kept_and_an_id_is_one_segment(base, address):
    http = Http(base, "cp_pat_a")
    assert http._address(GET_ITEM, {"id": "a/b?c"}, {}) == address
    asyncio.run(http.client.aclose())


def test_queries_leave_out_what_was_not_given():
    http = Http("http://h", "cp_pat_a")
    query = {"q": "a b&c", "limit": None, "flag": True, "types": ["x", "y"]}
    assert http._address(SEARCH, {}, query).partition("?")[2] == "q=a+b%26c&flag=true&types=x&types=y"
    asyncio.run(http.client.aclose())


def test_a_transfer_waits_for_what_a_slow_line_may_still_carry():
    http = Http("http://h", "cp_pat_a", parallel=4)
    secs = [http.put_timeout(size).read for size in (0, 1 << 20, 16 << 20)]
    assert secs == [120, 120 + 4 * 64, 120 + 4 * 64]
    sent = Address("http://h/k").request(http, "PUT", {}, b"x" * 100, 1 << 20)
    assert sent.extensions["timeout"] == {"connect": 10, "read": 376, "write": 376, "pool": None}
    asyncio.run(http.client.aclose())


@pytest.mark.parametrize(
    ("header", "secs"),
    [
        ("20", 20),
        ("9" * 5000, float("inf")),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 -2359", "far"),
        ("Fri, 31 Dec 9999 23:59:59 GMT", "far"),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0),
        ("Sun, 06 Nov 99999999999 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 +999999999999", None),
        ("soon", None),
        ("1e9", None),
        ("-1", None),
        ("", None),
    ],
)
def test_any_retry_after_is_a_number_of_seconds_or_nothing(header, secs):
    found = retry_after_of(httpx.Response(503, headers={"Retry-After": header}))
    assert found > 2e11 if secs == "far" else found == secs


@pytest.mark.parametrize(
    ("body", "secs"),
    [("7", 7), ("1.5", 1.5), ("-3", 0), ("NaN", None), ("1e400", 1e9), ("1" * 400, 1e9), ("true", 20), ('"7"', 20)],
)
def test_any_wait_in_an_error_is_a_number_of_seconds_or_nothing(body, secs):
    http = Http("http://h", "cp_pat_a")
    said = json.loads('{"message": "No.", "code": "busy", "retryAfter": %s}' % body)
    answer = httpx.Response(503, headers={"Retry-After": "20"})
    assert http._refusal(answer, said).retry_after == secs
    assert http._refusal(answer, {}).retry_after == 20, "what is not Dray's has only the header"
    asyncio.run(http.client.aclose())

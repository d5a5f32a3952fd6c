"""A server that saves a file and does not say so: the file is neither sent again nor reported as failed."""

import json

import pytest

import dray
from dray import Dray
from proxy import LOSE, PASS, REFUSE, Answer, Instead, Proxy
from test_faults import first, is_call


def refusal(status, code):
    said = {"statusCode": status, "error": "x", "code": code, "message": "No.", "retryAfter": 0}
    return Answer(status, json.dumps(said).encode(), (("Content-Type", "application/json"),))


BUSY = Instead(refusal(503, "store_unreachable"))
PENDING = Instead(refusal(503, "finalize_pending"))


@pytest.fixture(autouse=True)
def few_tries(monkeypatch):
    monkeypatch.setattr("dray._retry.TRIES", 3)
    monkeypatch.setattr("dray._retry.UNDER_WAY_SECS", 0)


def chosen(*choices):
    """One chooser that asks several, until one does not let the request pass."""
    return lambda seen: next((choice for each in choices if (choice := each(seen)) != PASS), PASS)


@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("answer", [LOSE, BUSY, PENDING], ids=["nothing", "busy", "pending"])
def test_a_saved_file_whose_finalize_has_no_answer_is_returned(server, token, folder, answer, resume):
    # More failures than one finalize is repeated.
    with Proxy(server.port, first(5, answer, is_call("finalize"))) as proxy:
        with Dray(proxy.url, token, patience=0) as client:
            item = client.upload(b"x", name="a", parent_id=folder, resume=resume)
        assert proxy.count(is_call("start")) == 1
    with Dray(server.url, token) as client:
        assert [each.id for each in client.iter_children(folder)] == [item.id]


@pytest.mark.parametrize("abort", [(409, "finalize_in_progress"), (503, "finalize_pending")])
def test_an_upload_that_is_being_finalized_is_waited_for(server, token, folder, abort):
    choose = chosen(first(7, BUSY, is_call("finalize")), first(2, refusal(*abort), is_call("abort")))
    with Proxy(server.port, choose) as proxy, Dray(proxy.url, token, patience=0) as client:
        item = client.upload(b"x", name="a", parent_id=folder)
        assert [each.id for each in client.iter_children(folder)] == [item.id]
        assert proxy.count(is_call("abort")) == 2, "an abort that is refused for this reason is not repeated"


def test_a_file_that_the_server_never_confirms_is_reported_as_possibly_saved(server, token, folder):
    with Proxy(server.port, first(1000, BUSY, is_call("finalize"))) as proxy:
        with Dray(proxy.url, token, patience=0) as client, pytest.raises(dray.MaybeSavedError) as failed:
            client.upload(b"x", name="a", parent_id=folder)
        assert "before you upload it again" in str(failed.value) and proxy.count(is_call("start")) == 1


def test_an_abort_without_an_answer_is_no_reason_to_send_a_file_again(server, token, folder):
    choose = chosen(first(3, BUSY, is_call("finalize")), first(1000, REFUSE, is_call("abort")))
    with Proxy(server.port, choose) as proxy, Dray(proxy.url, token, patience=0) as client:
        with pytest.raises(dray.ServerError) as failed:
            client.upload(b"x", name="a", parent_id=folder)
        assert "until that expires" in failed.value.__notes__[0] and proxy.count(is_call("start")) == 1

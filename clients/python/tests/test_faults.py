"""Networks and servers that fail: answers that are lost, lines that break, servers that are killed, addresses that expire."""

import asyncio
import contextlib
import random
import socket
import threading

import pytest

import dray
from dray import AsyncDray, Dray
from proxy import CUT, CUT_ANSWER, LOSE, PASS, REFUSE, Answer, Proxy

MIB = 1 << 20
PART = 16 * MIB
EXPIRED_TOKEN = Answer(
    400, b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
)
EXPIRED = Answer(403, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")


def first(count, choice, test):
    """Applies this choice to the first `count` requests of a kind."""
    left = [count]

    def choose(seen):
        if not test(seen) or left[0] <= 0:
            return PASS
        left[0] -= 1
        return choice

    return choose


def is_part(seen):
    return seen.is_part


def is_call(step):
    return lambda seen: seen.path.endswith(step)


def test_with_one_request_in_five_failing_every_file_arrives_once(server, token, folder, content):
    chance = random.Random(5)
    lock = threading.Lock()

    def choose(seen):
        with lock:
            return (
                chance.choice([LOSE, CUT, CUT_ANSWER, REFUSE, Answer(503, b"<Error><Code>SlowDown</Code></Error>")])
                if chance.random() < 0.2
                else PASS
            )

    files = {f"{number}.bin": content(chance.choice([0, 10, 1000, PART + 1])) for number in range(24)}

    async def use(proxy):
        async with AsyncDray(proxy.url, token, parallel=6) as drive:
            await asyncio.gather(*(drive.upload(data, name=name, parent_id=folder) for name, data in files.items()))

    with Proxy(server.port, choose) as proxy:
        asyncio.run(use(proxy))
        assert len(proxy.seen) > 120
    with Dray(server.url, token) as client:
        found = list(client.iter_children(folder))
        assert sorted(item.name for item in found) == sorted(files)
        assert all(item.size == len(files[item.name]) for item in found)
        assert list(client.iter_uploads()) == []


def test_with_one_request_in_five_failing_every_byte_is_downloaded(server, token, drive, folder, content, tmp_path):
    data = content(2 * PART + 7)
    item = drive.upload(data, name="a", parent_id=folder)
    chance = random.Random(7)
    choose = lambda seen: chance.choice([CUT_ANSWER, LOSE, REFUSE, Answer(500)]) if chance.random() < 0.4 else PASS
    with Proxy(server.port, choose) as proxy, Dray(proxy.url, token) as client:
        for number in range(3):
            assert client.download(item.id, tmp_path / f"{number}").path.read_bytes() == data


@pytest.mark.parametrize("step", ["start", "presigned-urls", "finalize", "folders"])
def test_an_answer_that_is_lost_is_asked_for_again_and_makes_nothing_twice(server, token, folder, step):
    with Proxy(server.port, first(2, LOSE, is_call(step))) as proxy, Dray(proxy.url, token) as client:
        below = client.create_folder("below", parent_id=folder)
        client.upload(b"x", name="a", parent_id=below.id)
        assert proxy.count(is_call(step)) == 3
        keys = {seen.headers.get("idempotency-key") for seen in proxy.seen if seen.path.endswith(step)}
        assert len(keys) == 1
    with Dray(server.url, token) as client:
        assert [item.id for item in client.iter_children(folder)] == [below.id]
        assert len(list(client.iter_children(below.id))) == 1 and list(client.iter_uploads()) == []


def test_what_would_be_done_twice_is_not_sent_again(server, token, folder):
    with (
        Proxy(server.port, first(1, LOSE, lambda seen: seen.method == "DELETE")) as proxy,
        Dray(proxy.url, token) as client,
    ):
        with pytest.raises(dray.NetworkError) as failed:
            client.trash_item(folder)
        assert not failed.value.never_sent and proxy.count(lambda seen: seen.method == "DELETE") == 1


@pytest.mark.parametrize("refusal", [EXPIRED, EXPIRED_TOKEN], ids=["403", "400 ExpiredToken"])
def test_an_address_that_the_store_refuses_is_signed_again(server, token, folder, refusal):
    with Proxy(server.port, first(2, refusal, is_part)) as proxy, Dray(proxy.url, token) as client:
        client.upload(b"x", name="a", parent_id=folder)
        paths = [seen.path for seen in proxy.seen if seen.is_part]
        assert len(paths) == 3 and proxy.count(is_call("presigned-urls")) == 3


def test_a_store_that_refuses_every_address_is_reported_with_its_words(server, token):
    with Proxy(server.port, first(100, EXPIRED, is_part)) as proxy, Dray(proxy.url, token) as client:
        with pytest.raises(dray.StoreError) as failed:
            client.upload(b"x", name="a")
        assert (failed.value.status, failed.value.code) == (403, "AccessDenied")
        assert "Request has expired" in str(failed.value) and "Signature" not in str(failed.value)
        assert proxy.count(is_part) < 8 and list(client.iter_uploads()) == []


def test_addresses_that_expire_soon_are_signed_again_before_they_are_used(own, content):
    # Shorter than the margin that the client keeps, so each address is old at once.
    server = own("--url-ttl", "20s")
    with Proxy(server.port) as proxy, Dray(proxy.url, server.token(), parallel=1) as client:
        client.upload(content(2 * PART + 1), name="a")
        assert proxy.count(is_call("presigned-urls")) == 3


def test_addresses_are_signed_in_batches(server, token, folder, tmp_path):
    with open(tmp_path / "large", "wb") as file:
        file.truncate(40 * PART)
    with Proxy(server.port, lambda seen: Answer(200, b"", (("ETag", '"x"'),)) if seen.is_part else PASS) as proxy:
        with Dray(proxy.url, token) as client, pytest.raises(dray.ApiError):
            client.upload(tmp_path / "large", parent_id=folder, checksum=False)
        assert proxy.count(is_part) == 40 and proxy.count(is_call("presigned-urls")) == 2


def test_retry_after_is_waited_for(server, token, folder):
    busy = Answer(
        429,
        b'{"statusCode": 429, "error": "Too Many Requests", "code": "rate_limited", "message": "Wait.", "retryAfter": 1}',
        (("Content-Type", "application/json"),),
    )
    slow = Answer(503, b"<Error><Code>SlowDown</Code></Error>", (("Retry-After", "1"),))
    waits = []
    for refusal, test in [(busy, is_call("start")), (slow, is_part)]:
        with Proxy(server.port, first(1, refusal, test)) as proxy, Dray(proxy.url, token) as client:
            sleep = dray._retry.Patience.rest

            async def rest(self, error, secs):
                waits.append(secs)
                await sleep(self, error, 0)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("dray._retry.Patience.rest", rest)
                client.upload(b"x", name="a", parent_id=folder)
    assert waits == [1, 1]


@pytest.fixture
def few_tries(monkeypatch):
    """So few tries that a client that only tries again, and does not wait, gives up."""
    monkeypatch.setattr("dray._upload.TRIES", 2)
    monkeypatch.setattr("dray._download.TRIES", 2)


def test_a_server_that_is_killed_and_starts_again_during_an_upload_is_waited_for(own, content, tmp_path, few_tries):
    server = own()
    token, data = server.token(), content(3 * PART)
    notes, killed = [], threading.Event()

    def progress(now):
        if now.note:
            notes.append(now.note)
        if now.done_bytes > PART and not killed.is_set():
            killed.set()
            server.kill()
            threading.Timer(1, server.start).start()

    with Dray(server.url, token, parallel=2) as client:
        item = client.upload(data, name="a", progress=progress)
        assert killed.is_set() and any("does not answer" in note for note in notes)
        assert client.download(item.id, tmp_path / "b").path.read_bytes() == data
        assert [each.name for each in client.iter_children("root")] == ["a"]


def test_a_client_that_is_offline_for_a_while_goes_on(server, token, folder, content, tmp_path, few_tries):
    offline = threading.Event()
    data = content(2 * PART)

    def progress(now):
        if now.done_bytes > PART and not offline.is_set():
            offline.set()
            threading.Timer(1.5, setattr, (proxy, "choose", lambda seen: PASS)).start()

    with Proxy(server.port, lambda seen: REFUSE if offline.is_set() else PASS) as proxy:
        with Dray(proxy.url, token) as client:
            item = client.upload(data, name="a", parent_id=folder, progress=progress)
            offline.clear()
            proxy.choose = lambda seen: REFUSE if offline.is_set() else PASS
            saved = client.download(item.id, tmp_path / "b", progress=progress)
    assert saved.path.read_bytes() == data


def test_a_client_that_stays_offline_gives_up_after_its_patience(server, token, folder, content):
    offline = threading.Event()
    with Proxy(server.port, lambda seen: REFUSE if offline.is_set() else PASS) as proxy:
        with Dray(proxy.url, token, patience=0.5) as client, pytest.raises(dray.NetworkError) as failed:
            client.upload(
                content(2 * PART),
                name="a",
                parent_id=folder,
                progress=lambda now: offline.set() if now.done_bytes > MIB else None,
            )
    assert "keeps upload" in failed.value.__notes__[0]


def test_a_server_behind_tls_must_not_send_parts_in_clear_text():
    from dray._http import Http
    from dray._store import Address

    http = Http("https://drive.example.com", "cp_pat_a")
    with pytest.raises(dray.ConfigurationError, match="--public-url") as refused:
        Address("http://drive.example.com/k?X-Amz-Signature=secret").peer(http)
    assert "secret" not in str(refused.value)
    assert Address("https://store.example.com/k?a=b").peer(http) == "the object store at https://store.example.com"
    asyncio.run(http.client.aclose())


def slow_server(piece, count):
    """Sends an answer in pieces, each a little after the one before, until it is told to stop. Returns its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    stop = threading.Event()
    said = b"{}"

    def serve():
        with listener, listener.accept()[0] as line, contextlib.suppress(OSError):
            line.recv(65536)
            length = len(piece) * count + len(said)
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % length)
            for _ in range(count):
                line.sendall(piece)
                if stop.wait(0.01):
                    return
            line.sendall(said)

    threading.Thread(target=serve, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}", stop


def test_a_long_answer_over_a_slow_line_is_read_and_one_that_trickles_is_not(monkeypatch):
    monkeypatch.setattr("dray._http.CALL_SECS", 0.3)
    monkeypatch.setattr("dray._retry.TRIES", 1)
    url, stop = slow_server(b" " * 4096, 60)
    with Dray(url, "cp_pat_a") as client, pytest.raises(dray.NotDrayError, match="without"):
        # All of it was read, and it is JSON, though not a workspace.
        client.get_workspace()
    url, stop = slow_server(b" ", 3000)
    with Dray(url, "cp_pat_a") as client, pytest.raises(dray.NetworkError, match="no answer in time"):
        client.get_workspace()
    stop.set()

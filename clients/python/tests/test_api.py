"""The whole API, by both clients, against the real server."""

import asyncio
import inspect
import urllib.request
from datetime import datetime, timedelta, UTC

import pytest

import dray
from dray import UNSET, AsyncDray, Dray, models
from dray._operations import AsyncOperations, Operations


def test_both_clients_have_the_same_methods_with_the_same_arguments():
    public = lambda kind: {name for name in dir(kind) if not name.startswith("_")}
    assert public(AsyncOperations) == public(Operations)
    for kinds in [(AsyncOperations, Operations), (AsyncDray, Dray)]:
        shared = public(kinds[0]) & public(kinds[1])
        for name in shared:
            one, other = (list(inspect.signature(getattr(kind, name)).parameters.values()) for kind in kinds)
            assert one == other, name
    assert {"upload", "upload_folder", "download", "download_folder", "iter_children"} <= public(Dray)
    assert len(public(Operations)) > 30


def test_folders_are_made_listed_changed_searched_and_removed(drive, folder):
    made = [drive.create_folder(f"Zebra {number}", parent_id=folder) for number in range(5)]
    assert [item.name for item in drive.iter_children(folder, limit=2)] == [f"Zebra {number}" for number in range(5)]
    first = made[0]
    assert (first.type, first.parent_id, first.size) == ("folder", folder, None)
    assert abs(first.created_at - datetime.now(UTC)) < timedelta(minutes=5)
    inside = drive.create_folder("Quagga", parent_id=first.id)
    renamed = drive.change_item(inside.id, name="Quagga 2")
    assert (renamed.name, renamed.parent_id) == ("Quagga 2", first.id)
    assert drive.change_item(inside.id, parent_id=None).parent_id is None
    assert drive.change_item(inside.id, parent_id=folder, name=UNSET).name == "Quagga 2"
    assert [above.id for above in drive.list_ancestors(inside.id).ancestors] == [folder]
    tree = drive.get_tree(parent_id=folder, depth=1)
    assert tree.total_items == 6 and all(node.children == [] for node in tree.root)
    assert inside.id in [hit.id for hit in drive.search("quagga", limit=50).hits]
    drive.trash_item(inside.id)
    with pytest.raises(dray.NotFoundError):
        drive.get_item(inside.id)
    trashed = {item.id: item for item in drive.iter_trash()}
    assert trashed[inside.id].removed_at > trashed[inside.id].trashed_at
    assert drive.restore_item(inside.id).id == inside.id
    drive.trash_item(inside.id)
    drive.purge_item(inside.id)
    assert drive.empty_trash().removed >= 0


def test_links_participants_tokens_and_the_workspace(drive, folder):
    info, page = drive.get_workspace(), drive.list_members(q="owner")
    assert info.id and page.total == 1 and page.members[0].email == "owner@localhost"
    assert [each.role for each in drive.list_participants(folder).participants] == ["owner"]
    file = drive.upload(b"x", name="x.txt", parent_id=folder)
    link = drive.create_link(file.id, expires_at=datetime.now(UTC) + timedelta(days=1), password="long enough")
    assert link.has_password and [each.id for each in drive.list_links(file.id).links] == [link.id]
    drive.revoke_link(file.id, link.id)
    made = drive.create_token("for a test", ["drive_upload"], folder_id=folder)
    assert made.token and made.token not in repr(made)
    drive.revoke_token(made.id)
    assert drive.get_usage().used_bytes >= 1
    assert list(drive.iter_shared()) == []


def test_the_holder_of_a_grant_uploads_and_its_maker_sees_it(server, drive, folder):
    made = drive.create_grant(folder_id=folder, max_files=2, external_id="order 7", metadata={"a": [1]})
    assert made.grant and made.grant not in repr(made)
    with Dray(server.url, made.grant) as visitor:
        item = visitor.upload(b"x", name="theirs.txt", mime_type="text/plain")
        with pytest.raises(dray.PermissionDeniedError):
            visitor.list_children(folder)
    (upload,) = drive.iter_grant_uploads(made.id)
    assert (upload.item_id, upload.external_id, upload.metadata) == (item.id, "order 7", {"a": [1]})
    assert drive.get_item(item.id).grant_id == made.id and made.id in [grant.id for grant in drive.iter_grants()]
    drive.revoke_grant(made.id)
    with Dray(server.url, made.grant) as visitor, pytest.raises(dray.AuthenticationError):
        visitor.upload(b"x", name="late.txt")


def test_many_small_files_go_in_one_call(drive, folder):
    files = [models.NewFile(path=f"below/{n}.txt", file_size=1, mime_type="text/plain") for n in range(3)]
    wrong = models.NewFile(path="..", file_size=1, mime_type="text/plain")
    started = drive.start_files([*files, wrong], parent_id=folder)
    puts = [each.upload for each in started.files if each.upload]
    assert len(puts) == 3 and started.files[3].error.code == "invalid_name"
    for put in puts:
        urllib.request.urlopen(urllib.request.Request(put.url, data=b"x", method="PUT", headers=put.headers)).close()
    done = drive.finalize_files([models.FileKey(upload_id=put.upload_id, file_key=put.file_key) for put in puts])
    assert [each.item.name for each in done.files] == ["0.txt", "1.txt", "2.txt"]


def test_a_creating_call_sent_again_with_its_key_makes_one_thing(drive, folder):
    one, other = (drive.create_folder("Once", parent_id=folder, idempotency_key="the-same") for _ in range(2))
    assert one.id == other.id
    with pytest.raises(dray.ConflictError) as refused:
        drive.create_folder("Another", parent_id=folder, idempotency_key="the-same")
    assert refused.value.code == "idempotency_key_reused"


def test_a_refusal_has_its_status_code_message_and_request(drive):
    with pytest.raises(dray.NotFoundError) as refused:
        drive.get_item("65ba5c80c3f1a2b4d5e6f708")
    error = refused.value
    assert (error.status, error.code) == (404, "not_found") and error.message and error.request_id
    with pytest.raises(dray.InvalidRequestError) as refused:
        drive.get_item("not an id/../x")
    assert refused.value.code == "invalid_parameter"


def test_an_id_never_leads_to_another_route(drive):
    for wrong in ["", ".", ".."]:
        with pytest.raises(dray.ConfigurationError):
            drive.get_item(wrong)


def test_a_wrong_token_is_refused_and_not_tried_again(server):
    with Dray(server.url, "cp_pat_" + "a" * 36) as client, pytest.raises(dray.AuthenticationError):
        client.get_workspace()


def test_the_token_may_come_from_a_function(server, token):
    asked = []

    async def of_now():
        asked.append(1)
        return token

    with Dray(server.url, of_now) as client:
        client.get_workspace(), client.get_workspace()
    assert len(asked) == 2


def test_the_async_client_does_the_same(server, token):
    async def use():
        async with AsyncDray(server.url, token) as drive:
            folder = await drive.create_folder("Async")
            items = await asyncio.gather(
                *(drive.upload(bytes([n]), name=f"{n}", parent_id=folder.id) for n in range(20))
            )
            listed = [item.id async for item in drive.iter_children(folder.id, limit=7)]
            assert sorted(listed) == sorted(item.id for item in items)

    asyncio.run(use())


@pytest.mark.parametrize(
    "url", ["", "localhost:8080", "ftp://h", "http://h?a=b", "http://h#f", "http://a:b@h", "http://"]
)
def test_what_is_no_servers_address_is_refused(url, monkeypatch):
    monkeypatch.setattr("dray._client.DEFAULT_URL", "nothing")
    with pytest.raises(dray.ConfigurationError):
        Dray(url, "cp_pat_a")


def test_something_that_is_not_dray_is_said_to_be_so(server, token):
    from proxy import Answer, Proxy

    page = Answer(200, b"<html>sign in</html>", (("Content-Type", "text/html"),))
    endless = Answer(200, b"[" + b" " * (17 << 20))
    for answer in (
        page,
        endless,
        Answer(200, b'{"items": []}'),
        Answer(302, b"", (("Location", "http://evil.example/"),)),
    ):
        with Proxy(server.port, lambda seen: answer) as proxy, Dray(proxy.url, token) as client:
            with pytest.raises(dray.NotDrayError):
                client.get_workspace()
            assert len(proxy.seen) == 1


def test_nobody_at_the_address_is_reported_soon(token):
    from server import free_port

    with Dray(f"http://127.0.0.1:{free_port()}", token) as client, pytest.raises(dray.NetworkError) as failed:
        client.get_workspace()
    assert failed.value.never_sent

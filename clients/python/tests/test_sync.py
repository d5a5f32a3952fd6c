"""The client without asyncio: threads, Ctrl-C, the end of a process; and no secret anywhere."""

import asyncio
import logging
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

import dray
from dray import AsyncDray, Dray
from proxy import LOSE, PASS, REFUSE, Answer, Proxy

PART = 16 << 20


def run(code, *arguments):
    """A program of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(code), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_ctrl_c_aborts_the_upload_on_the_server(server, token, folder, drive):
    done = run(
        """
        import os, signal, sys, threading
        import dray
        url, token, folder = sys.argv[1:]

        sent, interrupted = [], threading.Event()

        def interrupt(*about):
            interrupted.set()
            signal.default_int_handler(*about)

        signal.signal(signal.SIGINT, interrupt)

        def progress(now):
            # Once: a second one does not wait for the server.
            if now.done_bytes > 1 << 20 and not sent:
                sent.append(os.kill(os.getpid(), signal.SIGINT))
                # Holds the transfer, which could otherwise end before the main thread is interrupted.
                interrupted.wait()

        with dray.Dray(url, token) as drive:
            try:
                drive.upload(bytes(64 << 20), name="interrupted", parent_id=folder, progress=progress)
            except KeyboardInterrupt:
                print([upload.file_name for upload in drive.iter_uploads()])
        """,
        server.url,
        token,
        folder,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
    assert list(drive.iter_children(folder)) == []


def test_a_program_ends_without_closing_its_client(server, token):
    done = run("import dray, sys; print(dray.Dray(*sys.argv[1:]).get_workspace().slug)", server.url, token)
    assert done.returncode == 0 and done.stdout.strip() and not done.stderr, done.stderr


def test_threads_share_a_client(drive, folder):
    with ThreadPoolExecutor(16) as threads:
        items = list(threads.map(lambda number: drive.upload(b"x", name=f"{number}", parent_id=folder), range(40)))
    assert len({item.id for item in items}) == len(list(drive.iter_children(folder))) == 40


def test_it_works_inside_of_a_running_event_loop(drive):
    async def use():
        return drive.get_workspace()

    assert asyncio.run(use()).id


def test_a_closed_client_says_so_and_closing_it_calls_transfers_off(server, token):
    gate = threading.Event()
    with Proxy(server.port, lambda seen: gate.wait(10) and PASS if seen.is_part else PASS) as proxy:
        client = Dray(proxy.url, token)
        with ThreadPoolExecutor(1) as threads:
            running = threads.submit(client.upload, b"x", name="a")
            while not any(seen.is_part for seen in proxy.seen):
                threading.Event().wait(0.01)
            client.close()
            gate.set()
            assert isinstance(running.exception(timeout=30), dray.DrayError)
    client.close()
    with pytest.raises(dray.ConfigurationError, match="closed"):
        client.get_workspace()


def test_a_client_that_is_used_in_its_own_progress_function_says_so_and_does_not_hang(drive, folder):
    with pytest.raises(dray.ConfigurationError, match="progress"):
        drive.upload(b"x", name="a", parent_id=folder, progress=lambda now: drive.get_workspace())
    assert list(drive.iter_children(folder)) == [] and list(drive.iter_uploads()) == []


def test_a_forked_process_is_told_to_make_its_own(drive):
    drive.get_workspace()
    child = os.fork()
    if child == 0:
        try:
            drive.get_workspace()
        except dray.ConfigurationError as error:
            os._exit(7 if "fork" in str(error) else 8)
        os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_an_iterator_that_is_left_early_disturbs_nothing(drive, folder):
    for number in range(5):
        drive.create_folder(f"{number}", parent_id=folder)
    for item in drive.iter_children(folder, limit=2):
        break
    assert item.name == "0" and len(list(drive.iter_children(folder, limit=2))) == 5


def texts_of(error):
    """What tools show of an error: the error, and each frame of the library with its variables."""
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    frames = [frame for frame in shown.split("  File ") if "src/dray/" in frame.partition("\n")[0]]
    assert len(frames) > 3
    return [*frames, repr(error), str(error), str(pickle.dumps(error))]


def test_no_token_and_no_signature_is_in_a_repr_an_error_or_a_log(server, token, folder, caplog):
    caplog.set_level(logging.DEBUG)
    secret = token.removeprefix("cp_pat_")
    expired = Answer(403, b"<Error><Code>AccessDenied</Code><Message>No</Message></Error>")
    failing = [
        lambda seen: expired if seen.is_part else PASS,
        lambda seen: REFUSE if seen.is_part else PASS,
        lambda seen: LOSE,
        lambda seen: Answer(200, b"[]"),
    ]
    errors = []
    for choose in failing:
        with Proxy(server.port, choose) as proxy, Dray(proxy.url, token, patience=0.1) as client:
            assert secret not in repr(client) + repr(client._drive) + repr(vars(client._drive)) + repr(
                vars(client._drive.http)
            )
            with pytest.raises(dray.DrayError) as failed:
                client.upload(b"x", name="a", parent_id=folder)
            errors.append(failed.value)
    with Dray(server.url, "cp_pat_" + secret + "x") as client, pytest.raises(dray.AuthenticationError) as failed:
        client.get_workspace()
    errors.append(failed.value)
    for error in errors:
        for part in texts_of(error):
            assert secret not in part and "X-Amz-Signature=" not in part, part
    assert "HTTP Request: PUT" in caplog.text
    assert secret not in caplog.text and "X-Amz-Signature" not in caplog.text
    with Dray(server.url, token) as client:
        item = client.upload(b"x", name="a", parent_id=folder)
        address, made = client.get_download_url(item.id), client.create_token("a", ["drive_read"])
        assert "Signature" in address.url and "Signature" not in repr(address)
        assert made.token not in repr(made)
        for upload in client.iter_uploads():
            client.abort_upload(upload.upload_id, upload.file_key)


@pytest.mark.parametrize("token", ["", " \n", "a b", "a\nb", "é", "a\r\nX: y"])
def test_a_text_that_cannot_be_a_header_is_no_token(token, monkeypatch):
    with pytest.raises(dray.ConfigurationError) as refused:
        AsyncDray("http://h", token)
    assert "X:" not in str(refused.value)

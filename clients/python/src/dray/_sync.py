"""The client for code without asyncio. It runs the client for asyncio in its own thread, so that nothing is written twice."""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import ssl
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, TypeVar

from ._client import DEFAULT_PARALLEL, DEFAULT_PATIENCE_SECS, AsyncDray
from ._download import Downloaded
from ._operations import Operations
from ._progress import OnProgress
from ._report import FolderReport
from ._source import Uploadable
from ._token import TokenSource
from .errors import ConfigurationError
from .models import Item, OnConflict

T = TypeVar("T")

CALL_OFF_SECS = 15.0
"""How long an interrupted call may take to abort what it began."""


class Dray(Operations):
    """A drive. `AsyncDray` describes the arguments. Several threads may share it."""

    def __init__(
        self,
        url: str | None = None,
        token: TokenSource | None = None,
        *,
        parallel: int = DEFAULT_PARALLEL,
        patience: float = DEFAULT_PATIENCE_SECS,
        verify: ssl.SSLContext | bool = True,
        proxy: str | None = None,
    ) -> None:
        self._drive: AsyncDray = AsyncDray(url, token, parallel=parallel, patience=patience, verify=verify, proxy=proxy)
        self._loop = _Loop(self._drive.aclose)
        self._finalizer = weakref.finalize(self, _Loop.stop, self._loop)

    def __repr__(self) -> str:
        return f"Dray({str(self._drive.http.url)!r})"

    def __enter__(self) -> Dray:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections, and ends the thread. Transfers of other threads are cancelled."""
        self._finalizer()

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run(work)

    def _each(self, items: AsyncIterator[T]) -> Iterator[T]:
        async def following() -> tuple[T] | None:
            async for item in items:
                return (item,)
            return None

        while found := self._wait(following()):
            yield found[0]

    def upload(
        self,
        source: Uploadable,
        *,
        name: str | None = None,
        parent_id: str | None = None,
        mime_type: str | None = None,
        on_conflict: OnConflict | None = None,
        size: int | None = None,
        checksum: bool | None = None,
        resume: bool = False,
        progress: OnProgress | None = None,
    ) -> Item:
        """See `AsyncDray.upload`. Ctrl-C, or an exception in `progress`, aborts the upload on the server."""
        return self._wait(
            self._drive.upload(
                source,
                name=name,
                parent_id=parent_id,
                mime_type=mime_type,
                on_conflict=on_conflict,
                size=size,
                checksum=checksum,
                resume=resume,
                progress=progress,
            )
        )

    def upload_folder(
        self,
        path: str | os.PathLike[str],
        *,
        parent_id: str | None = None,
        on_conflict: OnConflict | None = None,
        checksum: bool | None = None,
        resume: bool = False,
        progress: OnProgress | None = None,
    ) -> FolderReport:
        """See `AsyncDray.upload_folder`."""
        return self._wait(
            self._drive.upload_folder(
                path, parent_id=parent_id, on_conflict=on_conflict, checksum=checksum, resume=resume, progress=progress
            )
        )

    def download(
        self,
        item_id: str,
        to: str | os.PathLike[str] = ".",
        *,
        overwrite: bool = False,
        resume: bool = False,
        checksum: str | None = None,
        progress: OnProgress | None = None,
    ) -> Downloaded:
        """See `AsyncDray.download`."""
        return self._wait(
            self._drive.download(item_id, to, overwrite=overwrite, resume=resume, checksum=checksum, progress=progress)
        )

    def download_folder(
        self,
        folder_id: str | None,
        to: str | os.PathLike[str] = ".",
        *,
        overwrite: bool = False,
        resume: bool = False,
        progress: OnProgress | None = None,
    ) -> FolderReport:
        """See `AsyncDray.download_folder`."""
        return self._wait(
            self._drive.download_folder(folder_id, to, overwrite=overwrite, resume=resume, progress=progress)
        )


class _Loop:
    """An event loop in its own thread, which starts with the first call."""

    def __init__(self, closing: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._closing = closing
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._process = os.getpid()
        self._is_stopped = False

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Returns what `work` returns. If interrupted, it cancels the work and waits until that has cleaned up."""
        try:
            loop = self._started()
        except BaseException:
            work.close()
            raise
        ended = threading.Event()
        running = asyncio.run_coroutine_threadsafe(_tracked(work, ended), loop)
        try:
            return running.result()
        except concurrent.futures.CancelledError:
            raise ConfigurationError("The client was closed meanwhile.") from None
        except BaseException:
            if not running.done():
                # The future is done at once. Its task is done when it has aborted what it began.
                running.cancel()
                ended.wait(CALL_OFF_SECS)
            raise

    def _started(self) -> asyncio.AbstractEventLoop:
        if threading.current_thread() is self._thread:
            raise ConfigurationError("The client cannot be used inside its own `progress` or `token` function.")
        with self._starting:
            if self._is_stopped:
                raise ConfigurationError("The client is closed.")
            if self._process != os.getpid():
                raise ConfigurationError("The client was made before the process forked: make one in each process.")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_run, args=(self._loop,), name="dray", daemon=True)
                self._thread.start()
            return self._loop

    def stop(self) -> None:
        """Cancels what runs, and ends the thread."""
        with self._starting:
            self._is_stopped = True
            loop, self._loop = self._loop, None
        if loop is None or self._process != os.getpid():
            return
        asyncio.run_coroutine_threadsafe(self._end(loop), loop)
        # The garbage collector may run in the thread that must end.
        if self._thread and threading.current_thread() is not self._thread:
            self._thread.join(CALL_OFF_SECS)

    async def _end(self, loop: asyncio.AbstractEventLoop) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=CALL_OFF_SECS)
        await self._closing()
        await loop.shutdown_asyncgens()
        loop.call_soon(loop.stop)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


async def _tracked(work: Coroutine[Any, Any, T], ended: threading.Event) -> T:
    try:
        return await work
    finally:
        ended.set()

"""Runs work that blocks in other threads."""

from __future__ import annotations

import asyncio
import functools
import queue
import select
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LOOK_MS = 250
"""How often to check whether somebody still waits for a pipe."""


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Returns what `work` returns. If cancelled, it waits for the thread first, because its files are closed next, and the
    number of a closed file may soon belong to another file."""
    running = asyncio.get_running_loop().run_in_executor(None, functools.partial(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise


class Reader:
    """Calls what may block for as long as it likes, such as `read` of a pipe, in a thread of its own. Nobody waits for that
    thread: neither a cancelled task, nor the event loop when it ends, nor the interpreter. It calls again only when
    it is asked for more, so at most one answer waits. With `pipe`, a descriptor, it waits for that before it calls: otherwise
    it would hold the lock of the file, and whoever closes the file, as the interpreter does with stdin at its end, would wait
    for it, or die of it. Then it reads nothing that nobody waits for any more."""

    def __init__(self, blocking: Callable[[], object], pipe: int | None = None) -> None:
        self._blocking, self._pipe = blocking, pipe
        self._asked: queue.SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Future[object]] | None] | None = None

    async def next(self) -> object:
        """What the next call returns or raises. An answer that nobody waits for any more is lost."""
        if self._asked is None:
            self._asked = queue.SimpleQueue()
            threading.Thread(target=_serve, args=(self._blocking, self._pipe, self._asked), name="dray-reader", daemon=True).start()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[object] = loop.create_future()
        self._asked.put((loop, answer))
        return await answer

    def __del__(self) -> None:
        if self._asked is not None:
            self._asked.put(None)


def _serve(
    blocking: Callable[[], object],
    pipe: int | None,
    asked: queue.SimpleQueue[tuple[asyncio.AbstractEventLoop, asyncio.Future[object]] | None],
) -> None:
    """Answers until nobody can ask any more. It must not hold the `Reader`."""
    while (one := asked.get()) is not None:
        loop, answer = one
        if pipe is not None and not _is_ready(pipe, answer):
            continue
        try:
            tell = functools.partial(_settle, answer, blocking(), None)
        except BaseException as error:  # It is raised where the answer is awaited.
            tell = functools.partial(_settle, answer, None, error)
        try:
            loop.call_soon_threadsafe(tell)
        except RuntimeError:
            return  # The event loop has ended.


def _is_ready(pipe: int, answer: asyncio.Future[object]) -> bool:
    """Waits until the pipe has something to read, or its end. Returns whether the answer is still wanted."""
    waiting = select.poll()
    waiting.register(pipe, select.POLLIN)
    while not waiting.poll(LOOK_MS) and not answer.done():
        pass
    return not answer.done()


def _settle(answer: asyncio.Future[object], value: object, error: BaseException | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(value)
    else:
        answer.set_exception(error)

"""The client for asyncio: one drive, used as one user, with its whole API and transfers."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from ._download import Downloaded, download, path_for
from ._folder_download import FolderDownload
from ._folder_upload import FolderUpload
from ._http import Http, Route
from ._operations import AsyncOperations, GET_WORKSPACE
from ._progress import Meter, OnProgress
from ._report import FolderReport
from ._retry import Patience, ignore, pause
from ._source import Uploadable
from ._text import safe_name
from ._token import TokenSource
from ._uploads import Choices, Uploader
from .errors import ConfigurationError, DrayError, NetworkError
from .models import Item, OnConflict

T = TypeVar("T")

DEFAULT_URL = "http://127.0.0.1:8080"
DEFAULT_PARALLEL = 4
DEFAULT_PATIENCE_SECS = 300.0


class _Calls(AsyncOperations):
    """The operations, with their own patience."""

    def __init__(self, http: Http, patience: Patience) -> None:
        self._http, self._patience = http, patience

    async def _call(
        self,
        route: Route[T],
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None,
        body: object = None,
        key: str | None = None,
    ) -> T:
        return await self._http.call(route, path=path, query=query, body=body, key=key, patience=self._patience)


class AsyncDray(_Calls):
    """A drive, for asyncio.

    `url` is the server's address (by default `$DRAY_URL`). `token` is your token, or a function that returns the current
    one (by default `$DRAY_TOKEN`). `parallel` limits the parts that are sent or received at once, whatever files they
    belong to. If a drive that has answered before cannot be reached, or too many uploads are open, a transfer waits for
    `patience` seconds; `math.inf` waits for ever. `verify` and `proxy` are those of httpx. A client belongs to the event loop in which it is
    first used.
    """

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
        token = token or os.environ.get("DRAY_TOKEN")
        if not token:
            raise ConfigurationError("There is no token: pass one, or set DRAY_TOKEN.")
        if parallel < 1:
            raise ConfigurationError("`parallel` must be 1 or more.")
        address = url or os.environ.get("DRAY_URL") or DEFAULT_URL
        self.http = Http(address, token, parallel=parallel, verify=verify, proxy=proxy)
        super().__init__(self.http, Patience())
        self.parallel = parallel
        self.slots = asyncio.Semaphore(parallel)
        """Limits the parts that are sent or received at once."""
        self.claimed: set[str] = set()
        """Uploads that this client is sending."""
        self.store_proves = True
        """Whether the drive's store proves checksums, as far as this client knows."""
        self._patience_secs = patience
        self._probing = asyncio.Lock()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.http.url)!r})"

    async def __aenter__(self) -> AsyncDray:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self.http.client.aclose()

    def patience(self, says: Callable[[str], None] = ignore) -> Patience:
        """The patience of a transfer."""
        return Patience(self._patience_secs, says)

    def calling(self, patience: Patience) -> AsyncOperations:
        """The operations, with this patience."""
        return _Calls(self.http, patience)

    async def wait_until_it_answers(self, patience: Patience) -> bool:
        """Waits until the drive answers at all. Returns whether it had to wait."""
        since, away = time.monotonic(), 0
        while error := await self._probe():
            if error.is_final or time.monotonic() - since >= patience.secs:
                raise error
            away += 1
            await patience.rest(error, pause(away))
        return away > 0

    async def _probe(self) -> NetworkError | None:
        async with self._probing:
            try:
                await self.http.once(GET_WORKSPACE, str(self.http.url).rstrip("/") + GET_WORKSPACE.path)
            except NetworkError as error:
                return error
            except DrayError:
                pass
            return None

    async def upload(
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
        """Uploads one thing: a path, bytes, an open binary file, or pieces of bytes from an iterator.

        `parent_id` is the folder that it goes to (`None` means the root). `on_conflict` says what happens if the name is
        taken there. For a stream, pass the `size` if you know it; otherwise the stream is first read to its end, into a
        temporary file. `checksum` proves the whole file by CRC-64/NVME: by default if that costs little, and always for a
        resumed upload. If an upload fails or is cancelled, the server aborts it. With `resume` it stays open, and the next
        upload of the same file with `resume` continues it.
        """
        uploader = Uploader(self, Meter(progress), Choices(on_conflict, checksum, resume))
        return await uploader.upload(source, name=name, parent_id=parent_id, mime_type=mime_type, size=size)

    async def upload_folder(
        self,
        path: str | os.PathLike[str],
        *,
        parent_id: str | None = None,
        on_conflict: OnConflict | None = None,
        checksum: bool | None = None,
        resume: bool = False,
        progress: OnProgress | None = None,
    ) -> FolderReport:
        """Uploads a folder with everything below it, except symbolic links. The report lists what failed.

        With `resume`, folders that exist in the drive are used, files that exist there and have not changed here since
        are skipped, and interrupted uploads are continued. This needs a token that may read.
        """
        uploader = Uploader(self, Meter(progress), Choices(on_conflict, checksum, resume))
        return await FolderUpload(uploader, parent_id).run(Path(path))

    async def download(
        self,
        item_id: str,
        to: str | os.PathLike[str] = ".",
        *,
        overwrite: bool = False,
        resume: bool = False,
        checksum: str | None = None,
        progress: OnProgress | None = None,
    ) -> Downloaded:
        """Downloads a file: into the folder `to`, under its own name made safe, or to the path `to`.

        The file appears only when all of it is on disk. If the download fails, what arrived is removed. With `resume` it
        stays beside the target, and the next download of the same file with `resume` continues it. `checksum` is the
        CRC-64/NVME, in base64, that the file must have.
        """
        item = await self.calling(self.patience()).get_item(item_id)
        meter = Meter(progress).expect(item.name, item.size or 0)
        target = path_for(item, Path(to))
        return await download(self, item, target, meter, overwrite=overwrite, resume=resume, checksum=checksum)

    async def download_folder(
        self,
        folder_id: str | None,
        to: str | os.PathLike[str] = ".",
        *,
        overwrite: bool = False,
        resume: bool = False,
        progress: OnProgress | None = None,
    ) -> FolderReport:
        """Downloads a folder with everything below it, as a folder with its name in `to`.

        `None` means the root. Its content goes into `to` itself.

        Nothing is written outside `to`, whatever the names are. With `resume`, files that exist here already are skipped.
        """
        folder = None if folder_id is None else await self.calling(self.patience()).get_item(folder_id)
        target = Path(to) / safe_name(folder.name) if folder else Path(to)
        work = FolderDownload(self, Meter(progress), overwrite=overwrite, resume=resume)
        return await work.run(folder, target)

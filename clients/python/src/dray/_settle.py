"""What follows the failure of an upload. It sends no bytes.

The upload is aborted, because it would count towards the quota until it expires. But if the server is finalizing
it, or has made its item, the item is the outcome.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ._retry import Patience, Verdict, judge, pause
from ._upload import GIVE_UP_SECS, Begun, Fate, Sender, abort, is_finalizing
from .errors import DrayError, MaybeSavedError, SizeError
from .models import Item

if TYPE_CHECKING:
    from ._client import AsyncDray

ROUNDS = 5
"""How often an upload that the server is finalizing is finalized again, each time as often as the retry policy says."""


async def _fate_of_kept(drive: AsyncDray, begun: Begun) -> Fate:
    calls = drive.calling(Patience(waits_for_work=False))
    try:
        async with asyncio.timeout(GIVE_UP_SECS):
            found = await calls.list_parts(begun.upload_id, begun.file_key, keep_alive=False)
    except (DrayError, TimeoutError) as error:
        return Fate.FINALIZING if is_finalizing(error) else Fate.KEPT
    return Fate.KEPT if found.status == "open" else Fate.FINALIZING


async def settle(drive: AsyncDray, sender: Sender, error: DrayError, *, is_kept: bool) -> Item | None:
    """The item of an upload that failed with `error`; `None` if it has none, and its source can be sent again.

    Raises an error if the server does not say which. With `is_kept`, the upload is not aborted.
    """
    begun = sender.begun
    for tries in range(1, ROUNDS + 1):
        fate = await (_fate_of_kept(drive, begun) if is_kept else abort(drive, begun))
        if fate is Fate.UNKNOWN:
            error.add_note(not_told(begun))
        # Without `has_asked`, somebody else has finalized it, perhaps with other bytes.
        if fate is Fate.UNKNOWN or (fate is Fate.FINALIZING and not sender.has_asked):
            raise error
        if fate is not Fate.FINALIZING:
            return None
        try:
            return await sender.finalize()
        except SizeError:
            raise
        except DrayError as again:
            if judge(again) is Verdict.FINAL:
                error = again
            else:
                await asyncio.sleep(pause(tries))
    raise MaybeSavedError(
        f"The server has the whole file and was saving it ({error.message}). Look whether it is in the drive before you "
        f"upload it again (upload {begun.upload_id})."
    ) from error


def not_told(begun: Begun) -> str:
    """A note on the error of an upload that could not be aborted."""
    return f"The server could not be told. It keeps upload {begun.upload_id} until that expires."

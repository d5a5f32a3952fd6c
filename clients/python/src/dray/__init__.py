"""A client of a Dray drive: its whole API, uploads that go straight to its object store, and downloads.

`Dray` is for code without asyncio, `AsyncDray` for asyncio; both do the same.
"""

from . import errors, models
from ._checksum import checksum
from ._client import AsyncDray
from ._download import Downloaded
from ._progress import Progress
from ._report import FolderReport, Moved
from ._sync import Dray
from ._version import __version__
from ._wire import UNSET
from .errors import (
    ApiError,
    AuthenticationError,
    ChangedError,
    ChecksumError,
    ConfigurationError,
    ConflictError,
    DrayError,
    GoneError,
    InvalidRequestError,
    MaybeSavedError,
    NetworkError,
    NoSpaceError,
    NotDrayError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    SizeError,
    SourceError,
    StoreError,
    TargetError,
    TargetExistsError,
    TransferError,
)

__all__ = [
    "UNSET",
    "ApiError",
    "AsyncDray",
    "AuthenticationError",
    "ChangedError",
    "ChecksumError",
    "ConfigurationError",
    "ConflictError",
    "Downloaded",
    "Dray",
    "DrayError",
    "FolderReport",
    "GoneError",
    "InvalidRequestError",
    "MaybeSavedError",
    "Moved",
    "NetworkError",
    "NoSpaceError",
    "NotDrayError",
    "NotFoundError",
    "PermissionDeniedError",
    "Progress",
    "RateLimitedError",
    "ServerError",
    "SizeError",
    "SourceError",
    "StoreError",
    "TargetError",
    "TargetExistsError",
    "TransferError",
    "__version__",
    "checksum",
    "errors",
    "models",
]

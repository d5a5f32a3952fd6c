"""The errors of calls and transfers, as one tree. Each says what happened. None contains a token or a signed address."""

from __future__ import annotations

from ._text import printable


class DrayError(Exception):
    """Everything that this library raises about a drive, its store or a transfer.

    `status`, `code` and `request_id` are `None` if nobody answered or the answer does not have them.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = printable(message)
        """What happened, for people: one line without control characters."""
        self.status = status
        """The HTTP status."""
        self.code = None if code is None else printable(code)
        """What went wrong, for programs: the drive's `code`, or the store's `Code`."""
        self.request_id = None if request_id is None else printable(request_id)
        """The id under which the server's log has this request."""
        self.retry_after = retry_after
        """Seconds to wait before asking again, if the server says so."""
        super().__init__(self.message)

    def __str__(self) -> str:
        extras = [self.code, self.request_id and f"request {self.request_id}"]
        said = ", ".join(extra for extra in extras if extra)
        return f"{self.message} ({said})" if said else self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions are pickled by their positional arguments, and these have keyword arguments.
        return _again, (type(self), self.__dict__.copy())


def _again(kind: type[DrayError], attributes: dict[str, object]) -> DrayError:
    error = kind.__new__(kind)
    error.__dict__.update(attributes)
    error.args = (error.message,)
    return error


class ConfigurationError(DrayError):
    """The address or the token that the client was given cannot be used."""


class ApiError(DrayError):
    """The drive refused a request. Its subclasses follow the status; `code` names the cause."""


class InvalidRequestError(ApiError):
    """400, 405, 413 or 415: the request cannot be answered as it is."""


class AuthenticationError(ApiError):
    """401: the token is missing, unknown, expired or revoked."""


class PermissionDeniedError(ApiError):
    """403: the token or the role does not allow this."""


class NotFoundError(ApiError):
    """404: it does not exist, or the caller cannot see it."""


class ConflictError(ApiError):
    """409: something else is in the way, such as a name that is taken."""


class GoneError(ApiError):
    """410: the upload was aborted or has expired."""


class RateLimitedError(ApiError):
    """429: too many requests; `retry_after` says how long to wait."""


class NoSpaceError(ApiError):
    """507: the quota is used up, or the server's disk is full."""


class ServerError(ApiError):
    """500, 502, 503 or 504: the server cannot answer now."""


class NotDrayError(DrayError):
    """Something other than a Dray server answered: the address is wrong, or a proxy or a login page is in between."""


class StoreError(DrayError):
    """The object store refused a part or a range."""


class NetworkError(DrayError):
    """No answer arrived, or the connection broke."""

    def __init__(self, message: str, *, never_sent: bool = False, is_final: bool = False) -> None:
        super().__init__(message)
        self.never_sent = never_sent
        """Whether the request cannot have reached the server."""
        self.is_final = is_final
        """Whether trying again cannot help, as with a certificate that is not trusted."""


class TransferError(DrayError):
    """An upload or a download failed on this side."""


class SourceError(TransferError):
    """The source cannot be read, has no name, or is not a file."""


class ChangedError(TransferError):
    """The file changed while it was transferred: nothing was saved."""


class SizeError(TransferError):
    """More or fewer bytes arrived than announced: nothing was saved."""


class MaybeSavedError(TransferError):
    """The drive has the whole file and was saving it, but never confirmed it: look before you send it again."""


class ChecksumError(TransferError):
    """The bytes that arrived have another checksum: nothing was saved."""


class TargetError(TransferError):
    """The download cannot be written to its path."""


class TargetExistsError(TargetError):
    """A file exists at the path of the download, and `overwrite` is false."""


_BY_STATUS: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    410: GoneError,
    429: RateLimitedError,
    507: NoSpaceError,
}


def api_error_class(status: int) -> type[ApiError]:
    """The class for an error with this status."""
    if known := _BY_STATUS.get(status):
        return known
    return ServerError if status >= 500 else InvalidRequestError

"""Follows a list from page to page to its end, and never in a circle. It sends no requests."""

from __future__ import annotations

from .errors import NotDrayError

MAX_PAGES = 100_000
"""The maximum number of pages of a list: with 1,000 items a page, a hundred million items."""


class Pages:
    """A position in a list."""

    def __init__(self) -> None:
        self.cursor: str | None = None
        """The cursor of the next page."""
        self.has_more = True
        self._read = 0
        # An earlier cursor, from which the next ones must differ. It is replaced at the 1st, 2nd, 4th, 8th … page, so that
        # a circle of any length is noticed while only one cursor is kept.
        self._before: str | None = None

    def turn(self, next_cursor: str | None) -> None:
        """Moves to the next page. Fails if the list does not end."""
        self._read += 1
        if next_cursor is not None and (next_cursor == self._before or self._read >= MAX_PAGES):
            raise NotDrayError(f"The server's list does not end: stopped after {self._read} pages.")
        if self._read & (self._read - 1) == 0:
            self._before = next_cursor
        self.cursor, self.has_more = next_cursor, next_cursor is not None

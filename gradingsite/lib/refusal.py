"""A rule said no: the one way a service tells a person why, and what to do about it."""

from typing import Any


class Refused(Exception):
    """A rule said no.

    `message` is one Chinese sentence for the person's eyes. `remedy` says what to do instead,
    `field` names the form field or column at fault. Pages show it with status 409 or 422.
    """

    status = 422

    def __init__(self, message: str, *, remedy: str = "", field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.field = field

    def __str__(self) -> str:
        return f"{self.message}{self.remedy}"

    def at(self, field: str) -> "Refused":
        """Name the field at fault, for a parser that does not know where its value came from."""
        self.field = field
        return self


class Conflict(Refused):
    """Someone else changed the record first (a stale version); nothing was written.

    `mine` is what this person wanted to write, `theirs` what stands now: both are shown.
    """

    status = 409

    def __init__(
        self,
        message: str = "这条记录刚被别人改过，您的修改没有保存。",
        *,
        remedy: str = "",
        field: str = "",
        mine: Any = None,
        theirs: Any = None,
    ) -> None:
        super().__init__(message, remedy=remedy, field=field)
        self.mine = mine
        self.theirs = theirs

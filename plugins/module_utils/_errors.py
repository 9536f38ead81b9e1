# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Errors: a message for people, and the same facts as attributes for programs."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from typing import Any, TypeVar

Kind = TypeVar("Kind", bound="FleetError")

#: What to do after a write with an unknown outcome.
AGAIN = "Run the task again: it reads the current state and does only what is missing."


#: Invisible characters that no Unicode category marks as such: joiners, fillers, variation selectors.
_WITHOUT_WIDTH = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def escaped(text: str) -> str:
    """Return the text with invisible characters escaped: a name with a no-break space reads `Kettle\\xa0`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(character) if _is_invisible(character) else character for character in text)


#: Characters of a message, and of one word or quotation in it, above which its middle is left out.
LONGEST_MESSAGE = 6000
LONGEST_WORD = 1000
_LONG_QUOTATION = re.compile(r'"[^"]{301,}"')
_LONG_WORD = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")


def printable(text: str) -> str:
    """Return the text as a terminal may show it: nothing invisible or controlling in it, and of bounded length."""
    text = escaped(text)
    if len(text) > 300:
        text = _LONG_WORD.sub(_cut, _LONG_QUOTATION.sub(_cut, text))
    if len(text) <= LONGEST_MESSAGE:
        return text
    return f"{text[: LONGEST_MESSAGE - 1000]} ... ({len(text)} characters) ... {text[-900:]}"


def _cut(found: re.Match[str]) -> str:
    whole = found.group()
    return f"{whole[:200]} ... ({len(whole)} characters) ... {whole[-20:]}"


def _is_invisible(character: str) -> bool:
    if character == " ":
        return False
    selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return not character.isprintable() or character in _WITHOUT_WIDTH or selector


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


class WriteState(Enum):
    """The outcome of a write, as far as it is known.

    NOT_SENT: not executed: it was not sent, or the service rejected it.
    ACCEPTED: the service accepted it; it may still be in progress.
    UNKNOWN: it may or may not have been executed.
    """

    NOT_SENT = "not_sent"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"


class FleetError(Exception):
    """A failure: what was being done, what went wrong, and (`hint`) what to do now.

    Never holds a secret: messages are built from names, IDs and the service's own words.
    """

    #: The outcome of the write that this error ended, if any.
    write_state = WriteState.NOT_SENT
    #: Whether anything was sent: False for what ended while it still waited for its turn.
    tried = True
    #: The last known state of the operation (of `_model`) that failed or did not end.
    operation: Any = None
    #: The default of `code`.
    usual_code: str | None = None

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        target: str | None = None,
        request_id: str | None = None,
        retriable: bool = False,
        hint: str | None = None,
    ) -> None:
        message = printable(message)
        super().__init__(message)
        self.message = message
        self.code = code or self.usual_code
        self.status = status
        self.target = target
        self.request_id = request_id
        self.retriable = retriable
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {printable(self.hint)}" if self.hint else self.message

    def converted(self, kind: type[Kind], message: str, *, hint: str, retriable: bool = False) -> Kind:
        """Returns the same failure as another class of error with another message; facts from the service are kept."""
        error = kind(
            message,
            code=self.code,
            status=self.status,
            target=self.target,
            request_id=self.request_id,
            retriable=retriable,
            hint=hint,
        )
        error.operation = self.operation
        return error

    def as_dict(self) -> dict[str, Any]:
        """Returns the error as results show it under `error`."""
        return {
            "code": self.code and printable(self.code),
            "status": self.status,
            "message": self.message,
            "target": self.target and printable(self.target),
            "request_id": self.request_id and printable(self.request_id),
            "retriable": self.retriable,
            "hint": self.hint and printable(self.hint),
        }


class InvalidInput(FleetError):
    """Invalid input of the user. Raised before the first write, and before the first request where possible."""

    usual_code = "invalid_input"


class Unsupported(FleetError):
    """The service in use does not support the request. Raised before the first write."""

    usual_code = "unsupported"


#: Names of distributions, by the name of the module that this collection imports.
_LIBRARIES = {
    "azuresphere_imagemetadata": "azuresphere-imagemetadata",
    "cryptography": "cryptography",
    "msal": "msal",
    "requests": "requests",
    "urllib3": "urllib3",
    "yaml": "PyYAML",
}


class MissingLibrary(FleetError):
    """A required Python library is not installed where the module runs.

    `error` is the failed import: without requests, importing msal fails too, and the message then names requests.
    """

    def __init__(self, library: str, reason: str, error: ImportError | None = None) -> None:
        library = _LIBRARIES.get((error.name or "").partition(".")[0], library) if error else library
        super().__init__(f"The Python library {library} is needed to {reason}.", code="missing_library")
        self.library = library
        self.reason = reason


class SignInError(FleetError):
    """Getting a token failed: credentials are missing, incomplete, rejected or expired."""


class ServiceError(FleetError):
    """The service rejected a request."""


class NotFound(ServiceError):
    """The resource does not exist, or the service hides it from this caller."""


class Forbidden(ServiceError):
    """The caller may not do this."""


class Conflict(ServiceError):
    """The request conflicts with the current state."""


class Unreachable(FleetError):
    """The server could not be reached, or its replies were unusable, until the retries were exhausted."""


class AmbiguousWrite(FleetError):
    """A write whose outcome is unknown: it was sent, and its reply was lost or could not be understood.

    It must not simply be repeated: the caller reads the state again and makes a new plan.
    """

    write_state = WriteState.UNKNOWN


class EffectMissing(FleetError):
    """The service accepted a write, but the state does not show its effect within the time that is allowed for it."""

    usual_code = "effect_missing"
    write_state = WriteState.UNKNOWN


class OperationFailed(FleetError):
    """An operation of the service failed."""


class DeadlineExceeded(FleetError):
    """Waiting took longer than allowed. The message names the last state seen."""


class ReadOnlyViolation(FleetError):
    """A write was attempted in a read-only session.

    Always a defect of this collection.
    """


class Defect(FleetError):
    """An exception that nothing expected: always a defect of this collection.

    The message names its kind and its place. Its text, which may hold anything, is only in the traceback.
    """

    usual_code = "defect"

    @classmethod
    def of(
        cls, error: Exception, doing: str = "the task", *, may_have_written: bool = False, target: str | None = None
    ) -> Defect:
        """Returns the error for an exception.

        :param doing: what failed by it, such as `moving the device …`.
        :param may_have_written: whether that may have changed something.
        """
        frames = traceback.extract_tb(error.__traceback__)
        places = [frame for frame in frames if "/plugins/" in frame.filename] or frames[-1:]
        place = f" in {places[-1].filename.rpartition('/plugins/')[2]}, line {places[-1].lineno}" if places else ""
        hint = "This is a defect of azsphere.fleet: report it, with the traceback that -vvv shows."
        if may_have_written:
            hint += f" Writes may have been sent. {AGAIN}"
        what = f"{doing[0].upper()}{doing[1:]} failed unexpectedly: {type(error).__name__}{place}."
        defect = cls(what, target=target, hint=hint)
        defect.__cause__ = error
        if may_have_written:
            defect.write_state = WriteState.UNKNOWN
        return defect


@contextmanager
def after_accepted_write() -> Iterator[None]:
    """Marks errors raised inside as following a write that the service accepted."""
    try:
        yield
    except FleetError as error:
        error.write_state = WriteState.ACCEPTED
        raise

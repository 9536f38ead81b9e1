# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Compares what is read back after writes with what was predicted.

Only what the steps change is compared: other processes may change the rest at the same time. A value that only the
service can give matches anything, and so does a value that a new resource has by default.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import AGAIN, EffectMissing
from .._model.values import Placeholder

#: What a new resource may have otherwise without an error: nothing was asked for.
_DEFAULTS: tuple[Any, ...] = (None, False, "", (), [])
#: How many values of a list an error shows.
_SHOWN = 5


@dataclass(frozen=True)
class Missing:
    """An effect that is not there: of the resource `title`, in one sentence.

    `device` is the ID of the device, if it is one, and `done` the actions that had their effect on it.
    """

    title: str
    sentence: str
    device: str | None = None
    done: tuple[str, ...] = ()


def missing_effects(title: str, before: Any, wanted: Any, found: Any) -> Iterator[Missing]:
    """Yields what differs between the prediction and the state afterwards, in what was predicted to change.

    The arguments are mappings of settings, or None for a resource that does not exist. Nothing is missing of a state
    that cannot be read: an empty mapping.
    """
    if found == {}:
        return
    if wanted is None or found is None:
        if wanted != before and found != wanted:
            kind = "deletion" if wanted is None else "creation" if before is None else "change"
            shows = "still shows it" if wanted is None else "does not show it"
            yield Missing(title, f"The service accepted the {kind} of the {title}, but {shows}")
        return
    for field, value in wanted.items():
        old, now = None if before is None else before.get(field), found.get(field)
        if before is None and value in _DEFAULTS:
            continue
        if not _took_effect(old, value, now):
            shows = f"{field} {_text(now)} in place of {_text(value)}"
            yield Missing(title, f"The service accepted the change of the {title}, but shows {shows}")


def effect_missing(missing: Sequence[Missing]) -> EffectMissing:
    """Returns one error for these, which names the first."""
    others = len(missing) - 1
    more = f" ({others} more effect{'s are' if others > 1 else ' is'} missing)" if others else ""
    return EffectMissing(
        f"{missing[0].sentence}{more}.", target=missing[0].title, hint=f"It may take effect later. {AGAIN}"
    )


def _took_effect(before: Any, wanted: Any, found: Any) -> bool:
    if isinstance(wanted, Placeholder) or isinstance(found, Placeholder) or wanted == before:
        return True
    if isinstance(wanted, (list, tuple)):
        old, new, now = _members(before), _members(wanted), _members(found)
        return new - old <= now and not (old - new) & now
    # A name that changes in case only must be another than before; the service may spell any other in its own case.
    return bool(found != before and _plain(found) == _plain(wanted))


def _members(values: Iterable[Any] | None) -> set[Any]:
    return {_plain(value) for value in values or () if not isinstance(value, Placeholder)}


def _plain(value: Any) -> Any:
    """Returns a value without what services change by themselves: letter case, blanks around, no text as null."""
    return (value or "").strip().casefold() if value is None or isinstance(value, str) else value


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        shown = ", ".join(str(each) for each in value[:_SHOWN]) + ("…" if len(value) > _SHOWN else "")
        return f"[{shown}]"
    return f'"{value}"' if isinstance(value, str) else "nothing" if value is None else str(value).lower()

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Pages of a list. A listing is a snapshot: changes between two pages do not affect it."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

#: Number of tokens to keep; the oldest are dropped first.
_REMEMBERED = 20_000


class UnknownContinuation(Exception):
    """The continuation token does not belong to this listing."""


@dataclass(frozen=True)
class _Rest:
    listing: Hashable
    size: int
    items: Sequence[Any]
    first: int


class Pages:
    def __init__(self) -> None:
        self._rests: OrderedDict[str, _Rest] = OrderedDict()

    def first(self, listing: Hashable, items: Sequence[Any], size: int) -> tuple[Sequence[Any], str | None]:
        """Return the first page and the token of the next one, if any. `listing` identifies the list and the caller."""
        return self._page(_Rest(listing, size, items, 0))

    def next(self, listing: Hashable, token: str, size: int, *, same_size: bool) -> tuple[Sequence[Any], str | None]:
        """Return the page of a token, any number of times. Raises UnknownContinuation."""
        rest = self._rests.get(token)
        if rest is None or rest.listing != listing or (same_size and rest.size != size):
            raise UnknownContinuation
        return self._page(_Rest(listing, size, rest.items, rest.first))

    def clear(self) -> None:
        self._rests.clear()

    def _page(self, rest: _Rest) -> tuple[Sequence[Any], str | None]:
        end = rest.first + rest.size
        if end >= len(rest.items):
            return rest.items[rest.first :], None
        token = secrets.token_urlsafe(24)
        self._rests[token] = _Rest(rest.listing, rest.size, rest.items, end)
        if len(self._rests) > _REMEMBERED:
            self._rests.popitem(last=False)
        return rest.items[rest.first : end], token

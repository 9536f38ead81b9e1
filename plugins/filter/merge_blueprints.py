# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The filter that makes one blueprint of several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.azsphere.fleet.plugins.plugin_utils._provision import merge_documents


def _merged(
    parts: Iterable[Mapping[str, Any]],
    prune: Iterable[str] = (),
    base_dir: str = "",
    written: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return merge_documents(parts, prune, base_dir, written)


class FilterModule:
    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {"merge_blueprints": _merged}

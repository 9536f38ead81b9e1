# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The filter that looks for what makes a blueprint unusable."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.azsphere.fleet.plugins.plugin_utils._provision import document_problems


def _problems(text: str, name: str = "blueprint", wanted: str | None = None) -> list[str]:
    return document_problems(str(text), name, *([] if wanted is None else [wanted]))


class FilterModule:
    def filters(self) -> dict[str, Callable[..., list[str]]]:
        return {"blueprint_problems": _problems}

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Filters for YAML documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.duplicate_keys import duplicate_keys


def _of_text(text: str) -> list[dict[str, Any]]:
    try:
        node = yaml.compose(str(text), yaml.SafeLoader)
    except yaml.YAMLError:  # Reported by whatever parses the document.
        return []
    return [{"key": key, "line": line} for key, line in duplicate_keys(node)]


class FilterModule:
    def filters(self) -> dict[str, Callable[[str], list[dict[str, Any]]]]:
        return {"duplicate_keys": _of_text}

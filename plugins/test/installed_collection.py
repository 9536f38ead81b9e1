# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Jinja tests for collections."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable


def is_installed(name: object) -> bool:
    """Returns whether Ansible finds a collection, wherever it is."""
    try:
        return importlib.util.find_spec(f"ansible_collections.{name}") is not None
    except ModuleNotFoundError:
        return False


class TestModule:
    def tests(self) -> dict[str, Callable[[object], bool]]:
        return {"installed_collection": is_installed}

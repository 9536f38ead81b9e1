# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Jinja tests for values."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import is_device_id


class TestModule:
    def tests(self) -> dict[str, Callable[[object], bool]]:
        return {"device_id": is_device_id}

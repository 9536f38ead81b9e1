# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Filters for AWX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.azsphere.fleet.plugins.plugin_utils._awx import plain_assets


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"awx_assets": plain_assets}

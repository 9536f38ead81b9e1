# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The filter that finds out where each ring of a rollout is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.azsphere.fleet.plugins.plugin_utils._rollout import plan


def _plan(given: Mapping[str, Any]) -> dict[str, Any]:
    return plan(given, datetime.now(timezone.utc))


class FilterModule:
    def filters(self) -> dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]]:
        return {"rollout_plan": _plan}

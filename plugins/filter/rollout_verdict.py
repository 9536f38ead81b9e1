# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The filter that decides whether a ring of a rollout passes its gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.azsphere.fleet.plugins.plugin_utils._rollout_gate import verdict


def _verdict(given: Mapping[str, Any]) -> dict[str, Any]:
    return verdict(given, datetime.now(timezone.utc))


class FilterModule:
    def filters(self) -> dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]]:
        return {"rollout_verdict": _verdict}

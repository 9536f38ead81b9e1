# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The verdict of the role `rollout` on a ring."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from ._rollout import written

_FIGURES = (
    "devices",
    "update_requested",
    "update_percent",
    "insights",
    "insights_per_hundred",
    "insights_by_class",
    "insights_complete",
)
Registered = Mapping[str, Any]


def verdict(given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Returns whether a ring passes its gate, why not, and the figures.

    :param given: `ring` with its options; `health` as the module device_group_health_info returns it; `command` and
        `url`, the results of the modules command and uri, skipped if there is none.

    Returns `passed`, `reasons` (sentences, empty if it passed), `judged_at`, the figures, `command_rc` and `url_status`
    (None if there is none), and `problems`, why the ring cannot be judged at all.
    """
    ring, health, command, url = (given[name] for name in ("ring", "health", "command", "url"))
    reasons = [*_updates(ring, health), *_insights(ring, health), *_command(ring, command), *_url(ring, url)]
    return {
        "passed": not reasons,
        "reasons": reasons,
        "judged_at": written(now),
        **{name: health[name] for name in _FIGURES},
        "command_rc": command.get("rc"),
        "url_status": url.get("status"),
        "problems": [*_not_run(ring, command), *_not_answered(ring, url)],
    }


def _updates(ring: Registered, health: Registered) -> Iterator[str]:
    asked, devices, least = health["update_requested"], health["devices"], ring["min_update_percent"]
    if not devices and least > 0:
        yield "It has no devices that could request an update."
    elif asked * 100 < least * devices:
        yield (
            f"{asked} of {devices} devices requested an update since {health['since']}: {health['update_percent']:g} "
            f"%, less than {least:g} %."
        )


def _insights(ring: Registered, health: Registered) -> Iterator[str]:
    found, devices, most = health["insights"], health["devices"], ring["max_insights_per_hundred"]
    if found * 100 > most * devices:
        yield (
            f"Its {devices} devices reported {found} insights since {health['since']}: "
            f"{health['insights_per_hundred']:g} per hundred, more than {most:g}."
        )


def _command(ring: Registered, result: Registered) -> Iterator[str]:
    code = result.get("rc", 0)
    if _ran(result) and code != 0:
        yield f"The command {ring['command'][0]} ended with the code {code}."


def _url(ring: Registered, result: Registered) -> Iterator[str]:
    status = result.get("status")
    if _answered(result) and not 200 <= int(status or 0) < 300:
        yield f"{ring['url']} answered with the status {status}."


def _not_run(ring: Registered, result: Registered) -> Iterator[str]:
    if not _skipped(result) and not _ran(result):
        code = int(result.get("rc") or 0)
        # The message of the module does not say why; the code is that of the operating system.
        why = os.strerror(code) if code in errno.errorcode else str(result.get("msg"))
        yield f"the command {ring['command'][0]} cannot be run: {why.rstrip('.')}."


def _not_answered(ring: Registered, result: Registered) -> Iterator[str]:
    if not _skipped(result) and not _answered(result):
        yield f"{ring['url']} does not answer: {str(result.get('msg')).rstrip('.')}."


def _skipped(result: Registered) -> bool:
    return bool(result.get("skipped"))


def _ran(result: Registered) -> bool:
    """Returns whether the command was started; the module reports a start even if it ends at once."""
    return not _skipped(result) and bool(result.get("start"))


def _answered(result: Registered) -> bool:
    return not _skipped(result) and int(result.get("status") or -1) > 0

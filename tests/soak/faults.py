# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The kinds of faults under which the fleet is provisioned."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Kind:
    """A fault. `recoverable` says that runs under it can succeed; otherwise they may fail, and must report it.

    `truthful` says that no reply contains wrong data, so a client has no reason to do anything twice.
    """

    order: dict[str, Any] = field(default_factory=dict)
    recoverable: bool = True
    truthful: bool = True


KINDS: dict[str, Kind] = {
    "connection lost before the work": Kind({"kind": "drop_before"}),
    "connection lost after the work": Kind({"kind": "drop_after"}),
    "half a reply": Kind({"kind": "truncate"}),
    "429": Kind({"kind": "status", "status": 429}),
    "429 with Retry-After": Kind({"kind": "status", "status": 429, "retry_after": "1"}),
    "storm of 429": Kind({"kind": "status", "status": 429, "burst": 10}),
    "401": Kind({"kind": "status", "status": 401, "match": {"kind": "api"}}),
    "500 before the work": Kind({"kind": "status", "status": 500}),
    "503 before the work": Kind({"kind": "status", "status": 503}),
    "500 after the work": Kind({"kind": "status_after", "status": 500}),
    "503 after the work": Kind({"kind": "status_after", "status": 503}),
    "503 with Retry-After after the work": Kind({"kind": "status_after", "status": 503, "retry_after": "1"}),
    "late before the work": Kind({"kind": "delay", "seconds": 0.5}),
    "later than the client waits": Kind({"kind": "delay_after", "seconds": 3}),
    "trickling body": Kind({"kind": "trickle", "seconds": 0.3}),
    "trickling headers": Kind({"kind": "trickle_headers", "seconds": 0.3}),
    "HTML, work not done": Kind({"kind": "html", "executed": False}, recoverable=False),
    "HTML, work done": Kind({"kind": "html"}, recoverable=False),
    "empty 200, work not done": Kind({"kind": "empty", "executed": False}, recoverable=False),
    "empty 200, work done": Kind({"kind": "empty"}, recoverable=False),
    "error object under 200, work not done": Kind({"kind": "error_object", "executed": False}, recoverable=False),
    "202 without operation, work not done": Kind({"kind": "accepted", "executed": False}, recoverable=False),
    "202 without operation, work done": Kind({"kind": "accepted"}, recoverable=False),
    "old body, work not done": Kind({"kind": "old_body", "match": {"method": "P*"}}, recoverable=False, truthful=False),
    "impossible value": Kind({"kind": "mutate", "place": "member"}, recoverable=False, truthful=False),
    "endless body": Kind({"kind": "endless", "megabytes": 200}, recoverable=False),
    "gzip bomb": Kind({"kind": "gzip_bomb", "megabytes": 200}, recoverable=False),
    "endless pages": Kind({"kind": "endless_pages"}, recoverable=False),
}
#: Together they strike as often as each of them alone.

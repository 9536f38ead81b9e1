# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Decisions of the role `rollout`: where each ring is, from what the service reports. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import yaml
from ansible_collections.azsphere.fleet.plugins.module_utils._model.moments import moment_of

#: The service keeps events about this long, so a ring cannot be judged later (FACTS: error reporting).
EVENTS_KEPT = timedelta(days=14)
ABSENT, SOAKING, DUE, PASSED, FAILED, ROLLED_BACK = "absent", "soaking", "due", "passed", "failed", "rolled_back"
_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)
Ring = Mapping[str, Any]


@dataclass(frozen=True)
class Period:
    """A time in which a device group had one set of images. `deployed_at` is its beginning as the service spells it."""

    images: frozenset[str]
    deployed_at: str | None

    @property
    def since(self) -> datetime:
        return moment_of(self.deployed_at) or _LONG_AGO


def periods(deployments: Iterable[Mapping[str, Any]]) -> list[Period]:
    """Returns the periods of a device group, newest first, from its deployments, newest first.

    The same images deployed again do not begin a new period: a deployment whose reply was lost is made twice.
    """
    ordered = sorted(deployments, key=lambda each: not each.get("current"))
    found: list[Period] = []
    for each in ordered:
        period = Period(frozenset(image["id"].lower() for image in each["images"]), each["deployed_at"])
        if found and found[-1].images == period.images:
            found.pop()
        found.append(period)
    return found


def rolled_back(history: Sequence[Period], images: frozenset[str]) -> int | None:
    """Returns the place in the history of the images if the ones before them came back; None otherwise.

    Only the last period of the images counts, and not one that lasts.
    """
    place = next((number for number, period in enumerate(history) if period.images == images), 0)
    if not 0 < place < len(history) - 1 or history[place - 1].images != history[place + 1].images:
        return None
    return place


def plan(given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Returns where each ring is, what is left to deploy, and what forbids to go on.

    :param given: `rings` as the options have them; `images`, the IDs of all images; `packages`, their paths;
        `deployments`, those of each ring; `record`, the text of the record or None, and `record_name`; `retry`;
        `blocked`, the ring at which the rollout will stop, if any.

    Returns `rings`, each as given with `state`, `deployed_at`, `previous` (image IDs or None), `soak_until`,
    `soak_left` (whole seconds) and `gate` (recorded figures or None); `document`, a blueprint of the deployments that
    are left; `journey`, a sentence for each ring; `problems`, sentences; `refusals`, why images are not tried again.
    """
    images = frozenset(each.lower() for each in given["images"])
    memory, problems = recorded(given.get("record"), str(given.get("record_name")), images)
    histories = [periods(each) for each in given["deployments"]]
    rings = []
    for number, (ring, history) in enumerate(zip(given["rings"], histories, strict=True)):
        after = histories[number + 1 :]
        later = [period.since for each in after for period in each if period.images == images] if after else None
        rings.append(_status(ring, history, images, later, memory, now, given["retry"]))
    return {
        "rings": rings,
        "document": _document(_reachable(rings, given.get("blocked")), given),
        "journey": [f"{ring['number']}. {_outlook(ring)}" for ring in rings],
        "problems": problems + [problem for ring in rings for problem in _undated(ring)],
        "refusals": [_refusal(ring) for ring in rings if ring["state"] == ROLLED_BACK],
    }


def recorded(text: str | None, name: str, images: frozenset[str]) -> tuple[dict[tuple[str, str], Any], list[str]]:
    """Returns the verdicts of a record of these images by device group and date, and problems.

    A record of other images holds none.
    """
    try:
        document = yaml.safe_load(text or "") or {}
        rings = document.get("rings", [])
        if set(document) and "rollout" not in document:
            raise ValueError
        if frozenset(document.get("rollout", [])) != images:
            return {}, []
        found = {
            (ring["name"].casefold(), ring["deployed_at"]): ring["gate"]
            for ring in rings
            if ring["gate"] is not None and isinstance(ring["gate"]["passed"], bool)
        }
    except (yaml.YAMLError, ValueError, AttributeError, KeyError, TypeError):
        return {}, [f"Invalid rollout_record {name}: not a record of a rollout. Set rollout_record to another file."]
    return found, []


def _undated(ring: Ring) -> Iterator[str]:
    if ring["state"] not in (ABSENT, PASSED) and moment_of(ring["deployed_at"]) is None:
        yield (
            f"Cannot tell how long {ring['name']} has had the images: the service reports no date of their deployment. "
            "Leave the ring out."
        )


def _refusal(ring: Ring) -> str:
    why = f" {' '.join(ring['gate']['reasons'])}" if ring["gate"] else ""
    return (
        f"Cannot roll out to {ring['name']}: these images were deployed to it at {ring['deployed_at']}, and then its "
        f"previous images again.{why} Roll out other images, or set rollout_retry to true to try these again."
    )


def _status(
    ring: Ring,
    history: Sequence[Period],
    images: frozenset[str],
    later: Sequence[datetime] | None,
    memory: Mapping[tuple[str, str], Any],
    now: datetime,
    retry: bool,
) -> dict[str, Any]:
    """Returns a ring with its state. `later` is when the rings after it got the images; None for the last ring."""
    status = {**ring, "state": ABSENT, "deployed_at": None, "previous": None, "soak_until": None, "soak_left": 0}
    place = 0 if history and history[0].images == images else None if retry else rolled_back(history, images)
    if place is None:
        return {**status, "gate": None}
    period = history[place]
    soak = timedelta(seconds=ring["soak"])
    gate = memory.get((ring["name"].casefold(), str(period.deployed_at)))
    if gate is not None and not gate["passed"] and retry:
        gate = None
    if place > 0:
        state, left = ROLLED_BACK, 0
    else:
        state, left = _progress(period, soak, gate, later, now)
    return {
        **status,
        "state": state,
        "deployed_at": period.deployed_at,
        "previous": sorted(history[place + 1].images) if len(history) > place + 1 else None,
        "soak_until": written(period.since + soak) if period.since > _LONG_AGO else None,
        "soak_left": left,
        "gate": gate,
    }


def _progress(
    period: Period, soak: timedelta, gate: Mapping[str, Any] | None, later: Sequence[datetime] | None, now: datetime
) -> tuple[str, int]:
    """Returns the state of a ring that has the images, and the seconds of its soak that are left."""
    if gate is not None:
        return (PASSED if gate["passed"] else FAILED), 0
    # The last ring is not judged once the service has forgotten the events: who would notice has gone on long ago.
    forgotten = later is None and period.since + soak + EVENTS_KEPT < now
    if forgotten or any(moment >= period.since for moment in later or ()):
        return PASSED, 0
    # A clock that is behind the service's does not make the soak longer.
    left = math.ceil(min(period.since + soak - now, soak).total_seconds())
    return (SOAKING, left) if left > 0 else (DUE, 0)


def written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _reachable(rings: Sequence[Ring], blocked: Ring | None) -> Sequence[Ring]:
    """Returns the rings before the one at which the rollout will stop."""
    return [ring for ring in rings if ring["number"] < blocked["number"]] if blocked else rings


def _document(rings: Sequence[Ring], given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the blueprint of the deployments that are left; it names nothing else."""
    named = (("packages", given.get("packages")), ("images", given.get("named")))
    content = {name: list(each) for name, each in named if each}
    products: dict[str, dict[str, Any]] = {}
    for ring in rings:
        if ring["state"] == ABSENT:
            empty = {"name": ring["product"], "default_device_groups": False, "device_groups": []}
            groups = products.setdefault(ring["product"].casefold(), empty)["device_groups"]
            groups.append({"name": ring["device_group"], "deployment": content})
    return {"products": list(products.values())} if products else {}


def _outlook(ring: Ring) -> str:
    """Returns what has become of a ring, or what will, as a sentence."""
    name, since = ring["name"], ring["deployed_at"]
    return {
        PASSED: f"{name}: passed. It has had the images since {since}.",
        ROLLED_BACK: f"{name}: was rolled back. It got the images at {since}.",
        FAILED: f"{name}: failed, is rolled back. It has had the images since {since}.",
        DUE: f"{name}: is judged now. It has had the images since {since}. {_gate(ring)}",
        SOAKING: f"{name}: soaks until {ring['soak_until']}, then is judged. {_gate(ring)}",
        ABSENT: f"{name}: is deployed to, soaks for {spoken(ring['soak'])}, then is judged. {_gate(ring)}",
    }[ring["state"]]


def _gate(ring: Ring) -> str:
    parts = [
        f"at least {ring['min_update_percent']:g} % of the devices request an update",
        f"at most {ring['max_insights_per_hundred']:g} insights per hundred devices",
        *(["the command succeeds"] if ring["command"] else []),
        *([f"{ring['url']} replies with success"] if ring["url"] else []),
    ]
    return f"It passes if {', '.join(parts)}."


def spoken(seconds: float) -> str:
    """Returns a duration in words: `1 day 12 hours`, `0 seconds`."""
    words, left = [], math.ceil(seconds)
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1)):
        count, left = divmod(left, size)
        if count:
            words.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(words) or "0 seconds"

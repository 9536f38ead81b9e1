# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What differences ought to show, worked out from the simulator's state and the disk, apart from the collection."""

from __future__ import annotations

import grp
import hashlib
import pwd
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from .workbench import Snapshot

Document = Mapping[str, Any]
#: Kind and ID of a resource. A deployment has the ID of its group.
Key = tuple[str, str]
#: How many devices a difference names, and how much of an ID.
SHOWN, DIGITS = 40, 16
UNCLAIMED, NO_GROUP = "not claimed", "no group"
#: Types of the images that scenarios create, by the service's numbers.
IMAGE_TYPES = {10: "Applications", 21: "CustomerBoardConfig"}


@dataclass
class Side:
    """Everything that a difference can show, before or after: as it ought to be shown, and by which title.

    `groups` holds for each device the GUID of its group.
    """

    shown: dict[Key, Any] = field(default_factory=dict)
    titles: dict[str, list[Key]] = field(default_factory=dict)
    groups: dict[Key, str | None] = field(default_factory=dict)

    def add(self, key: Key, title: str, shown: Any) -> None:
        self.shown[key] = shown
        self.titles.setdefault(title, []).append(key)


def side(snapshot: Snapshot) -> Side:
    """What there is, on the simulator and on disk."""
    made = Side()
    document = snapshot.document
    mails = {each["id"]: each["mail"] for each in document["principals"]}
    for tenant in document["tenants"]:
        made.add(("tenant", tenant["id"]), f"tenant {tenant['name']}", {"name": tenant["name"]})
        _add_fleet(made, tenant)
        for who, roles in tenant["roles"].items():
            user = mails.get(who, who)
            made.add(("user", who + tenant["id"]), f"user {user}", {"user": user, "roles": sorted(roles)})
    for name, (mode, content) in snapshot.files.items():
        digest = hashlib.sha256(content).hexdigest()
        uid, gid = snapshot.owners[name]
        owners = {"owner": pwd.getpwuid(uid).pw_name, "group": grp.getgrgid(gid).gr_name}
        shown = {"path": name, "mode": f"{mode & 0o777:04o}", **owners, "size": len(content), "sha256": digest}
        made.add(("file", name), f"file {name}", shown)
    return made


def _add_fleet(made: Side, tenant: Document) -> None:
    labels = {image["id"]: f"{image['name']} ({image['id']})" for image in tenant["images"]}
    places = {}
    for product in tenant["products"]:
        name, groups = product["name"], product["device_groups"]
        names = sorted((group["name"] for group in groups), key=str.casefold)
        shown = {"name": name, "description": product["description"], "device_groups": names}
        made.add(("product", product["id"]), f"product {name}", shown)
        for group in groups:
            places[group["id"]] = f"{name}/{group['name']}"
            _add_group(made, name, group, labels)
    for device in tenant["devices"]:
        made.shown["device", device["id"]] = places.get(device["device_group"], NO_GROUP)
        made.groups["device", device["id"]] = device["device_group"]
    for image in tenant["images"]:
        shown = {name: image[name] for name in ("name", "id", "component_id")}
        shown["type"] = IMAGE_TYPES[image["type"]]
        made.add(("image", image["id"]), f"image {image['name']}", shown)


def _add_group(made: Side, product: str, group: Document, labels: Mapping[str, str]) -> None:
    place = f"{product}/{group['name']}"
    images = sorted(labels[image] for image in group["deployments"][-1]["images"]) if group["deployments"] else []
    settings = ("description", "os_feed", "update_policy", "allow_crash_dumps_collection")
    shown = {"name": group["name"], "product": product, **{name: group[name] for name in settings}}
    made.add(("group", group["id"]), f"device group {place}", shown)
    if group["deployments"]:
        made.add(("deployment", group["id"]), f"deployment to {place}", {"device_group": place, "images": images})


def check_differences(differences: Iterable[Mapping[str, str]], before: Snapshot, after: Snapshot) -> None:
    """Asserts that the differences tell the truth of both sides, and tell of everything that changed."""
    old, new = side(before), side(after)
    reported: set[Key] = set()
    for each in differences:
        assert set(each) == {"before", "after", "before_header", "after_header"}
        assert each["before"] != each["after"], f"the difference of {each['after_header']} shows none"
        if each["after_header"] == "devices":
            reported |= _check_devices(each, old, new)
        else:
            reported.add(_check_resource(each, old, new))
    silent = {key for key in {*old.shown, *new.shown} if old.shown.get(key) != new.shown.get(key)} - reported
    assert {key for key in silent if not _follows_from_reported(key, reported, old, new)} == set()


def _check_resource(each: Mapping[str, str], old: Side, new: Side) -> Key:
    title = each["after_header"]
    was, became = (yaml.safe_load(each[name]) if each[name] else None for name in ("before", "after"))
    keys = [*old.titles.get(each["before_header"], ()), *new.titles.get(title, ())]
    # Builds of one application share a name.
    named = {key for key in keys if key[0] != "image" or key[1] == (became or was)["id"]}
    assert len(named) == 1, f"{title} is the title of {len(named)} resources"
    key = named.pop()
    assert was == _wanted(old, key, was), f"{title} is shown as it was not"
    assert became == _wanted(new, key, became), f"{title} is shown as it is not"
    for shown in (was, became):
        assert shown is None or list(shown) == list(_wanted(old, key, shown) or _wanted(new, key, shown))
    return key


def _wanted(side: Side, key: Key, shown: Any) -> Any:
    """The state contains only some members of a tenant; the others are taken from the diff."""
    wanted = side.shown.get(key)
    if wanted is not None and shown is not None and key[0] == "tenant":
        return {**wanted, **{name: value for name, value in shown.items() if name not in wanted}}
    return wanted


def _check_devices(each: Mapping[str, str], old: Side, new: Side) -> set[Key]:
    moved = {key for key in new.groups if key not in old.groups or old.groups[key] != new.groups[key]}
    for text, known in ((each["before"], old), (each["after"], new)):
        counts = Counter(known.shown.get(key, UNCLAIMED) for key in moved)
        wanted_counts = [f"{count} device{'s' if count > 1 else ''}: {name}" for name, count in sorted(counts.items())]
        lines = text.splitlines()
        told_counts, lines = lines[: len(counts)], lines[len(counts) :]
        assert told_counts == wanted_counts
        if len(moved) > SHOWN:
            assert lines.pop() == f"… and {len(moved) - SHOWN} more"
        reported = dict(line.split("…  ", 1) for line in lines)
        assert len(reported) == len(lines) == min(len(moved), SHOWN)
        wanted = {key[1][:DIGITS]: known.shown.get(key, UNCLAIMED) for key in moved}
        assert {digits: wanted[digits] for digits in reported} == reported
    return moved


def _follows_from_reported(key: Key, reported: set[Key], old: Side, new: Side) -> bool:
    """Whether a change follows from a reported one: a product's name, its list of groups, or a tenant."""
    was, became = old.shown.get(key), new.shown.get(key)
    if key[0] == "product" and was and became:
        return bool(was | {"device_groups": None} == became | {"device_groups": None})
    if key[0] == "group" and was and became:
        return bool(was | {"product": None} == became | {"product": None})
    if key[0] == "group":
        product = (was or became)["product"]
        return any(("product", owner[1]) in reported for owner in _products(old, product) + _products(new, product))
    if key[0] == "deployment":
        return became is None or bool(was and was["images"] == became["images"])
    if key[0] == "device":
        return key in old.groups and old.groups[key] == new.groups[key]
    if key[0] == "user":
        # Whoever makes a tenant is its Administrator.
        return any(key[1].endswith(other[1]) for other in reported if other[0] == "tenant" and other not in old.shown)
    # The record of a tenant, or the journal of devices.
    return key[0] == "file" and any(kind in ("tenant", "device") for kind, _id in reported)


def _products(side: Side, name: str) -> list[Key]:
    return side.titles.get(f"product {name}", [])

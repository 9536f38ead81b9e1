# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What results ought to hold, worked out from the simulator's state and the disk, apart from the collection."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from .fleet import TENANT_ID
from .oracle import IMAGE_TYPES, UNCLAIMED, Document, Side, side
from .workbench import Snapshot

#: Where a check run may know nothing: what the service gives, and the texts of its default groups.
UNKNOWABLE = re.compile(
    r"(product|device_group|deployment|tenant|user|operation)\.id|operation\.started|deployment\.deployed_at"
    r"|product\.device_groups\[\d+\]\.(id|description)|user\.name|checksum|size"
    r"|changes\[\d+\]\.(before|after)\.description"
    r"|user_code|verification_url|message|expires_on|account\.\w+"
)
#: And where a real run, too, that does not wait.
NOT_WAITED_FOR = re.compile(r"operation\.state")
#: How the title of a difference starts for each kind of change of a blueprint.
TITLES = {
    "product": "product ",
    "device_group": "device group ",
    "image": "image ",
    "deployment": "deployment to ",
    "user": "user ",
}
#: What a blueprint's summary calls each action that its changes name.
DONE = {
    "created": "create",
    "updated": "update",
    "deleted": "delete",
    "uploaded": "upload",
    "deployed": "deploy",
    "claimed": "claim",
    "moved": "move",
}


def check_values(values: Mapping[str, Any], before: Snapshot, after: Snapshot) -> None:
    """Asserts that what a real run answered is what is there after it."""
    there = _Resources(after)
    for name in ("product", "device_group", "deployment", "tenant", "user", "image"):
        reported = values.get(name)
        if reported is not None:
            assert reported == there.wanted(name, reported), f"{name} is not reported as it is"
    if "checksum" in values:
        mode, content = after.files[values["dest"]]
        assert values["checksum"] == hashlib.sha256(content).hexdigest()
        assert (values["size"], values["mode"]) == (len(content), f"{mode & 0o777:04o}")
        assert (values["uid"], values["gid"]) == after.owners[values["dest"]]
    if "outcomes" in values:
        _check_outcomes(values, side(before), side(after))
    if "changes" in values:
        _check_changes(values, side(before), side(after))


#: The value of a result that has the GUID of what it is about, if it is not `id`.
_OWN_ID = {"deployment": "device_group_id"}


class _Resources:
    """What results show of each kind of resource in the tenant in use."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._tenants = {tenant["id"]: tenant for tenant in snapshot.document["tenants"]}
        self._principals = {each["id"]: each for each in snapshot.document["principals"]}
        self._tenant = self._tenants[TENANT_ID]
        self._images = {image["id"]: image for image in self._tenant["images"]}
        self._owners = {
            group["id"]: product for product in self._tenant["products"] for group in product["device_groups"]
        }

    def wanted(self, kind: str, reported: Mapping[str, Any]) -> Any:
        """Returns what is there. Where the result has no GUIDs, as of the Integrated API, names identify it."""
        found: Any = getattr(self, f"_{kind}_values")(reported)
        named = kind in ("product", "device_group", "deployment") and reported[_OWN_ID.get(kind, "id")] is None
        return _without_ids(found) if named else found

    def _product_values(self, reported: Mapping[str, Any]) -> Any:
        product = next(each for each in self._tenant["products"] if _is(each, reported["id"], reported["name"]))
        groups = sorted(product["device_groups"], key=lambda group: str(group["name"]).casefold())
        shown = {name: product[name] for name in ("id", "name", "description")}
        return {**shown, "device_groups": [self._members(group) for group in groups]}

    def _device_group_values(self, reported: Mapping[str, Any]) -> Any:
        owner, group = self._group(reported["id"], reported["product"], reported["name"])
        return {**self._members(group), "product_id": owner["id"], "product": owner["name"]}

    def _group(self, group_id: str | None, product: str, name: str) -> tuple[Document, Document]:
        """Returns a device group after its product."""
        owner = next(
            each
            for each in self._tenant["products"]
            if _is(each, None if group_id is None else self._owners[group_id]["id"], product)
        )
        return owner, next(each for each in owner["device_groups"] if _is(each, group_id, name))

    @staticmethod
    def _members(group: Document) -> dict[str, Any]:
        settings = ("id", "name", "description", "os_feed", "update_policy", "allow_crash_dumps_collection")
        current = group["deployments"][-1] if group["deployments"] else None
        return {
            **{name: group[name] for name in settings},
            "current_deployment": current and {**_deployed(current), "images": sorted(current["images"])},
        }

    def _deployment_values(self, reported: Mapping[str, Any]) -> Any:
        owner, group = self._group(reported["device_group_id"], reported["product"], reported["device_group"])
        current = group["deployments"][-1]
        return {
            **_deployed(current),
            "images": [self._image_values({"id": image}) for image in sorted(current["images"])],
            "product": owner["name"],
            "device_group": group["name"],
            "device_group_id": group["id"],
        }

    def _image_values(self, reported: Mapping[str, Any]) -> Any:
        image = self._images[reported["id"]]
        shown = {name: image[name] for name in ("id", "name", "description", "component_id")}
        return {**shown, "type": IMAGE_TYPES[image["type"]]}

    def _tenant_values(self, reported: Mapping[str, Any]) -> Any:
        tenant = self._tenants[reported["id"]]
        blocked = {"legacy_authorization": "blocked"} if tenant["legacy_authorization_blocked"] else {}
        if reported["name"] == (tenant["catalog"] or {}).get("name"):
            return {"id": tenant["id"], "name": reported["name"], "roles": []}
        return {"id": tenant["id"], "name": tenant["name"], "roles": ["Administrator"], **blocked}

    def _user_values(self, reported: Mapping[str, Any]) -> Any:
        principal = self._principals[reported["id"]]
        return {**principal, "roles": sorted(self._tenant["roles"][reported["id"]])}


def _is(resource: Document, resource_id: str | None, name: str) -> bool:
    """Returns whether a resource has this GUID, or this name where there is none."""
    return bool(resource["id"] == resource_id if resource_id is not None else resource["name"] == name)


def _without_ids(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a product, device group or deployment without the GUIDs that the Integrated API does not show."""
    bare = {**shown, **{name: None for name in ("product_id", "device_group_id") if name in shown}}
    if "device_groups" in shown:
        bare["device_groups"] = [_without_ids(group) for group in shown["device_groups"]]
    return bare if "deployed_at" in shown else {**bare, "id": None}


def _deployed(deployment: Document) -> dict[str, Any]:
    # The service writes a digit more, for a tenth of a microsecond.
    return {"id": deployment["id"], "deployed_at": deployment["deployed_at"].replace("Z", "0Z")}


def _check_outcomes(values: Mapping[str, Any], old: Side, new: Side) -> None:
    """Of each device, what was done to it is what happened to it; the counts are those of the devices."""
    for outcome in values["outcomes"]:
        key = ("device", outcome["id"])
        claimed = key not in old.groups
        moved = new.groups[key] != old.groups.get(key)
        assert outcome["actions"] == ["claim"] * claimed + ["move"] * moved
        assert (outcome["changed"], outcome["failed"], outcome["msg"]) == (claimed or moved, False, "")
    claims = new.groups.keys() - old.groups.keys()
    moves = {key for key, group in new.groups.items() if group != old.groups.get(key)}
    counts = values["summary"]
    assert (counts["claimed"], counts["moved"]) == (len(claims), len(moves))
    assert (counts["failed"], counts["not_tried"]) == (0, 0)
    assert counts["unchanged"] == counts["total"] - len(claims | moves)


def _check_changes(values: Mapping[str, Any], old: Side, new: Side) -> None:
    """Each change of a blueprint, before and after, and that the summary counts them."""
    counted: dict[str, dict[str, int]] = {}
    for change in values["changes"]:
        kind = change["kind"]
        if kind == "device":
            key = ("device", change["name"])
            assert change["before"] == old.shown.get(key, UNCLAIMED)
            assert change["after"] == new.shown[key]
        else:
            title = TITLES[kind] + change["name"]
            assert change["before"] in (None, *_shown(old, title))
            assert change["after"] in (None, *_shown(new, title))
            assert bool(change["before"]) == bool(_shown(old, title)) or kind == "image"
            assert bool(change["after"]) == bool(_shown(new, title))
        for action in change["action"].split(" and "):
            counts = counted.setdefault(kind, {})
            counts[action] = counts.get(action, 0) + 1
    for kind, counts in values["summary"].items():
        done = {action: count for action, count in counts.items() if count and action != "unchanged"}
        assert {DONE[action]: count for action, count in done.items()} == counted.get(kind, {})


def _shown(side: Side, title: str) -> list[Any]:
    """What differences show by this title, whatever its case."""
    keys = [key for name, found in side.titles.items() if name.casefold() == title.casefold() for key in found]
    return [side.shown[key] for key in keys]

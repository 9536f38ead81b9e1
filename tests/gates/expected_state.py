# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What options ask for, worked out on the state apart from the collection: that is done, and nothing else."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from .fleet import PACKAGES, TENANT_ID
from .workbench import Snapshot

Options = Mapping[str, Any]
DEFAULT_GROUPS = {
    "Development": ("Retail", "No3rdPartyAppUpdates"),
    "Field Test": ("Retail", "UpdateAll"),
    "Production": ("Retail", "UpdateAll"),
    "Field Test OS Evaluation": ("RetailEval", "UpdateAll"),
    "Production OS Evaluation": ("RetailEval", "UpdateAll"),
}
SETTINGS = ("os_feed", "update_policy", "allow_crash_dumps_collection")
#: The text of a default group: only the service knows it.
GIVEN = "(given by the service)"
_IMAGES = {name: image for name, image, _component, _label in PACKAGES}
_GUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


@dataclass
class ExpectedState:
    """A tenant by names in lower case; groups by product and name, images of groups as a set of GUIDs."""

    products: dict[str, dict[str, Any]]
    groups: dict[tuple[str, str], dict[str, Any]]
    devices: dict[str, tuple[str, str] | None]
    images: set[str]
    users: dict[str, set[str]]

    @classmethod
    def of(cls, snapshot: Snapshot) -> ExpectedState:
        [tenant] = [each for each in snapshot.document["tenants"] if each["id"] == TENANT_ID]
        mails = {each["id"]: each["mail"] for each in snapshot.document["principals"]}
        products = {each["name"].casefold(): each for each in tenant["products"]}
        groups = {
            (product, group["name"].casefold()): {
                **{name: group[name] for name in ("id", "name", "description", *SETTINGS)},
                "images": set(group["deployments"][-1]["images"]) if group["deployments"] else set(),
            }
            for product, each in products.items()
            for group in each["device_groups"]
        }
        places = {group["id"]: place for place, group in groups.items()}
        return cls(
            products={
                key: {name: each[name] for name in ("id", "name", "description")} for key, each in products.items()
            },
            groups=groups,
            devices={each["id"]: places.get(each["device_group"]) for each in tenant["devices"]},
            images={each["id"] for each in tenant["images"]},
            users={mails.get(who, who).casefold(): set(roles) for who, roles in tenant["roles"].items()},
        )

    # --- what each module does --------------------------------------------------------------------------------------

    def product(self, options: Options) -> None:
        key = self._named(self.products, options)
        if options.get("state") == "absent":
            self._drop_product(key)
            return
        product = self.products.setdefault(key, {"id": None, "name": options.get("name"), "description": None})
        _describe(product, options)
        if "id" in options and options.get("name", product["name"]) != product["name"]:
            product["name"] = options["name"]
            new = str(product["name"]).casefold()
            self.products = {new if name == key else name: each for name, each in self.products.items()}
            self.groups = {(new if owner == key else owner, name): each for (owner, name), each in self.groups.items()}
            self.devices = {
                each: (new, place[1]) if place and place[0] == key else place for each, place in self.devices.items()
            }
            key = new
        if options.get("default_device_groups", True) is not False:
            for name, (feed, policy) in DEFAULT_GROUPS.items():
                made = {"os_feed": feed, "update_policy": policy, "allow_crash_dumps_collection": False}
                whole = {"id": None, "name": name, "description": GIVEN, **made, "images": set()}
                self.groups.setdefault((key, name.casefold()), whole)

    def device_group(self, options: Options) -> None:
        key = self._place(options.get("product"), options.get("id") or options["name"])
        if options.get("state") == "absent":
            self.groups.pop(key, None)
            return
        new = {"id": None, "name": options.get("name"), "description": None, "images": set()}
        feed = {"os_feed": "Retail", "update_policy": "UpdateAll", "allow_crash_dumps_collection": False}
        group = self.groups.setdefault(key, {**new, **feed})
        _describe(group, options)
        group |= {name: options[name] for name in SETTINGS if options.get(name) is not None}
        if "id" in options and "name" in options:
            group["name"] = options["name"]
            place = (key[0], str(group["name"]).casefold())
            self.groups = {place if old == key else old: each for old, each in self.groups.items()}
            self.devices = {each: place if old == key else old for each, old in self.devices.items()}

    def image(self, options: Options) -> None:
        self.images.add(_IMAGES[Path(options["path"]).name])

    def deployment(self, options: Options) -> None:
        uploaded = {_IMAGES[Path(path).name] for path in options.get("packages") or ()}
        self.images |= uploaded
        group = self.groups[self._place(options.get("product"), options["device_group"])]
        group["images"] = uploaded | {image.lower() for image in options.get("images") or ()}

    def user_role(self, options: Options) -> None:
        user, roles = options["user"].casefold(), {role.capitalize() for role in options.get("roles") or ()}
        held = self.users.get(user, set())
        if options.get("state") == "absent":
            self.users[user] = held - roles if roles else set()
        else:
            self.users[user] = roles if options.get("exclusive") else held | roles

    def device(self, options: Options) -> None:
        rows = options.get("devices")
        if "ids" in options:
            rows = [{**options, "id": each} for each in options["ids"]]
            self.devices.update({each: None for each in options["ids"] if options.get("unassign")})
        if "src" in options:
            columns = {"DeviceId": "id", "ProductName": "product", "DeviceGroupName": "device_group"}
            listed = csv.DictReader(io.StringIO(Path(options["src"]).read_text(encoding="utf-8")))
            rows = [{columns[name]: text for name, text in row.items()} for row in listed]
        for row in rows or ():
            device, group = row["id"].lower(), row.get("device_group")
            self.devices.setdefault(device, None)
            if group:
                self.devices[device] = self._place(row.get("product"), group)

    def blueprint(self, options: Options) -> None:
        folder = Path(options.get("base_dir") or Path(options.get("src", ".")).parent)
        document = options.get("blueprint")
        if document is None:
            document = yaml.safe_load(Path(options["src"]).read_text(encoding="utf-8"))
        for product in document.get("products", ()):
            self.product(product)
            for group in product.get("device_groups", ()):
                self.device_group({**group, "product": product["name"]})
                if "deployment" in group:
                    self.deployment({**group["deployment"], "product": product["name"], "device_group": group["name"]})
        self.images |= {_IMAGES[Path(path).name] for path in document.get("images", ())}
        for user in document.get("users", ()):
            self.user_role(user)
        if "device_list" in document:
            self.device({"src": folder / document["device_list"]})
        self.device({"devices": document.get("devices", ())})
        self._prune(document, options.get("prune", ()))

    def _prune(self, document: Options, kinds: tuple[str, ...]) -> None:
        named = {product["name"].casefold(): product for product in document.get("products", ())}
        if "products" in kinds:
            for key in self.products.keys() - named.keys():
                self._drop_product(key)
        for key, product in named.items() if "device_groups" in kinds else ():
            kept = {group["name"].casefold() for group in product.get("device_groups", ())}
            kept |= {name.casefold() for name in DEFAULT_GROUPS if product.get("default_device_groups", True)}
            self.groups = {place: each for place, each in self.groups.items() if place[0] != key or place[1] in kept}
        if "users" in kinds:
            users = {user["user"].casefold() for user in document.get("users", ())}
            self.users = {user: roles for user, roles in self.users.items() if user in users}

    # --- names ------------------------------------------------------------------------------------------------------

    def _drop_product(self, key: str) -> None:
        self.products.pop(key, None)
        self.groups = {place: group for place, group in self.groups.items() if place[0] != key}

    @staticmethod
    def _named(there: Mapping[Any, Mapping[str, Any]], options: Options) -> Any:
        if "id" not in options:
            return options["name"].casefold()
        return next((key for key, each in there.items() if each["id"] == options["id"].lower()), None)

    def _place(self, product: str | None, group: str) -> Any:
        if _GUID.fullmatch(group):
            return self._named(self.groups, {"id": group})
        owner = str(product)
        key = self._named(self.products, {"id": owner}) if _GUID.fullmatch(owner) else owner.casefold()
        return (key, group.casefold())


def _describe(resource: dict[str, Any], options: Options) -> None:
    if options.get("description") is not None:
        resource["description"] = options["description"] or None


def check_expected_state(module: str, options: Options, before: Snapshot, after: Snapshot) -> None:
    """Asserts that the tenant is as the options ask for, and otherwise as it was."""
    wanted, there = ExpectedState.of(before), ExpectedState.of(after)
    if hasattr(wanted, module):
        getattr(wanted, module)(options)
    for kind in ("products", "groups"):
        rows: dict[Any, dict[str, Any]] = getattr(wanted, kind)
        for key, row in rows.items():
            real = getattr(there, kind).get(key, {})
            # What is new has a GUID and a text of the service's.
            row["id"] = row["id"] or real.get("id")
            row["description"] = real.get("description") if row["description"] == GIVEN else row["description"]
        assert rows == getattr(there, kind)
    assert wanted.devices == there.devices
    assert wanted.images == there.images
    assert {user: roles for user, roles in wanted.users.items() if roles} == there.users

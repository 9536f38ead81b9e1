# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Builds the state from a document, with defaults for everything that the document leaves out."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from . import certificates, images
from .documents import timestamp
from .integration import InvalidIntegration, integrate_tenants
from .names import DEFAULT_GROUPS, FEED_NAMES, OS_FEEDS, POLICY_NAMES, UPDATE_POLICIES
from .state import (
    SPHERE_DIRECTORY_ID,
    Application,
    CaCertificate,
    Deployment,
    Device,
    DeviceGroup,
    Directory,
    FederatedCredential,
    Image,
    Insight,
    ManagedIdentity,
    Person,
    Principal,
    Product,
    Secret,
    State,
    Tenant,
)

_NAMESPACE = uuid.UUID("5a3c0de5-0000-4000-8000-617a73706865")


class InvalidState(ValueError):
    """The document does not describe a valid state; the message contains the place and the reason."""


def guid_of(*names: str) -> str:
    """Return the default GUID of a seed entry: the same for the same names."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(names)))


def load(document: Mapping[str, Any], now: datetime) -> State:
    """Return the state that a document describes, completed with defaults. Raises InvalidState.

    `seeds` has validated the document against the schema, and completed its directories and applications.
    """
    return _Loader(document, now).state()


class _Loader:
    def __init__(self, document: Mapping[str, Any], now: datetime) -> None:
        self._document = document
        self._now = now
        self._state = State()

    def state(self) -> State:
        self._identities()
        self._devices_of_nobody()
        root = self._document.get("root") or asdict(certificates.make_root(self._now))
        _check_authority(root["certificate"], root["key"], "The root")
        self._state.root_certificate, self._state.root_key = root["certificate"], root["key"]
        for entry in self._document.get("tenants", []):
            tenant = _TenantLoader(self._state, entry, self._now).tenant()
            if tenant.id in self._state.tenants:
                raise InvalidState(f"Two tenants have the ID {tenant.id}; give each its own.")
            self._state.tenants[tenant.id] = tenant
        try:
            integrate_tenants(self._state, self._document, timestamp(self._now))
        except InvalidIntegration as error:
            raise InvalidState(str(error)) from error
        return self._state

    def _identities(self) -> None:
        state, document = self._state, self._document
        for entry in document.get("directories", []):
            state.directories[entry["id"].lower()] = Directory(entry["id"].lower(), entry.get("name", ""))
        home = next((d for d in state.directories if d != SPHERE_DIRECTORY_ID), SPHERE_DIRECTORY_ID)
        for entry in document.get("applications", []):
            name = entry["name"]
            state.applications.append(
                Application(
                    client_id=_guid(entry, "client_id", "client", name),
                    object_id=_guid(entry, "object_id", "application", name),
                    name=name,
                    directory_id=entry.get("directory_id", home).lower(),
                    secrets=[Secret(s["value"], s.get("expires")) for s in entry.get("secrets", [])],
                    certificates=list(entry.get("certificates", [])),
                    federated=[FederatedCredential(**f) for f in entry.get("federated", [])],
                    consented=entry.get("consented", True),
                    public=entry.get("public", False),
                )
            )
        for entry in document.get("people", []):
            username = entry["username"]
            state.people.append(
                Person(
                    _guid(entry, "object_id", "person", username.lower()),
                    username,
                    entry.get("name", username),
                    entry["directory_id"].lower() if entry.get("directory_id") else None,
                )
            )
        for entry in document.get("managed_identities", []):
            state.managed_identities.append(
                ManagedIdentity(
                    object_id=_guid(entry, "object_id", "identity", entry["name"]),
                    client_id=_guid(entry, "client_id", "identity client", entry["name"]),
                    name=entry["name"],
                    directory_id=entry.get("directory_id", home).lower(),
                    system_assigned=entry.get("system_assigned", False),
                )
            )
        for entry in document.get("principals", []):
            mail = entry["mail"]
            principal = Principal(_guid(entry, "id", "principal", mail.lower()), entry.get("name", mail), mail)
            state.principals[principal.id] = principal

    def _devices_of_nobody(self) -> None:
        unclaimed = self._document.get("unclaimed", "any")
        self._state.any_unclaimed = unclaimed == "any"
        self._state.unclaimed = set() if unclaimed == "any" else {device.lower() for device in unclaimed}
        self._state.paused = self._document.get("paused", False)
        self._state.tenant_makers = {device.lower() for device in self._document.get("tenant_makers", [])}


class _TenantLoader:
    def __init__(self, state: State, entry: Mapping[str, Any], now: datetime) -> None:
        self._state = state
        self._entry = entry
        self._now = now
        self._name: str = entry["name"]
        self._tenant = Tenant(
            _guid(entry, "id", "tenant", self._name),
            self._name,
            legacy_authorization_blocked=entry.get("legacy_authorization_blocked", False),
            paused=entry.get("paused", False),
        )

    def tenant(self) -> Tenant:
        self._roles()
        for entry in self._entry.get("images", []):
            image = self._image(entry)
            self._tenant.images[image.id] = image
        for entry in self._entry.get("products", []):
            self._product(entry)
        for entry in self._entry.get("devices", []):
            self._device({"id": entry} if isinstance(entry, str) else entry)
        self._certificates()
        self._tenant.insights = [
            Insight(
                device_id=entry["device_id"].lower(),
                event_type=entry.get("event_type", "Unplanned"),
                event_class=entry.get("event_class", "AppCrash"),
                event_category=entry.get("event_category", "Application"),
                description=entry.get("description", ""),
                count=entry.get("count", 1),
                start=entry["start"],
                end=entry.get("end", entry["start"]),
            )
            for entry in self._entry.get("insights", [])
        ]
        return self._tenant

    def _roles(self) -> None:
        for who, roles in self._entry.get("roles", {}).items():
            principal = self._state.identity(who)
            if principal is None:
                raise InvalidState(
                    f"The tenant {self._name!r} gives a role to {who!r}, which is not in the document: "
                    "add an application, person, managed identity or principal of that name or ID."
                )
            self._state.principals.setdefault(principal.id, principal)
            self._tenant.roles[principal.id] = set(roles)

    def _image(self, entry: Mapping[str, Any]) -> Image:
        try:
            package = base64.b64decode(entry["package"], validate=True) if "package" in entry else self._composed(entry)
            identity = images.read(package)
        except (images.InvalidPackage, ValueError) as error:
            raise InvalidState(
                f"An image of the tenant {self._name!r} is not a valid image package: {error}."
            ) from error
        return Image(
            identity.image_id,
            identity.component_id,
            entry.get("name", identity.name),
            identity.image_type,
            entry.get("description"),
            package,
            entry.get("regional_data_boundary", "None"),
        )

    def _composed(self, entry: Mapping[str, Any]) -> bytes:
        """Return a generated package for an image that has no package in the document."""
        name = entry.get("name", "application")
        return images.compose(
            image_id=_guid(entry, "id", "image", self._name, name),
            component_id=_guid(entry, "component_id", "component", self._name, name),
            name=name,
            image_type=entry.get("type", 10),
            payload=name.encode(),
        )

    def _product(self, entry: Mapping[str, Any]) -> None:
        name = entry["name"]
        product = Product(_guid(entry, "id", "product", self._tenant.id, name), name, entry.get("description"))
        if any(other.name.casefold() == name.casefold() for other in self._tenant.products.values()):
            raise InvalidState(f"The tenant {self._name!r} has two products named {name!r}.")
        self._tenant.products[product.id] = product
        groups: Iterable[Mapping[str, Any]] = entry.get("device_groups", _default_group_entries())
        for group_entry in groups:
            group = self._group(product, group_entry)
            product.groups[group.id] = group
            self._tenant.groups[group.id] = group

    def _group(self, product: Product, entry: Mapping[str, Any]) -> DeviceGroup:
        name = entry["name"]
        if any(other.name.casefold() == name.casefold() for other in product.groups.values()):
            raise InvalidState(f"The product {product.name!r} has two device groups named {name!r}.")
        group = DeviceGroup(
            _guid(entry, "id", "group", product.id, name),
            product.id,
            name,
            entry.get("description"),
            OS_FEEDS[entry.get("os_feed", "Retail")],
            UPDATE_POLICIES[entry.get("update_policy", "UpdateAll")],
            entry.get("allow_crash_dumps_collection", False),
            entry.get("regional_data_boundary", "None"),
        )
        for number, deployment_entry in enumerate(entry.get("deployments", [])):
            deployment = Deployment(
                _guid(deployment_entry, "id", "deployment", group.id, str(number)),
                [image.lower() for image in deployment_entry["images"]],
                deployment_entry.get("deployed_at") or timestamp(self._now + timedelta(milliseconds=number)),
            )
            missing = sorted(set(deployment.images) - set(self._tenant.images))
            if missing:
                raise InvalidState(f"A deployment to {name!r} names the image {missing[0]}, which does not exist.")
            group.deployments.append(deployment)
            self._tenant.deployments[deployment.id] = deployment
        return group

    def _device(self, entry: Mapping[str, Any]) -> None:
        device_id = entry["id"].lower()
        if device_id in self._state.owners:
            raise InvalidState(f"The device {device_id[:12]}... has two owners; a device belongs to one tenant.")
        device = Device(
            device_id,
            self._tenant.id,
            last_available_os_version=entry.get("last_available_os_version"),
            last_installed_os_version=entry.get("last_installed_os_version"),
            last_os_update=entry.get("last_os_update"),
            last_update_request=entry.get("last_update_request"),
        )
        self._state.owners[device_id] = self._tenant.id
        self._tenant.devices[device_id] = device
        if entry.get("device_group"):
            self._tenant.place(device, self._find_group(entry["device_group"]))

    def _find_group(self, reference: str) -> DeviceGroup:
        group = self._tenant.groups.get(reference.lower())
        if group is not None:
            return group
        for product in self._tenant.products.values():
            for group in product.groups.values():
                if f"{product.name}/{group.name}".casefold() == reference.casefold():
                    return group
        raise InvalidState(
            f"A device is in the group {reference!r}, which the tenant {self._name!r} does not have; use Product/Group."
        )

    def _certificates(self) -> None:
        root = certificates.Authority(self._state.root_certificate, self._state.root_key)
        entries = self._entry.get("certificates")
        if entries is None:
            self._tenant.certificates = certificates.make_default_cas(root, self._tenant.id, self._now)
            return
        for entry in entries:
            if "certificate" in entry:
                _check_authority(entry["certificate"], entry["key"], f"A certificate of the tenant {self._name!r}")
                made = CaCertificate(
                    entry["thumbprint"],
                    entry["certificate"],
                    entry["key"],
                    entry.get("active", False),
                    entry.get("revoked", False),
                )
            else:
                not_after = self._now + timedelta(days=entry.get("ends_in_days", 60))
                starts = entry.get("starts_in_days")
                made = certificates.make_tenant_ca(
                    root,
                    self._tenant.id,
                    not_after - certificates.VALIDITY if starts is None else self._now + timedelta(days=starts),
                    not_after,
                    active=entry.get("active", False),
                    revoked=entry.get("revoked", False),
                )
            self._tenant.certificates.append(made)


def _default_group_entries() -> list[dict[str, Any]]:
    return [
        {
            "name": group.name,
            "description": group.description,
            "os_feed": FEED_NAMES[group.os_feed],
            "update_policy": POLICY_NAMES[group.update_policy],
        }
        for group in DEFAULT_GROUPS
    ]


def _check_authority(certificate: str, key: str, what: str) -> None:
    problem = certificates.authority_problem(certificates.Authority(certificate, key))
    if problem is not None:
        raise InvalidState(f"{what} is not a valid certificate with its key, both PEM: {problem}.")


def _guid(entry: Mapping[str, Any], member: str, *names: str) -> str:
    given = entry.get(member)
    return str(given).lower() if given else guid_of(*names)

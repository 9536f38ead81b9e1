# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Verbs of the port with random arguments, done on any service; resources are named, as GUIDs differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import Conflict, FleetError, InvalidInput, NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import ProductRef, group_ref
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    OS_FEEDS,
    UPDATE_POLICIES,
    Deployment,
    Device,
    DeviceGroup,
    DeviceGroupSpec,
    Image,
    ImagePackage,
    Operation,
    ProductSpec,
    User,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import Placeholder
from ansible_collections.azsphere.fleet.plugins.module_utils._service import DeviceOutcome, Service
from hypothesis import strategies as st

BAD_NAMES = ("Bad-Name", "", "x" * 51)
REFUSED = "refused: "
#: Kinds of errors, by code or status, in words that both sides share.
KINDS = {"Conflict": "conflict", 409: "conflict", "NotFound": "not found", 404: "not found", 400: "bad request"}


@dataclass(frozen=True)
class Act:
    """A verb of the port. Products and groups among the arguments are names."""

    verb: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"{self.verb}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"


class Actor:
    """Performs acts on a service and returns the outcome of each in a form without GUIDs."""

    def __init__(self, service: Service, packages: Mapping[str, ImagePackage]) -> None:
        self._service = service
        self._packages = packages

    def do(self, act: Act) -> Any:
        """What the verb answered, or how it was refused."""
        try:
            found: Any = getattr(self, f"_{act.verb}")(**act.arguments)
        except FleetError as error:
            return f"{REFUSED}{kind_of(error)}"
        return found

    def look(self) -> list[Any]:
        """Everything that can be read."""
        looked = [self.do(act) for act in LOOKS]
        products = [product.name for product in self._service.products.list()]
        for product in sorted(products):
            groups = self._groups(product=product)
            looked.append((product, groups, self._count(product=product, group=None)))
            for group in groups:
                place = {"product": product, "group": group[1]}
                looked.append((place, self._deployments(**place), self._devices_in(**place), self._count(**place)))
        return looked

    # --- writes -----------------------------------------------------------------------------------------------------

    def _create_product(self, name: str, description: str | None, default: bool) -> None:
        self._end(self._service.products.create(ProductSpec(name, description, default)))

    def _update_product(self, product: str, name: str | None, description: str | None) -> None:
        self._service.products.update(ProductRef(product), ProductSpec(name, description))

    def _delete_product(self, product: str) -> None:
        self._end(self._service.products.delete(ProductRef(product)))

    def _create_default_groups(self, product: str) -> None:
        self._service.products.create_default_device_groups(ProductRef(product))

    def _create_group(self, product: str, **members: Any) -> None:
        self._service.device_groups.create(ProductRef(product), DeviceGroupSpec(**members))

    def _update_group(self, product: str, group: str, **members: Any) -> None:
        self._service.device_groups.update(group_ref(product, group), DeviceGroupSpec(**members))

    def _delete_group(self, product: str, group: str) -> None:
        self._end(self._service.device_groups.delete(group_ref(product, group)))

    def _claim(self, devices: list[str]) -> Any:
        reported: dict[str, str] = {}
        self._service.devices.claim(devices, Deadline(30), _report(reported))
        return reported

    def _move(self, devices: list[str], product: str, group: str) -> Any:
        reported: dict[str, str] = {}
        self._service.devices.move(devices, group_ref(product, group), Deadline(30), _report(reported))
        return reported

    def _upload(self, package: str) -> None:
        self._end(self._service.images.upload(self._packages[package]))

    def _deploy(self, product: str, group: str, images: list[str]) -> None:
        chosen = [self._packages[name].id for name in images]
        self._end(self._service.deployments.create(group_ref(product, group), chosen))

    def _invite(self, user: str) -> None:
        self._service.users.invite(user)

    def _assign(self, user: str, role: str) -> None:
        self._service.users.assign_role(user, role)

    def _unassign(self, user: str, role: str) -> None:
        self._service.users.unassign_role(user, role)

    def _create_tenant(self, name: str, device: str) -> None:
        self._end(self._service.tenants.create(name, device))

    def _rename_tenant(self, name: str) -> None:
        self._service.tenants.rename(name)

    def _capability(self, device: str) -> str:
        self._service.devices.capability_file(device, ["appDevelopment"])
        return "a file"

    # --- reads ------------------------------------------------------------------------------------------------------

    def _tenant(self) -> Any:
        return self._service.tenants.current().name

    def _tenants(self) -> Any:
        return sorted((tenant.name, tenant.roles) for tenant in self._service.tenants.list())

    def _products(self) -> Any:
        return sorted((product.name, product.description) for product in self._service.products.list())

    def _product_named(self, name: str) -> Any:
        found = self._service.products.get(ProductRef(name))
        return found and (found.name, found.description)

    def _groups(self, product: str | None) -> Any:
        groups = self._service.device_groups.list(None if product is None else ProductRef(product))
        return sorted((self._shown_group(group) for group in groups), key=lambda group: (str(group[0]), group[1]))

    def _groups_named(self, name: str) -> Any:
        found = self._service.device_groups.named(name)
        return sorted((self._shown_group(group) for group in found), key=lambda group: (str(group[0]), group[1]))

    def _devices(self) -> Any:
        return sorted((self._shown_device(device) for device in self._service.devices.list()), key=str)

    def _devices_in(self, product: str, group: str) -> Any:
        return sorted(device.id for device in self._service.devices.list(group_ref(product, group)))

    def _device(self, device: str) -> Any:
        found = self._service.devices.get(device)
        return None if found is None or found.tenant_id is None else self._shown_device(found)

    def _count(self, product: str | None, group: str | None) -> int:
        if product is None:
            return self._service.devices.count()
        if group is None:
            return self._service.devices.count(ProductRef(product))
        return self._service.devices.count(group_ref(product, group))

    def _targeted(self, device: str) -> Any:
        return sorted(image.id for image in self._service.devices.targeted_images(device))

    def _images(self) -> Any:
        return sorted(_shown_image(image) for image in self._service.images.list())

    def _image(self, image: str) -> Any:
        found = self._service.images.get(self._packages[image].id)
        return found and _shown_image(found)

    def _image_status(self, image: str) -> Any:
        return self._service.images.status(self._packages[image].id)

    def _component_ids(self, images: list[str]) -> Any:
        return self._service.images.component_ids([self._packages[name].id for name in images])

    def _deployments(self, product: str, group: str) -> Any:
        return [_shown_deployment(each) for each in self._service.deployments.list(group_ref(product, group))]

    def _users(self) -> Any:
        return sorted(_shown_user(user) for user in self._service.users.list())

    def _user(self, user: str) -> Any:
        found = self._service.users.get(user)
        return found and _shown_user(found)

    # --- forms -------------------------------------------------------------------------------------------------------

    def _shown_group(self, group: DeviceGroup) -> tuple[Any, ...]:
        current = group.current_deployment and _shown_deployment(group.current_deployment)
        settings = (group.os_feed, group.update_policy, group.allow_crash_dumps_collection)
        return (group.ref.product.name, group.name, group.description, *settings, current)

    def _shown_device(self, device: Device) -> tuple[Any, ...]:
        return (device.id, device.tenant_id, None if device.group is None else str(device.group))

    def _end(self, operation: Operation | None) -> None:
        if operation is not None:
            self._service.operations.wait(operation, Deadline(30))


def kind_of(error: FleetError) -> str:
    for name, kind in ((Conflict, "conflict"), (NotFound, "not found"), (InvalidInput, "bad request")):
        if isinstance(error, name):
            return kind
    return KINDS.get(error.code or "", KINDS.get(error.status or 0, f"{type(error).__name__} {error.code}"))


def _report(reported: dict[str, str]) -> Callable[[DeviceOutcome], bool]:
    def report(outcome: DeviceOutcome) -> bool:
        reported[outcome.id] = "done" if outcome.error is None else kind_of(outcome.error)
        return True

    return report


def _shown_image(image: Image) -> tuple[Any, ...]:
    return (image.id, image.name, image.description, image.component_id, image.type)


def _shown_deployment(deployment: Deployment) -> tuple[str, ...]:
    return deployment.images


def _shown_user(user: User) -> tuple[Any, ...]:
    return ((user.mail or "").casefold(), tuple(sorted(user.roles)))


def same(planned: Any, real: Any) -> bool:
    """Whether a reading of the overlay fits one of the service: a placeholder fits everything."""
    if isinstance(planned, Placeholder):
        return True
    if isinstance(planned, (list, tuple)) and isinstance(real, (list, tuple)):
        return len(planned) == len(real) and all(same(*pair) for pair in zip(planned, real, strict=True))
    return bool(planned == real)


LOOKS = (
    Act("tenant"),
    Act("tenants"),
    Act("products"),
    Act("groups", {"product": None}),
    Act("devices"),
    Act("images"),
    Act("users"),
)


def acts(names: list[str], groups: list[str], devices: list[str], packages: list[str], users: list[str]) -> Any:
    """Acts whose arguments are drawn from these."""
    name, group = st.sampled_from([*names, *BAD_NAMES[:2]]), st.sampled_from([*groups, *BAD_NAMES[2:]])
    product, package, user = st.sampled_from(names), st.sampled_from(packages), st.sampled_from(users)
    text = st.sampled_from((None, "", "Words"))
    place = {"product": product, "group": st.sampled_from(groups)}
    several = st.lists(st.sampled_from(devices), min_size=1, max_size=3, unique=True)
    role = st.sampled_from(("Reader", "contributor", "Owner"))
    chosen = st.lists(package, min_size=1, max_size=2, unique=True)
    settings = {"os_feed": st.sampled_from(OS_FEEDS), "update_policy": st.sampled_from(UPDATE_POLICIES)}
    all_settings = {**settings, "allow_crash_dumps_collection": st.booleans()}
    changes = {key: st.none() | each for key, each in all_settings.items()}
    device = st.sampled_from(devices)
    tenant = st.sampled_from(("Contoso Fleet", "contoso fleet", "Lab", "Bad-Name"))
    writes: dict[str, dict[str, Any]] = {
        "create_tenant": {"name": tenant, "device": device},
        "rename_tenant": {"name": tenant},
        "capability": {"device": device},
        "create_product": {"name": name, "description": text, "default": st.booleans()},
        "update_product": {"product": product, "name": st.none() | name, "description": text},
        "delete_product": {"product": product},
        "create_default_groups": {"product": product},
        "create_group": {"product": product, "name": group, "description": text, **settings},
        "update_group": {**place, "name": st.none() | group, "description": text, **changes},
        "delete_group": place,
        "claim": {"devices": several},
        "move": {"devices": several, **place},
        "upload": {"package": package},
        "deploy": {**place, "images": chosen},
        "invite": {"user": user},
        "assign": {"user": user, "role": role},
        "unassign": {"user": user, "role": role},
    }
    reads: dict[str, dict[str, Any]] = {
        "tenant": {},
        "tenants": {},
        "product_named": {"name": product},
        "groups": {"product": st.none() | product},
        "groups_named": {"name": st.sampled_from(groups)},
        "devices": {},
        "devices_in": place,
        "device": {"device": device},
        "count": {"product": product, "group": st.none() | st.sampled_from(groups)},
        "targeted": {"device": device},
        "images": {},
        "image": {"image": package},
        "image_status": {"image": package},
        "component_ids": {"images": chosen},
        "deployments": place,
        "users": {},
        "user": {"user": user},
    }
    table = {**writes, **reads}
    # What was read before may be kept, so reads come in between; but it is the writes that differ.
    return st.sampled_from([*sorted(writes), *sorted(writes), *sorted(reads)]).flatmap(
        lambda verb: st.fixed_dictionaries(table[verb]).map(lambda arguments: Act(verb, arguments))
    )

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What somebody asks for, one description for each kind of resource: modules, blueprints and the port share them.

None leaves a value as it is. An empty description clears it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, TypeVar

from .resources import OS_FEEDS, UPDATE_POLICIES, ImagePackage


@dataclass(frozen=True)
class ProductSpec:
    """A product. `default_device_groups`: whether it has the five default device groups; none is ever deleted."""

    name: str | None = None
    description: str | None = None
    default_device_groups: bool = True


@dataclass(frozen=True)
class DeviceGroupSpec:
    """The settings of a device group. Each field is an option of modules and a key of blueprints by the same name."""

    name: str | None = None
    description: str | None = None
    os_feed: str | None = field(default=None, metadata={"choices": OS_FEEDS})
    update_policy: str | None = field(default=None, metadata={"choices": UPDATE_POLICIES})
    allow_crash_dumps_collection: bool | None = None


@dataclass(frozen=True)
class Setting:
    """A field of a spec: a boolean, or a text, possibly with choices."""

    name: str
    is_flag: bool
    choices: tuple[str, ...]


def settings_of(spec: type[ProductSpec] | type[DeviceGroupSpec]) -> tuple[Setting, ...]:
    """Returns the fields of a spec, from which schemas and options are made."""
    return tuple(
        Setting(each.name, "bool" in str(each.type), tuple(each.metadata.get("choices", ()))) for each in fields(spec)
    )


@dataclass(frozen=True)
class DeploymentSpec:
    """The whole set of images of a device group: those in the tenant by GUID, and packages, uploaded when missing.

    `product` may be None when `device_group` identifies one by itself.
    """

    product: str | None
    device_group: str
    images: tuple[str, ...] = ()
    packages: tuple[ImagePackage, ...] = ()

    @property
    def image_ids(self) -> tuple[str, ...]:
        return tuple(sorted({*self.images, *(package.id for package in self.packages)}))


@dataclass(frozen=True)
class UserSpec:
    """Roles of a user or service principal, by address or GUID.

    With `present` it has the roles that are listed, with `exclusive` no others; otherwise it has none of them, and none
    at all when none is listed. `force` allows to take the Administrator role from the account that does it.
    """

    user: str
    roles: tuple[str, ...] = ()
    exclusive: bool = False
    present: bool = True
    force: bool = False


Settings = TypeVar("Settings", ProductSpec, DeviceGroupSpec)
Resource = TypeVar("Resource")


def _settings(spec: ProductSpec | DeviceGroupSpec, resource: object) -> Iterator[Field[Any]]:
    """Fields of the spec that the resource has too."""
    return (each for each in fields(spec) if hasattr(resource, each.name))


def differences(spec: Settings, resource: object) -> Settings | None:
    """Returns the spec with those settings alone that the resource does not have yet; None when it has them all."""
    kept: dict[str, Any] = {
        each.name: None
        for each in _settings(spec, resource)
        if getattr(spec, each.name) is None or getattr(spec, each.name) == _plain(getattr(resource, each.name))
    }
    wanted = [each.name for each in _settings(spec, resource) if each.name not in kept]
    return replace(spec, **kept) if wanted else None


def updated(resource: Resource, spec: ProductSpec | DeviceGroupSpec) -> Resource:
    """Returns the resource with the settings that the spec gives, save its name, which is part of its reference."""
    given = {each.name: getattr(spec, each.name) for each in _settings(spec, resource) if each.name != "name"}
    changed = {name: value if value != "" else None for name, value in given.items() if value is not None}
    return replace(resource, **changed)  # type: ignore[type-var]


def _plain(value: Any) -> Any:
    """No text is as good as an empty one."""
    return "" if value is None else value

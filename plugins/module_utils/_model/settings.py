# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Compares what somebody asks for, a spec, with what is there, a resource, by the fields that both have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, dataclass, fields, replace
from typing import Any, TypeVar

from .resources import DeviceGroupSpec, ProductSpec


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

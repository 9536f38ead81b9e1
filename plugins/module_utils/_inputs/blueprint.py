# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The document that describes a whole tenant: read from a file or options, and checked as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import InvalidInput, MissingLibrary
from .._files import Files
from .._model.resources import ROLES, ImagePackage
from .._model.specs import DeploymentSpec, DeviceGroupSpec, ProductSpec, UserSpec, settings_of
from .._model.values import same_name
from . import schema
from .device_rows import DeviceRow, rows_from_csv, rows_from_list
from .duplicate_keys import duplicate_keys
from .packages import read_package

_DEPLOYMENT = schema.mapping(images=schema.list_of(schema.text()), packages=schema.list_of(schema.text()))
_GROUP = schema.mapping(
    **{
        setting.name: schema.flag()
        if setting.is_flag
        else schema.text(*setting.choices, required=setting.name == "name")
        for setting in settings_of(DeviceGroupSpec)
    },
    deployment=_DEPLOYMENT,
)
_PRODUCT = schema.mapping(
    name=schema.text(required=True),
    description=schema.text(),
    default_device_groups=schema.flag(),
    device_groups=schema.list_of(_GROUP),
)
_DEVICE = schema.mapping(id=schema.text(required=True), product=schema.text(), device_group=schema.text())
_USER = schema.mapping(
    user=schema.text(required=True),
    roles=schema.list_of(schema.text(*ROLES, any_case=True)),
    exclusive=schema.flag(),
)
DOCUMENT = schema.mapping(
    products=schema.list_of(_PRODUCT),
    images=schema.list_of(schema.text()),
    devices=schema.list_of(_DEVICE),
    device_list=schema.text(),
    users=schema.list_of(_USER),
)


@dataclass(frozen=True)
class Blueprint:
    """A tenant as it must be. What it does not name is left alone. Groups come with the name of their product."""

    products: tuple[ProductSpec, ...] = ()
    device_groups: tuple[tuple[str, DeviceGroupSpec], ...] = ()
    deployments: tuple[DeploymentSpec, ...] = ()
    packages: tuple[ImagePackage, ...] = ()
    devices: tuple[DeviceRow, ...] = ()
    users: tuple[UserSpec, ...] = ()

    def groups_of(self, product: str) -> tuple[DeviceGroupSpec, ...]:
        """Returns the device groups that it names in a product."""
        return tuple(spec for owner, spec in self.device_groups if same_name(owner, product))


def read_blueprint(files: Files, path: str, base_dir: str | None = None, prune: Iterable[str] = ()) -> Blueprint:
    """From a YAML or JSON file; paths in it are relative to the base_dir, by default that of the file."""
    try:
        import yaml
    except ImportError as error:
        raise MissingLibrary("PyYAML", "read blueprints") from error
    content = files.read(path)
    if content is None:
        raise InvalidInput(f"There is no blueprint {path}.", code="file", target=path)
    try:
        loader = yaml.SafeLoader(content)
        node = loader.get_single_node()
        # The first would be lost, and what it describes perhaps pruned.
        for key, line in duplicate_keys(node):
            raise InvalidInput(
                f"The blueprint {path} has {key} twice in one mapping, line {line}.", code="blueprint", target=path
            )
        document = None if node is None else loader.construct_document(node)
    # A date that cannot be is a mere ValueError.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise InvalidInput(
            f"The blueprint {path} is neither YAML nor JSON{where}.", code="file", target=path
        ) from error
    start = base_dir or os.path.dirname(os.path.abspath(path))
    return parse_blueprint(files, {} if document is None else document, start, path, prune)


def parse_blueprint(
    files: Files, document: Any, base_dir: str, source: str | None = None, prune: Iterable[str] = ()
) -> Blueprint:
    """Checks the document and reads the files that it names, relative to the base_dir.

    `prune` are the kinds of which nothing else is to be there: the document has to speak of them.

    Raises one InvalidInput that tells of each place that is wrong; packages and device lists that cannot be used raise
    their own.
    """
    found = schema.problems(document, DOCUMENT) or [*_repetitions(document), *_unspoken(document, prune)]
    if found:
        name = f"blueprint {source}" if source else "blueprint"
        raise InvalidInput(f"The {name} cannot be used: {'; '.join(found)}.", code="blueprint", target=source)
    reader = _Reader(files, base_dir)
    products = document.get("products") or ()
    groups = [(each["name"], each.get("device_groups") or ()) for each in products]
    return Blueprint(
        products=tuple(_product(each) for each in products),
        device_groups=tuple((product, _group(each)) for product, entries in groups for each in entries),
        deployments=tuple(each for product, entries in groups for each in reader.deployments(product, entries)),
        packages=reader.packages(document.get("images") or ()),
        devices=reader.devices(document),
        users=tuple(_user(each) for each in document.get("users") or ()),
    )


def _repetitions(document: Mapping[str, Any]) -> list[str]:
    """Names that stand twice where one has to be."""
    products = document.get("products") or []
    found = _twice("products", [each["name"] for each in products])
    for number, product in enumerate(products):
        groups = [each["name"] for each in product.get("device_groups") or ()]
        found += _twice(f"products[{number}].device_groups", groups)
    found += _twice("users", [each["user"] for each in document.get("users") or ()])
    if document.get("devices") is not None and document.get("device_list") is not None:
        found.append("devices and device_list are both given; one of them is to be")
    return found


def _unspoken(document: Mapping[str, Any], prune: Iterable[str]) -> list[str]:
    """Kinds that would be pruned down to nothing because the document says nothing of them: it may be the wrong one.

    Groups are pruned only in products that it names.
    """
    return [
        f"{kind} are to be pruned and it says nothing of them (to delete them all, write {kind}: [])"
        for kind in sorted(prune)
        if kind != "device_groups" and document.get(kind) is None
    ]


def _twice(path: str, names: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    found = []
    for name in names:
        if name.casefold() in seen:
            found.append(f'{path}: "{name}" stands twice')
        seen.add(name.casefold())
    return found


class _Reader:
    """Turns a checked document into what it means, reading each file once."""

    def __init__(self, files: Files, base_dir: str) -> None:
        self._files = files
        self._base_dir = base_dir
        self._packages: dict[str, ImagePackage] = {}

    def deployments(self, product: str, groups: Iterable[Mapping[str, Any]]) -> Iterator[DeploymentSpec]:
        for group in groups:
            deployment = group.get("deployment")
            if deployment is not None:
                packages = self.packages(deployment.get("packages") or ())
                yield DeploymentSpec(product, group["name"], tuple(deployment.get("images") or ()), packages)

    def packages(self, paths: Sequence[str]) -> tuple[ImagePackage, ...]:
        return tuple(self._package(os.path.join(self._base_dir, os.path.expanduser(path))) for path in paths)

    def _package(self, path: str) -> ImagePackage:
        if path not in self._packages:
            self._packages[path] = read_package(path)
        return self._packages[path]

    def devices(self, document: Mapping[str, Any]) -> tuple[DeviceRow, ...]:
        if document.get("device_list") is not None:
            path = os.path.join(self._base_dir, os.path.expanduser(document["device_list"]))
            return tuple(rows_from_csv(self._files, path))
        return tuple(rows_from_list(document.get("devices") or ()))


def _product(entry: Mapping[str, Any]) -> ProductSpec:
    default = entry.get("default_device_groups")
    return ProductSpec(entry["name"], entry.get("description"), True if default is None else default)


def _group(entry: Mapping[str, Any]) -> DeviceGroupSpec:
    return DeviceGroupSpec(**{setting.name: entry.get(setting.name) for setting in settings_of(DeviceGroupSpec)})


def _user(entry: Mapping[str, Any]) -> UserSpec:
    return UserSpec(entry["user"], tuple(entry.get("roles") or ()), bool(entry.get("exclusive")))

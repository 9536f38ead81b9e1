# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The document that describes a whole tenant: read from a file or options, and checked as a whole."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import InvalidInput, escaped
from .._files.port import Files
from .._model.resources import ROLES, DeploymentSpec, DeviceGroupSpec, ImagePackage, ProductSpec, UserSpec
from .._model.settings import settings_of
from .._model.values import name_key, same_name
from . import schema, texts
from .apart import Named
from .device_rows import DeviceRow, Warn, rows_from_csv, rows_from_list
from .documents import load_document
from .encrypted import reject_encrypted
from .packages import read_package

_DEPLOYMENT = schema.mapping(images=schema.list_of(schema.name()), packages=schema.list_of(schema.filled()))
_GROUP = schema.mapping(
    **{
        each.name: schema.flag() if each.is_flag else schema.text(*each.choices)
        for each in settings_of(DeviceGroupSpec)
    }
    | {"name": schema.name(required=True)},
    deployment=_DEPLOYMENT,
)
_PRODUCT = schema.mapping(
    name=schema.name(required=True),
    description=schema.text(),
    default_device_groups=schema.flag(),
    device_groups=schema.list_of(_GROUP),
)
_DEVICE = schema.mapping(id=schema.name(required=True), product=schema.text(), device_group=schema.text())
_USER = schema.mapping(
    user=schema.name(required=True),
    roles=schema.list_of(schema.text(*ROLES, any_case=True)),
    exclusive=schema.flag(),
)
DOCUMENT = schema.mapping(
    products=schema.list_of(_PRODUCT),
    images=schema.list_of(schema.filled()),
    devices=schema.list_of(_DEVICE),
    device_list=schema.filled(),
    users=schema.list_of(_USER),
)
_TEMPLATES = "The role azsphere.fleet.provision templates its documents."
_DECRYPT = (
    "The role azsphere.fleet.provision decrypts its documents; with the module, set blueprint to "
    "lookup('ansible.builtin.unvault', file) | from_yaml in a template."
)
#: Where a document names files.
_FILES = re.compile(r"images\[\d+\]|device_list|products\[\d+\]\.device_groups\[\d+\]\.deployment\.packages\[\d+\]")
#: How many values an error or a warning lists.
REPORTED = 10


@dataclass(frozen=True)
class Blueprint:
    """The desired state of a tenant. What it does not name stays unchanged. Groups come with their product."""

    products: tuple[ProductSpec, ...] = ()
    device_groups: tuple[tuple[str, DeviceGroupSpec], ...] = ()
    deployments: tuple[DeploymentSpec, ...] = ()
    packages: tuple[ImagePackage, ...] = ()
    devices: tuple[DeviceRow, ...] = ()
    users: tuple[UserSpec, ...] = ()
    #: The files that it names, as `named_files` returns them.
    files: tuple[Named, ...] = ()

    def groups_of(self, product: str) -> tuple[DeviceGroupSpec, ...]:
        """Returns the device groups that it names in a product."""
        return tuple(spec for owner, spec in self.device_groups if same_name(owner, product))


def named_files(document: Any, base_dir: str) -> tuple[Named, ...]:
    """Returns where a document, checked or not, names files, and their paths, which start from `base_dir`."""
    texts_there = texts.strings_in(document)
    return tuple((where, _from(base_dir, path)) for where, path in texts_there if _FILES.fullmatch(where))


def _from(base_dir: str, path: str) -> str:
    return os.path.join(base_dir, os.path.expanduser(path))


def read_blueprint(
    files: Files, path: str, warn: Warn, base_dir: str | None = None, prune: Iterable[str] = ()
) -> Blueprint:
    """Return the blueprint in a YAML or JSON file. Paths in it are relative to the base_dir, by default its directory.

    Warns of templates, which are not evaluated here. Raises InvalidInput, and MissingLibrary without PyYAML.
    """
    document = read_document(files, path)
    templates = [where for where, found in texts.strings_in(document) if "{{" in found or "{%" in found]
    if templates:
        more = f" and {len(templates) - REPORTED} more" if len(templates) > REPORTED else ""
        warn(
            escaped(
                f"The blueprint {path} is not templated, and these values contain templates: "
                f"{', '.join(templates[:REPORTED])}{more}. {_TEMPLATES}"
            )
        )
    start = base_dir or os.path.dirname(os.path.abspath(path))
    return parse_blueprint(files, document, start, warn, source=path, prune=prune)


def read_document(files: Files, path: str) -> Any:
    """Return the document in a YAML or JSON file, unchecked. Raises InvalidInput, and MissingLibrary without PyYAML."""
    content = files.read(path)
    if content is None:
        raise InvalidInput(f"The blueprint {path} does not exist.", code="file", target=path)
    reject_encrypted(content, "blueprint", path, _DECRYPT)
    return load_document(content, path)


def parse_blueprint(
    files: Files,
    document: Any,
    base_dir: str,
    warn: Warn,
    *,
    source: str | None = None,
    prune: Iterable[str] = (),
) -> Blueprint:
    """Check the document and read the files that it names, relative to the base_dir.

    :param prune: the kinds of which everything else is deleted; the document must mention them.

    Raises one InvalidInput that reports every problem; unusable packages and device lists raise their own.
    """
    document, found = schema.clean(document, DOCUMENT)
    found = found or [*_duplicates(document), *_unnamed_kinds(document, prune)]
    if found:
        name = f"blueprint {source}" if source else "blueprint"
        raise InvalidInput(f"Invalid {name}: {'; '.join(found)}.", code="blueprint", target=source)
    reader = _Reader(files, base_dir, warn)
    products = document.get("products") or ()
    groups = [(each["name"], each.get("device_groups") or ()) for each in products]
    return Blueprint(
        products=tuple(_product(each) for each in products),
        device_groups=tuple((product, _group(each)) for product, entries in groups for each in entries),
        deployments=tuple(each for product, entries in groups for each in reader.deployments(product, entries)),
        packages=reader.packages(document.get("images") or ()),
        devices=reader.devices(document),
        users=tuple(_user(each) for each in document.get("users") or ()),
        files=named_files(document, base_dir),
    )


def _duplicates(document: Mapping[str, Any]) -> list[str]:
    """Return names that occur more than once where they must be unique."""
    products = document.get("products") or []
    found = _repeated("products", [each["name"] for each in products])
    for number, product in enumerate(products):
        groups = [each["name"] for each in product.get("device_groups") or ()]
        found += _repeated(f"products[{number}].device_groups", groups)
    found += _repeated("users", [each["user"] for each in document.get("users") or ()])
    if document.get("devices") is not None and document.get("device_list") is not None:
        found.append("devices and device_list are mutually exclusive")
    return found


def _unnamed_kinds(document: Mapping[str, Any], prune: Iterable[str]) -> list[str]:
    """Return a problem for each kind that would be deleted completely because the document omits it.

    Groups are pruned only in products that the document names.
    """
    return [
        f"{kind} would all be pruned, as the document has no {kind} (to delete them all, write {kind}: [])"
        for kind in sorted(prune)
        if kind != "device_groups" and document.get(kind) is None
    ]


def _repeated(path: str, names: Sequence[str]) -> list[str]:
    seen: set[str] = set()
    found = []
    for name in names:
        if name_key(name) in seen:
            found.append(f'{path}: "{name}" is duplicated')
        seen.add(name_key(name))
    return found


class _Reader:
    """Converts a checked document, reading each file once."""

    def __init__(self, files: Files, base_dir: str, warn: Warn) -> None:
        self._files = files
        self._warn = warn
        self._base_dir = base_dir
        self._packages: dict[str, ImagePackage] = {}

    def deployments(self, product: str, groups: Iterable[Mapping[str, Any]]) -> Iterator[DeploymentSpec]:
        for group in groups:
            deployment = group.get("deployment")
            if deployment is not None:
                packages = self.packages(deployment.get("packages") or ())
                yield DeploymentSpec(product, group["name"], tuple(deployment.get("images") or ()), packages)

    def packages(self, paths: Sequence[str]) -> tuple[ImagePackage, ...]:
        return tuple(self._package(_from(self._base_dir, path)) for path in paths)

    def _package(self, path: str) -> ImagePackage:
        if path not in self._packages:
            self._packages[path] = read_package(path)
        return self._packages[path]

    def devices(self, document: Mapping[str, Any]) -> tuple[DeviceRow, ...]:
        if document.get("device_list") is not None:
            return tuple(rows_from_csv(self._files, _from(self._base_dir, document["device_list"]), self._warn))
        return tuple(rows_from_list(document.get("devices") or ()))


def _product(entry: Mapping[str, Any]) -> ProductSpec:
    default = entry.get("default_device_groups")
    return ProductSpec(entry["name"], entry.get("description"), True if default is None else default)


def _group(entry: Mapping[str, Any]) -> DeviceGroupSpec:
    return DeviceGroupSpec(**{setting.name: entry.get(setting.name) for setting in settings_of(DeviceGroupSpec)})


def _user(entry: Mapping[str, Any]) -> UserSpec:
    return UserSpec(entry["user"], tuple(entry.get("roles") or ()), bool(entry.get("exclusive")))

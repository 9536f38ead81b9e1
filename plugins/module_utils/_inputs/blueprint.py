# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The document that describes a whole tenant: read from a file or options, and checked as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._errors import InvalidInput, escaped
from .._files.port import Files
from .._model import OS_FEEDS, ROLES, UPDATE_POLICIES, ImagePackage, name_key
from . import schema, texts
from .device_rows import DeviceRow, Warn, rows_from_csv, rows_from_list
from .documents import load_document
from .encrypted import refuse_encrypted
from .packages import read_package

_DEPLOYMENT = schema.mapping(images=schema.list_of(schema.name()), packages=schema.list_of(schema.filled()))
_GROUP = schema.mapping(
    name=schema.name(required=True),
    description=schema.text(),
    os_feed=schema.text(*OS_FEEDS),
    update_policy=schema.text(*UPDATE_POLICIES),
    allow_crash_dumps_collection=schema.flag(),
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
#: How many values an error or a warning names.
REPORTED = 10


@dataclass(frozen=True)
class DeploymentEntry:
    images: tuple[str, ...]
    packages: tuple[ImagePackage, ...]


@dataclass(frozen=True)
class GroupEntry:
    """A device group; None leaves a member as it is."""

    name: str
    description: str | None
    os_feed: str | None
    update_policy: str | None
    allow_crash_dumps_collection: bool | None
    deployment: DeploymentEntry | None


@dataclass(frozen=True)
class ProductEntry:
    name: str
    description: str | None
    default_device_groups: bool
    device_groups: tuple[GroupEntry, ...]


@dataclass(frozen=True)
class UserEntry:
    user: str
    roles: tuple[str, ...]
    exclusive: bool


@dataclass(frozen=True)
class Blueprint:
    """A tenant as it is to be. What it does not name is left alone."""

    products: tuple[ProductEntry, ...] = ()
    packages: tuple[ImagePackage, ...] = ()
    devices: tuple[DeviceRow, ...] = ()
    users: tuple[UserEntry, ...] = ()


def read_blueprint(
    files: Files, path: str, warn: Warn, base_dir: str | None = None, prune: Iterable[str] = ()
) -> Blueprint:
    """Return the blueprint in a YAML or JSON file. Paths in it are relative to the base_dir, by default its directory.

    Warns of templates, which nobody fills in here. Raises InvalidInput, and MissingLibrary without PyYAML.
    """
    content = files.read(path)
    if content is None:
        raise InvalidInput(f"The blueprint {path} does not exist.", code="file", target=path)
    refuse_encrypted(content, "blueprint", path, _DECRYPT)
    document = load_document(content, path)
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

    Raises one InvalidInput that reports each place that is wrong; packages and device lists that cannot be used raise
    their own.
    """
    document, found = schema.clean(document, DOCUMENT)
    found = found or [*_duplicates(document), *_unspoken(document, prune)]
    if found:
        name = f"blueprint {source}" if source else "blueprint"
        raise InvalidInput(f"Invalid {name}: {'; '.join(found)}.", code="blueprint", target=source)
    reader = _Reader(files, base_dir, warn)
    return Blueprint(
        products=tuple(reader.product(each) for each in document.get("products") or ()),
        packages=reader.packages(document.get("images") or ()),
        devices=reader.devices(document),
        users=tuple(_user(each) for each in document.get("users") or ()),
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


def _unspoken(document: Mapping[str, Any], prune: Iterable[str]) -> list[str]:
    """Return kinds that would be pruned down to nothing because the document omits them: it may be the wrong one.

    Groups are pruned only in products that it names.
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
    """Turns a checked document into what it means, reading each file once."""

    def __init__(self, files: Files, base_dir: str, warn: Warn) -> None:
        self._files = files
        self._warn = warn
        self._base_dir = base_dir
        self._packages: dict[str, ImagePackage] = {}

    def product(self, entry: Mapping[str, Any]) -> ProductEntry:
        groups = tuple(self._group(each) for each in entry.get("device_groups") or ())
        default = entry.get("default_device_groups")
        return ProductEntry(entry["name"], entry.get("description"), True if default is None else default, groups)

    def _group(self, entry: Mapping[str, Any]) -> GroupEntry:
        deployment = entry.get("deployment")
        return GroupEntry(
            name=entry["name"],
            description=entry.get("description"),
            os_feed=entry.get("os_feed"),
            update_policy=entry.get("update_policy"),
            allow_crash_dumps_collection=entry.get("allow_crash_dumps_collection"),
            deployment=None
            if deployment is None
            else DeploymentEntry(
                images=tuple(deployment.get("images") or ()), packages=self.packages(deployment.get("packages") or ())
            ),
        )

    def packages(self, paths: Sequence[str]) -> tuple[ImagePackage, ...]:
        return tuple(self._package(os.path.join(self._base_dir, os.path.expanduser(path))) for path in paths)

    def _package(self, path: str) -> ImagePackage:
        if path not in self._packages:
            self._packages[path] = read_package(path)
        return self._packages[path]

    def devices(self, document: Mapping[str, Any]) -> tuple[DeviceRow, ...]:
        if document.get("device_list") is not None:
            path = os.path.join(self._base_dir, os.path.expanduser(document["device_list"]))
            return tuple(rows_from_csv(self._files, path, self._warn))
        return tuple(rows_from_list(document.get("devices") or ()))


def _user(entry: Mapping[str, Any]) -> UserEntry:
    return UserEntry(entry["user"], tuple(entry.get("roles") or ()), bool(entry.get("exclusive")))

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Resource IDs of the provider Microsoft.AzureSphere: addresses of requests, and what replies show of them.

Names are compared in any case. A request's path is percent-encoded, a resource ID inside a body or a reply has raw
spaces (FACTS: resource model and names).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from .._errors import InvalidInput
from .._model.refs import GroupRef, ProductRef

PROVIDER = "Microsoft.AzureSphere"
#: Means "no product" and "no device group" in the ID of a device that is in the catalog only.
DEFAULT = ".default"
#: The reserved words that name no product or device group (FACTS: resource model and names).
RESERVED = (DEFAULT, ".unassigned")
_PLACE = re.compile(r"/products/([^/]+)/deviceGroups/([^/]+)", re.IGNORECASE)


def segment(text: str) -> str:
    """Returns one segment of a path, percent-encoded. Raises InvalidInput for text that a path cannot hold."""
    if text.strip(".") == "" or text.casefold() in RESERVED:
        raise InvalidInput(f'Invalid name or ID "{text}": the service cannot address it.')
    return quote(text, safe="")


@dataclass(frozen=True)
class CatalogPath:
    """A catalog: the subscription's GUID, the name of the resource group, and that of the catalog."""

    subscription_id: str
    resource_group: str
    catalog: str

    @property
    def subscription(self) -> str:
        """The ID of the subscription."""
        return f"/subscriptions/{self.subscription_id}"

    @property
    def group(self) -> str:
        """The ID of the resource group."""
        return f"{self.subscription}/resourceGroups/{self.resource_group}"

    @property
    def group_path(self) -> str:
        """The percent-encoded path of the resource group."""
        return quote(self.group)

    @property
    def resource_id(self) -> str:
        """The ID of the catalog, as bodies have it."""
        return f"{self.group}/providers/{PROVIDER}/catalogs/{self.catalog}"

    @property
    def path(self) -> str:
        """The percent-encoded path of the catalog."""
        return quote(self.resource_id)


def product_path(ref: ProductRef) -> str:
    """Returns the percent-encoded path of a product below the catalog."""
    return f"products/{segment(ref.name)}"


def group_path(ref: GroupRef | None) -> str:
    """Returns the percent-encoded path of a device group below the catalog; None is the place of devices in none."""
    if ref is None:
        return f"products/{DEFAULT}/deviceGroups/{DEFAULT}"
    return f"{product_path(ref.product)}/deviceGroups/{segment(ref.name)}"


def group_id(catalog: CatalogPath, ref: GroupRef | None) -> str:
    """Returns the ID of a device group as bodies have it, with raw spaces (FACTS: traps, 10)."""
    return f"{catalog.resource_id}/{unquote(group_path(ref))}"


def group_of(resource_id: str) -> GroupRef | None:
    """Returns the device group in an ID of a reply, None for a device that is in none."""
    found = _PLACE.search(resource_id)
    if found is None:
        return None
    product, group = (unquote(part) for part in found.groups())
    if product.casefold() in RESERVED or group.casefold() in RESERVED:
        return None
    return GroupRef(ProductRef(product), group)


def resource_group_of(resource_id: str) -> str:
    """Returns the name of the resource group in an ID of a reply, empty if it has none."""
    found = re.search(r"/resourceGroups/([^/]+)", resource_id, re.IGNORECASE)
    return unquote(found[1]) if found else ""


def last_segment(address: str) -> str:
    """Returns the last segment of an ID or URL, without its query: the name of a resource or operation."""
    return unquote(re.split(r"[?#]", address, maxsplit=1)[0].rstrip("/").rpartition("/")[2])

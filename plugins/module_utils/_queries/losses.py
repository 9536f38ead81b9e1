# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What a service cannot do of what another one did: in a blueprint, and in the tenant itself."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from .._errors import InvalidInput
from .._inputs import schema
from .._inputs.blueprint import DOCUMENT
from .._model.resources import UPDATE_POLICIES
from .._service import Capabilities, NamingRule, Service
from .._views.resources import Values

#: How the Legacy API and its command line call the policy that the Integrated API does not have.
_NO_UPDATES = ("noupdates", "2")
_RENAMING = "Names identify products and device groups there, and cannot be changed. Leave id out."
_POLICY = f"There is no such update policy. Use one of {', '.join(UPDATE_POLICIES)}."


def blueprint_losses(document: Any, target: Capabilities, source: str | None = None) -> list[Values]:
    """Returns what of a blueprint the target cannot do, each with `path`, `value` and `msg`.

    Raises InvalidInput for a document that is not a blueprint, but for what the Legacy API alone has a value for.
    """
    document = copy.deepcopy(document)
    found = list(_taken_out(document, target))
    cleaned, problems = schema.clean(document, DOCUMENT)
    if problems:
        name = f"blueprint {source}" if source else "blueprint"
        raise InvalidInput(f"Invalid {name}: {'; '.join(problems)}.", code="blueprint", target=source)
    for number, product in enumerate(cleaned.get("products") or ()):
        path = f"products[{number}]"
        found += _invalid(f"{path}.name", product["name"], target.naming.product)
        for place, group in enumerate(product.get("device_groups") or ()):
            found += _invalid(f"{path}.device_groups[{place}].name", group["name"], target.naming.device_group)
    for number, user in enumerate(() if target.users else cleaned.get("users") or ()):
        found.append(_loss(f"users[{number}]", user["user"], target.elsewhere.get("users", "There are no users.")))
    return found


def tenant_losses(legacy: Service, target: Capabilities) -> list[Values]:
    """Returns what of the products and device groups of a tenant the target cannot have, in the same form."""
    found: list[Values] = []
    for product in legacy.products.list():
        found += _invalid(f'product "{product.name}"', product.name, target.naming.product)
    for group in legacy.device_groups.list():
        found += _invalid(f'device group "{group.ref}"', group.name, target.naming.device_group)
        if group.update_policy not in UPDATE_POLICIES:
            found.append(_loss(f'update policy of device group "{group.ref}"', group.update_policy, _POLICY))
    return found


def _taken_out(document: Any, target: Capabilities) -> Iterator[Values]:
    """Removes what no blueprint can have, although the Legacy API knows it, and yields it as losses."""
    for path, product in _entries(document, "products", ""):
        if not target.rename and "id" in product:
            yield _loss(f"{path}.id", product.pop("id"), _RENAMING)
        for place, group in _entries(product, "device_groups", f"{path}."):
            if not target.rename and "id" in group:
                yield _loss(f"{place}.id", group.pop("id"), _RENAMING)
            if str(group.get("update_policy")).lower() in _NO_UPDATES:
                yield _loss(f"{place}.update_policy", group.pop("update_policy"), _POLICY)


def _entries(owner: Any, key: str, above: str) -> Iterator[tuple[str, dict[str, Any]]]:
    there = owner.get(key) if isinstance(owner, dict) else None
    for number, entry in enumerate(there if isinstance(there, list) else ()):
        if isinstance(entry, dict):
            yield f"{above}{key}[{number}]", entry


def _invalid(path: str, name: str, rule: NamingRule) -> list[Values]:
    if re.fullmatch(rule.pattern, name):
        return []
    return [_loss(path, name, f"Invalid name: {rule.words}.")]


def _loss(path: str, value: Any, msg: str) -> Values:
    return {"path": path, "value": value, "msg": msg}

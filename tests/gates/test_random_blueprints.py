# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""From any state to any desired state: check mode predicts it, a run applies it, changes nothing else, and leaves
nothing to do.
"""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.azsphere.fleet.plugins.module_utils._context import Context, Waiting
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import Conflict, InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._files.disk import Disk
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.blueprint import (
    Blueprint,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import GroupRef
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    DEFAULT_DEVICE_GROUPS,
    DeviceGroup,
    ProductSpec,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.approval import Approval
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.blueprint import Policy, apply_blueprint
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.bulk_step import Limits
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Service
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import Result, mask_unknown
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.memory import TENANT, MemoryService

from .proof import fill, masked
from .random_fleets import blueprints, prunes

DEFAULTS = {name.casefold(): (feed, policy) for name, feed, policy in DEFAULT_DEVICE_GROUPS}
NEW_GROUP = ("Retail", "UpdateAll", False)


@dataclass(frozen=True)
class Group:
    """A device group as the test sees it; the images by GUID."""

    description: str | None
    os_feed: str
    update_policy: str
    crash_dumps: bool
    images: frozenset[str]


@dataclass(frozen=True)
class Fleet:
    """All that a blueprint can name, by name in lower case."""

    products: dict[str, str | None]
    groups: dict[tuple[str, str], Group]
    images: frozenset[str]
    devices: dict[str, tuple[str, str] | None]
    users: dict[str, frozenset[str]]


def look(service: Service) -> Fleet:
    devices = service.devices.list()
    assert {device.tenant_id for device in devices} <= {TENANT.id}
    return Fleet(
        products={product.name.casefold(): product.description for product in service.products.list()},
        groups={_place(group.ref): _group(group) for group in service.device_groups.list()},
        images=frozenset(image.id for image in service.images.list()),
        devices={device.id: _place(device.group) if device.group else None for device in devices},
        users={(user.mail or "").casefold(): frozenset(user.roles) for user in service.users.list()},
    )


def _place(group: GroupRef) -> tuple[str, str]:
    return group.product.name.casefold(), group.name.casefold()


def _group(group: DeviceGroup) -> Group:
    images = group.current_deployment.images if group.current_deployment else ()
    # The texts of the default groups are not known.
    description = group.description if group.name.casefold() not in DEFAULTS else None
    return Group(description, group.os_feed, group.update_policy, group.allow_crash_dumps_collection, frozenset(images))


def run(service: Service, blueprint: Blueprint, prune: frozenset[str], most: int | None = None) -> Result:
    context = Context(lambda: service, Disk(), warn=lambda _text: None)
    waiting = Waiting(True, Deadline(60))
    return apply_blueprint(context, blueprint, Policy(Limits(True, most), prune), waiting, Approval(None, None))


def wanted(before: Fleet, blueprint: Blueprint, prune: frozenset[str]) -> Fleet:
    """What has to come of it, worked out apart from the reconcilers."""
    products, groups, users = dict(before.products), dict(before.groups), dict(before.users)
    for entry in blueprint.products:
        name = str(entry.name).casefold()
        new = products.get(name)
        products[name] = new if entry.description is None else entry.description or None
        _want_groups(groups, name, entry, blueprint)
        if "device_groups" in prune:
            named = {str(group.name).casefold() for group in blueprint.groups_of(name)}
            named |= set(DEFAULTS) if entry.default_device_groups else set()
            groups = {key: group for key, group in groups.items() if key[0] != name or key[1] in named}
    if "products" in prune:
        named = {str(entry.name).casefold() for entry in blueprint.products}
        products = {name: text for name, text in products.items() if name in named}
        groups = {key: group for key, group in groups.items() if key[0] in named}
    for user in blueprint.users:
        name = user.user.casefold()
        held = frozenset() if user.exclusive else users.get(name, frozenset())
        users[name] = held | frozenset(user.roles)
    if "users" in prune:
        users = {name: roles for name, roles in users.items() if name in {u.user.casefold() for u in blueprint.users}}
    devices = dict(before.devices)
    for row in blueprint.devices:
        place = (row.product.casefold(), row.device_group.casefold()) if row.product and row.device_group else None
        devices[row.id] = place or devices.get(row.id)
    deployed = {image for each in blueprint.deployments for image in each.image_ids}
    return Fleet(
        products=products,
        groups=groups,
        images=before.images | {package.id for package in blueprint.packages} | deployed,
        devices=devices,
        users={name: roles for name, roles in users.items() if roles},
    )


def _want_groups(groups: dict[tuple[str, str], Group], product: str, entry: ProductSpec, blueprint: Blueprint) -> None:
    if entry.default_device_groups:
        for name, (feed, policy) in DEFAULTS.items():
            groups.setdefault((product, name), Group(None, feed, policy, False, frozenset()))
    for each in blueprint.groups_of(product):
        key = (product, str(each.name).casefold())
        old = groups.get(key, Group(None, *NEW_GROUP, frozenset()))
        description = old.description if each.description is None else each.description or None
        crash_dumps = each.allow_crash_dumps_collection
        groups[key] = Group(
            description=None if key[1] in DEFAULTS else description,
            os_feed=each.os_feed or old.os_feed,
            update_policy=each.update_policy or old.update_policy,
            crash_dumps=old.crash_dumps if crash_dumps is None else crash_dumps,
            images=_images(blueprint, key) or old.images,
        )


def _images(blueprint: Blueprint, place: tuple[str, str]) -> frozenset[str]:
    named = {(str(each.product).casefold(), each.device_group.casefold()): each for each in blueprint.deployments}
    return frozenset(named[place].image_ids if place in named else ())


def attempt(service: Service, blueprint: Blueprint, prune: frozenset[str]) -> Result | str:
    """Returns the result of a run, or its error."""
    try:
        return run(service, blueprint, prune)
    except Conflict as refused:
        return str(refused)


def agree(predicted: Result, real: Result) -> None:
    """Asserts that a check run told what the real one did, save what it named as unknown."""
    assert (predicted.changed, predicted.error, real.error) == (real.changed, None, None)
    reported, unknown = mask_unknown(predicted.values)
    assert masked(reported, unknown) == masked(mask_unknown(real.values)[0], unknown)
    pairs = zip(predicted.diff or (), real.diff or (), strict=True)
    assert [{key: fill(one[key], other[key]) for key in one} for one, other in pairs] == list(real.diff or ())


@settings(max_examples=150, deadline=None)
@given(blueprints(), blueprints(), prunes)
def test_blueprint_applies_desired_state_and_nothing_else(
    current: Blueprint, desired: Blueprint, prune: frozenset[str]
) -> None:
    service = MemoryService()
    assert run(service, current, frozenset()).error is None
    before = look(service)
    assert before == wanted(look(MemoryService()), current, frozenset())
    predicted = attempt(Overlay(service), desired, prune)
    assert look(service) == before
    result = attempt(service, desired, prune)
    if isinstance(result, str):
        assert predicted == result
        # Something to be pruned still has devices: told before the first write.
        after = wanted(before, desired, prune)
        assert set(after.devices.values()) - {None} - set(after.groups)
        assert look(service) == before
        return
    assert isinstance(predicted, Result)
    agree(predicted, result)
    assert look(service) == wanted(before, desired, prune)
    assert result.changed == (look(service) != before or bool(result.diff))
    again = run(service, desired, prune)
    assert (again.changed, again.diff) == (False, ())


@settings(max_examples=40, deadline=None)
@given(blueprints(), blueprints(), st.integers(0, 3))
def test_max_changes_is_enforced_before_the_first_write(current: Blueprint, desired: Blueprint, most: int) -> None:
    service = MemoryService()
    assert run(service, current, frozenset()).error is None
    before = look(service)
    try:
        result = run(service, desired, frozenset(), most)
    except InvalidInput:
        assert look(service) == before
        assert len(run(service, desired, frozenset()).values["changes"]) > most
    else:
        assert len(result.values["changes"]) <= most

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Random fleets and random blueprints, small enough that they meet: few names in several spellings, few devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.blueprint import Blueprint
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.device_rows import DeviceRow
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    OS_FEEDS,
    ROLES,
    UPDATE_POLICIES,
    DeploymentSpec,
    DeviceGroupSpec,
    ImagePackage,
    ProductSpec,
    UserSpec,
)
from hypothesis import strategies as st

PRODUCTS = ("Kettle", "KETTLE", "Toaster", "Coffee 7")
GROUPS = ("Pilot", "pilot", "Ring 2", "Production", "Field Test")
DEVICES = tuple(f"{number:0128x}" for number in range(1, 7))
USERS = ("ada@contoso.example", "Ada@Contoso.example", "sam@contoso.example", "lin@contoso.example")
#: Two builds of one application, and one of another.
PACKAGES = tuple(
    ImagePackage(
        path=f"{name}.imagepackage",
        id=f"c{number}000000-0000-4000-8000-000000000000",
        component_id=f"d{component}000000-0000-4000-8000-000000000000",
        type="Applications",
        name=name,
        size=100,
        sha256="",
    )
    for number, component, name in ((1, 1, "Kettle1"), (2, 1, "Kettle2"), (3, 2, "Radio"))
)

Item = TypeVar("Item")


def _distinct(
    items: st.SearchStrategy[Item], key: Callable[[Item], str], most: int = 3
) -> st.SearchStrategy[list[Item]]:
    return st.lists(items, max_size=most, unique_by=lambda item: key(item).casefold())


texts = st.none() | st.sampled_from(("", "First", "Second"))
packages = st.lists(
    st.sampled_from(PACKAGES), min_size=1, max_size=2, unique_by=lambda package: package.component_id
).map(tuple)
#: A device group of a product with its deployment: each package by its path or, as the GUID of an image, by what the
#: document uploads beside.
deployed = st.none() | packages.map(lambda chosen: (chosen, ())) | packages.map(lambda chosen: ((), chosen))
groups = st.tuples(
    st.builds(
        DeviceGroupSpec,
        name=st.sampled_from(GROUPS),
        description=texts,
        os_feed=st.none() | st.sampled_from(OS_FEEDS),
        update_policy=st.none() | st.sampled_from(UPDATE_POLICIES),
        allow_crash_dumps_collection=st.none() | st.booleans(),
    ),
    deployed,
)
products = st.tuples(
    st.builds(ProductSpec, name=st.sampled_from(PRODUCTS), description=texts, default_device_groups=st.booleans()),
    _distinct(groups, lambda group: str(group[0].name)).map(tuple),
)
users = st.builds(
    UserSpec,
    user=st.sampled_from(USERS),
    roles=st.lists(st.sampled_from(ROLES), max_size=2, unique=True).map(tuple),
    exclusive=st.booleans(),
)


@st.composite
def blueprints(draw: st.DrawFn) -> Blueprint:
    """Documents that can be: their devices go to groups that they name, or to none."""
    entries = draw(_distinct(products, lambda product: str(product[0].name)))
    there = [(str(product.name), group, images) for product, below in entries for group, images in below]
    deployments = [
        DeploymentSpec(product, str(group.name), tuple(image.id for image in images[0]), images[1])
        for product, group, images in there
        if images is not None
    ]
    places = [(product, group.name) for product, group, _images in there]
    device_ids = draw(st.lists(st.sampled_from(DEVICES), max_size=4, unique=True))
    rows = []
    for number, device_id in enumerate(device_ids, 1):
        product, group = draw(st.sampled_from([(None, None), *places, *places]))
        rows.append(DeviceRow(device_id, number, product, group))
    named = {image for deployment in deployments for image in deployment.images}
    beside = draw(st.lists(st.sampled_from(PACKAGES), max_size=2, unique=True))
    return Blueprint(
        products=tuple(product for product, _below in entries),
        device_groups=tuple((product, group) for product, group, _images in there),
        deployments=tuple(deployments),
        packages=tuple(package for package in PACKAGES if package in beside or package.id in named),
        devices=tuple(rows),
        users=tuple(draw(_distinct(users, lambda user: user.user))),
    )


prunes = st.frozensets(st.sampled_from(("products", "device_groups", "users")))

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Images and deployments."""

from __future__ import annotations

from ..fleet import BOARD, FIELD_TEST, FRESH, NEW, OLD
from .table import CHANGE, CREATE, NOTHING, REFUSED, Scenario

_FRESH = ["fresh.imagepackage"]


def _image(effect: str, title: str, path: str, **options: object) -> Scenario:
    return Scenario("image", effect, title, {"path": path, **options})


def _deployment(effect: str, title: str, group: str, **options: object) -> Scenario:
    product = {} if group == FIELD_TEST else {"product": "Kettle"}
    return Scenario("deployment", effect, title, {**product, "device_group": group, **options})


SCENARIOS = (
    _image(CREATE, "not there yet", "fresh.imagepackage", wait_timeout=60),
    _image(CREATE, "and not waited for", "fresh.imagepackage", wait=False),
    _image(NOTHING, "there already", "kettle.imagepackage"),
    _image(REFUSED, "of no package", "devices.csv"),
    _deployment(CREATE, "the first of a group", "Production", images=[NEW.upper(), BOARD]),
    _deployment(CREATE, "with a package to upload", "Production", packages=["fresh.imagepackage"]),
    _deployment(
        CREATE, "with images and packages", "Shelf", images=[BOARD], packages=["fresh.imagepackage"], state="present"
    ),
    _deployment(CREATE, "and not waited for", "Production", images=[NEW], wait=False),
    _deployment(CHANGE, "another build", "field test", images=[NEW, BOARD], wait_timeout=60),
    _deployment(CHANGE, "fewer images by GUID of the group", FIELD_TEST, images=[OLD]),
    _deployment(CHANGE, "a package in place of an image", "Field Test", packages=["fresh.imagepackage"]),
    _deployment(NOTHING, "in another order", "Field Test", images=[BOARD.upper(), OLD]),
    _deployment(REFUSED, "of an image that is not there", "Production", images=[FRESH]),
    _deployment(REFUSED, "of two builds of one component", "Production", images=[OLD, NEW]),
    _deployment(REFUSED, "of a build beside a package of its component", "Shelf", images=[OLD], packages=_FRESH),
    _deployment(REFUSED, "to a group that is not there", "Nowhere", images=[OLD]),
    _deployment(
        NOTHING,
        "by packages that are there",
        "Field Test",
        packages=["kettle-old.imagepackage", "kettle-board.imagepackage"],
    ),
)

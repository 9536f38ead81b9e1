# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Images and deployments."""

from __future__ import annotations

from ..fleet import BOARD, FIELD_TEST, NEW, OLD
from .table import CHANGE, CREATE, NOTHING, Scenario


def _image(effect: str, title: str, path: str) -> Scenario:
    return Scenario("image", effect, title, {"path": path})


def _deployment(effect: str, title: str, group: str, **options: object) -> Scenario:
    product = {} if group == FIELD_TEST else {"product": "Kettle"}
    return Scenario("deployment", effect, title, {**product, "device_group": group, **options})


SCENARIOS = (
    _image(CREATE, "not there yet", "fresh.imagepackage"),
    _image(NOTHING, "there already", "kettle.imagepackage"),
    _deployment(CREATE, "the first of a group", "Production", images=[NEW.upper(), BOARD]),
    _deployment(CREATE, "with a package to upload", "Production", packages=["fresh.imagepackage"]),
    _deployment(
        CREATE, "with images and packages", "Shelf", images=[BOARD], packages=["fresh.imagepackage"], state="present"
    ),
    _deployment(CHANGE, "another build", "field test", images=[NEW, BOARD]),
    _deployment(CHANGE, "fewer images by GUID of the group", FIELD_TEST, images=[OLD]),
    _deployment(CHANGE, "a package in place of an image", "Field Test", packages=["fresh.imagepackage"]),
    _deployment(NOTHING, "in another order", "Field Test", images=[BOARD, OLD]),
    _deployment(
        NOTHING,
        "by packages that are there",
        "Field Test",
        packages=["kettle-old.imagepackage", "kettle-board.imagepackage"],
    ),
)

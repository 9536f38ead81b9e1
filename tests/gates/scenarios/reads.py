# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Modules that only read."""

from __future__ import annotations

from ..fleet import BOARD, COMPONENT, DEPLOYMENT, DEVICES, FIELD_TEST, KETTLE, NEW, TENANT_ID, UNCLAIMED
from .table import OPERATION, READ, SUCCESSOR, Scenario

_STARTED = ("product", {"name": "Toaster", "wait": False})
_CLAIMED = ("device", {"ids": list(UNCLAIMED[:2]), "claim": True})


def _read(module: str, title: str, **options: object) -> Scenario:
    return Scenario(module, READ, title, options)


SCENARIOS = (
    _read("account_info", "by its token"),
    _read("tenant_info", "the one in use"),
    _read("tenant_info", "by GUID", tenant=TENANT_ID),
    _read("product_info", "all"),
    _read("product_info", "one by name", name="KETTLE"),
    _read("product_info", "one by GUID", id=KETTLE),
    _read("device_group_info", "all"),
    _read("device_group_info", "of a product", product="Kettle"),
    _read("device_group_info", "of one name", name="Development"),
    _read("device_group_info", "one by GUID", id=FIELD_TEST),
    _read("device_group_health_info", "since a time", product="Kettle", device_group="Field Test", since="2026-01-01"),
    _read(
        "device_group_health_info",
        "of some events",
        device_group=FIELD_TEST,
        since="2026-01-01T12:00:00Z",
        event_types=["planned"],
        event_classes=["AppCrash"],
    ),
    _read("device_info", "all"),
    _read("device_info", "some", ids=list(DEVICES[:2])),
    _read("device_info", "of a group", product="Kettle", device_group="Field Test"),
    _read("device_info", "with their images", device_group=FIELD_TEST, targeted_images=True),
    _read("device_info", "how many", count_only=True),
    _read("device_insight_info", "all"),
    _read("device_insight_info", "some", event_types=["planned"], limit=1),
    _read("device_insight_info", "of a device", device_ids=[DEVICES[0].upper()]),
    _read("device_insight_info", "of a time", since="2026-01-01T12:00:00Z", until="2026-01-03"),
    _read("image_info", "all"),
    _read("image_info", "some with every detail", ids=[NEW, BOARD], status=True),
    _read("image_info", "with addresses", name="KettleBoard", download_url=True),
    _read("image_info", "of a component", component_id=COMPONENT),
    _read("image_info", "components only", ids=[NEW, BOARD], component_ids=True),
    _read("deployment_info", "all"),
    _read("deployment_info", "in force", current=True),
    _read("deployment_info", "of a group", product="Kettle", device_group="Field Test"),
    _read("deployment_info", "one by GUID", id=DEPLOYMENT),
    _read("user_info", "all"),
    _read("user_info", "one", user="ada@contoso.example"),
    _read("ca_certificate_info", "all"),
    _read("ca_certificate_info", "one by its thumbprint", thumbprint=SUCCESSOR),
    Scenario("operation_info", READ, "with what became of each device", {"id": OPERATION}, first=(_CLAIMED,)),
    *(
        Scenario("operation_info", READ, title, {"id": OPERATION, **options}, first=(_STARTED,))
        for title, options in (("as it stands", {}), ("waited for", {"wait": True, "wait_timeout": 60}))
    ),
)

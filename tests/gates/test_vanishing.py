# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What another process deletes between two requests of a task that only reads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._http.session import Session

from tests.support.apis import INTEGRATED, LEGACY, on_both_apis

from .fleet import DEPLOYMENT, DEVICES, EMPTY_GROUP, NEW, SPARE, TENANT, fleet
from .workbench import Workbench, run_module

Seed = dict[str, Any]
SINCE = "2026-01-01T00:00:00Z"
SHELF = {"product": "Kettle", "device_group": "Shelf"}


def without_products(seed: Seed) -> None:
    """No device is in these, and Spare has the default device groups."""
    kettle, _spare, _plain = seed["tenants"][0]["products"]
    seed["tenants"][0]["products"] = [kettle]


def without_groups(seed: Seed) -> None:
    """Shelf was empty, and the device in Development has moved to Field Test."""
    kettle = seed["tenants"][0]["products"][0]
    kettle["device_groups"] = [each for each in kettle["device_groups"] if each["name"] not in ("Shelf", "Development")]
    for device in seed["tenants"][0]["devices"]:
        if isinstance(device, dict) and device["device_group"] == "Kettle/Development":
            device["device_group"] = "Kettle/Field Test"


def without_image(seed: Seed) -> None:
    images = seed["tenants"][0]["images"]
    seed["tenants"][0]["images"] = [each for each in images if each["id"] != NEW]


#: Module, options, and what is deleted meanwhile.
READS: list[tuple[str, dict[str, Any], Callable[[Seed], None]]] = [
    *(
        (module, {}, gone)
        for module in ("product_info", "device_group_info", "device_info", "deployment_info")
        for gone in (without_products, without_groups)
    ),
    ("product_info", {"name": "Spare"}, without_products),
    ("product_info", {"id": SPARE}, without_products),
    ("product_info", {"name": "Kettle"}, without_groups),
    ("device_group_info", {"product": "Spare"}, without_products),
    ("device_group_info", {"product": "Spare", "name": "Production"}, without_products),
    ("device_group_info", {"product": "Kettle", "name": "Shelf"}, without_groups),
    ("device_group_info", {"name": "Shelf"}, without_groups),
    ("device_info", {"product": "Spare"}, without_products),
    ("device_info", {"product": "Kettle"}, without_groups),
    ("device_info", SHELF, without_groups),
    ("device_info", {"product": "Spare", "count_only": True}, without_products),
    ("device_info", {**SHELF, "count_only": True}, without_groups),
    ("device_info", {"product": "Kettle", "targeted_images": True}, without_groups),
    ("device_info", {"ids": [*DEVICES], "targeted_images": True}, without_groups),
    ("deployment_info", {"product": "Spare"}, without_products),
    ("deployment_info", {"product": "Kettle"}, without_groups),
    ("deployment_info", SHELF, without_groups),
    ("deployment_info", {"current": True}, without_groups),
    ("device_group_health_info", {**SHELF, "since": SINCE}, without_groups),
    ("device_group_health_info", {"product": "Spare", "device_group": "Production", "since": SINCE}, without_products),
    ("integration_info", {}, without_products),
    ("integration_info", {}, without_groups),
]
#: The Legacy API cannot delete images.
ON_INTEGRATED = [
    ("image_info", {}, without_image),
    ("image_info", {"download_url": True, "status": True}, without_image),
    ("image_info", {"ids": [NEW], "download_url": True, "status": True}, without_image),
]


class Meanwhile:
    """Deletes something before the request of a number, from 1; counts the requests."""

    def __init__(self, bench: Workbench, monkeypatch: pytest.MonkeyPatch, gone: Callable[[Seed], None]) -> None:
        self._bench = bench
        self._after = fleet()
        gone(self._after)
        self._lock = threading.Lock()
        self.sent = 0
        self.number: int | None = None
        request = Session.request

        def counted(session: Session, *arguments: Any, **options: Any) -> Any:
            with self._lock:
                self.sent += 1
                if self.sent == self.number:
                    self.delete()
            return request(session, *arguments, **options)

        monkeypatch.setattr(Session, "request", counted)

    def restore(self, number: int | None) -> None:
        self._bench.simulator.load(fleet())
        self.sent, self.number = 0, number

    def delete(self) -> None:
        self._bench.simulator.load(self._after)


def checked(meanwhile: Meanwhile, read: Callable[[], Any]) -> None:
    """Asserts that whenever it happens, the outcome is one that a whole run before or afterwards could have."""
    meanwhile.restore(None)
    before, total = read(), meanwhile.sent
    assert not isinstance(before, str), before
    meanwhile.delete()
    afterwards = read()
    allowed = afterwards if isinstance(afterwards, str) else None
    for number in range(2, total + 1):
        meanwhile.restore(number)
        found = read()
        assert not isinstance(found, str) or found == allowed, f"before request {number} of {total}: {found}"
        assert meanwhile.sent <= 3 * total + 3


@on_both_apis(always=True)
@pytest.mark.parametrize(
    ("module", "options", "gone"),
    [*READS, *ON_INTEGRATED],
    ids=lambda value: getattr(value, "__name__", None) or str(value),
)
def test_info_modules_read_again_what_was_deleted_meanwhile(
    bench: Workbench,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    options: dict[str, Any],
    gone: Callable[[Seed], None],
) -> None:
    if bench.api == INTEGRATED and "id" in options:
        pytest.skip("products have no GUID there")
    if bench.api == LEGACY and gone is without_image:
        pytest.skip("images cannot be deleted there")
    bench.simulator.load(fleet())
    if module == "integration_info":
        for name, value in {**bench.simulator.env(INTEGRATED), **bench.simulator.env(LEGACY)}.items():
            monkeypatch.setenv(name, value)

    def read() -> Any:
        values = run_module(module, options)
        return values["msg"] if values.get("failed") else values

    checked(Meanwhile(bench, monkeypatch, gone), read)


@pytest.mark.parametrize("operation", ["Product_ListGroups", "Devices_ListInGroup"])
def test_read_that_is_not_found_again_is_an_error(bench: Workbench, operation: str) -> None:
    """As when a role is too low, or an address is wrong."""
    bench.simulator.load(fleet())
    bench.simulator.fault(match={"operationId": operation}, status=404, times=None)
    module, options = ("product_info", {"name": "Spare"}) if "Product" in operation else ("device_info", SHELF)
    values = run_module(module, options)
    assert values["failed"] is True
    assert values["error"]["status"] == 404
    assert bench.simulator.counts()["operations"][operation] == 2


def test_tenant_that_is_gone_is_an_error(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not taken for one without products."""

    def without_tenant(seed: Seed) -> None:
        seed["tenants"] = seed["tenants"][1:]

    meanwhile = Meanwhile(bench, monkeypatch, without_tenant)
    for module, options in (("product_info", {"name": "Spare"}), ("deployment_info", {}), ("product_info", {})):
        meanwhile.restore(2)
        values = run_module(module, {**options, "tenant": TENANT})
        assert values["failed"] is True, module
        assert values["error"]["status"] in (403, 404)


@pytest.mark.parametrize("dialect", ["documented", "other"])
@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("product_info", {"id": SPARE}),
        ("device_group_info", {"id": EMPTY_GROUP}),
        ("device_info", {"ids": [DEVICES[0]]}),
        ("image_info", {"ids": [NEW]}),
        ("deployment_info", {"id": DEPLOYMENT}),
        ("product", {"id": SPARE, "state": "absent"}),
        ("product", {"name": "Spare", "state": "absent"}),
        ("device_group", {"id": EMPTY_GROUP, "state": "absent"}),
        ("device_group", {"product": "Kettle", "name": "Shelf", "state": "absent"}),
        ("user_role", {"user": "ada@contoso.example", "state": "absent"}),
    ],
    ids=str,
)
def test_wrong_tenant_is_not_taken_for_one_without_the_resource(
    bench: Workbench, module: str, options: dict[str, Any], dialect: str
) -> None:
    """The service may answer 403 or 404."""
    bench.simulator.load(fleet())
    bench.simulator.settings(dialect=dialect, check_replies=False)
    values = run_module(module, {**options, "tenant": "7e000000-0000-4000-8000-00000000dead"})
    assert values["failed"] is True, values
    assert values["error"]["status"] in (403, 404)

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""JSON of the service to the model and back, in all forms that FACTS names."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput, ServiceError
from ansible_collections.azsphere.fleet.plugins.module_utils._legacy import wire
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import (
    Deployment,
    Device,
    Image,
    OperationError,
    Tenant,
    User,
)

GUID = "b1000000-0000-4000-8000-00000000000a"
DEVICE = "0123456789abcdef" * 8


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("2020-08-31T11:52:04.407902Z", "2020-08-31T11:52:04.407902Z"),
        ("2024-05-06T07:08:09.1234567Z", "2024-05-06T07:08:09.1234567Z"),
        ("2024-05-06T07:08:09.1234567", "2024-05-06T07:08:09.1234567Z"),
        ("2024-05-06 07:08:09", "2024-05-06T07:08:09Z"),
        ("2024-05-06T07:08:09.5+02:00", "2024-05-06T05:08:09.5Z"),
        ("2024-05-06T23:08:09-0430", "2024-05-07T03:38:09Z"),
        ("2024-05-06T07:08:09+00:00", "2024-05-06T07:08:09Z"),
        ("0001-01-01T00:00:00", None),
        ("", None),
        (None, None),
        ("yesterday", "yesterday"),
    ],
)
def test_dates_are_parsed(given: Any, read: str | None) -> None:
    assert wire.date_of(given) == read


def test_unix_seconds_are_converted() -> None:
    assert wire.unix_date(1714979289) == "2024-05-06T07:08:09Z"
    assert wire.unix_date("1714979289") == "2024-05-06T07:08:09Z"
    assert wire.unix_date(None) is None


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (0, "Retail"),
        (1, "RetailEval"),
        ("RetailEval", "RetailEval"),
        ("retaileval", "RetailEval"),
        ("1", "RetailEval"),
        (9, "9"),
        ("9", "9"),
        ("Fresh", "Fresh"),
        (None, None),
        ("", None),
    ],
)
def test_enumerations_are_read_as_numbers_or_names(given: Any, read: str | None) -> None:
    assert wire.enum_name(wire.OS_FEED_TYPE, given) == read


def test_enumerations_are_sent_as_numbers() -> None:
    assert wire.enum_number(wire.UPDATE_POLICY, "No3rdPartyAppUpdates") == 1
    assert wire.enum_number(wire.CAPABILITY, "fieldServicing") == 13
    assert wire.enum_number(wire.OS_FEED_TYPE, "7") == 7
    with pytest.raises(InvalidInput, match="Retail, RetailEval"):
        wire.enum_number(wire.OS_FEED_TYPE, "Wholesale")


@pytest.mark.parametrize("tenant_id", [None, "", "00000000-0000-0000-0000-000000000000"])
def test_unclaimed_device_has_no_tenant(tenant_id: str | None) -> None:
    body = {"DeviceId": DEVICE.upper(), "TenantId": tenant_id, "ProductId": None, "DeviceGroupId": None, "ChipSku": 0}
    assert wire.device(body) == Device(DEVICE, chip_sku="MT3620AN")


def test_complete_device_is_read() -> None:
    body = {
        "DeviceId": DEVICE.upper(),
        "TenantId": GUID.upper(),
        "ProductId": GUID,
        "DeviceGroupId": GUID,
        "ChipSku": "MT3620AN",
        "LastAvailableOSVersion": "24.03",
        "LastInstalledOSVersion": "23.10",
        "LastOSUpdateUTC": "2024-04-01T00:00:00",
        "LastUpdateRequestUTC": "2024-05-06T00:00:00Z",
    }
    assert wire.device(body) == Device(
        DEVICE,
        GUID,
        None,
        GUID,
        GUID,
        "MT3620AN",
        "24.03",
        "23.10",
        "2024-04-01T00:00:00Z",
        "2024-05-06T00:00:00Z",
    )


def test_image_type_is_read_from_deprecated_member() -> None:
    assert wire.image({"Id": GUID, "ImageType": 21}).type == "CustomerBoardConfig"
    assert wire.image({"Id": GUID, "ImageType": 0, "Type": 10, "ComponentId": None}) == Image(GUID, type="Applications")
    assert wire.image({"Id": GUID, "Type": 11}).type == "11"


def test_recorded_operation_is_read() -> None:
    body = {
        "OperationId": GUID,
        "TenantId": GUID,
        "OperationType": 10,
        "State": 0,
        "CreatedDateUTC": "2020-08-31T11:52:04.407902Z",
        "StartedDateUTC": None,
        "CompletedDateUTC": None,
        "ResourceLocation": "",
        "Error": None,
    }
    read = wire.operation(body)
    assert (read.type, read.state, read.final, read.error) == ("DeleteProduct", "NotStarted", False, None)
    assert (read.resource, read.details_location, read.created) == (None, None, "2020-08-31T11:52:04.407902Z")


@pytest.mark.parametrize(
    ("state", "name", "final"),
    [
        (0, "NotStarted", False),
        (1, "InProgress", False),
        (2, "Complete", True),
        (3, "Failed", True),
        (4, "CompleteWithErrors", True),
        ("Failed", "Failed", True),
        (17, "17", False),
    ],
)
def test_operation_states_are_read(state: Any, name: str, final: bool) -> None:
    read = wire.operation({"OperationId": GUID, "State": state, "Error": {"Code": 7, "Message": "In use."}})
    assert (read.state, read.final) == (name, final)
    assert read.error == OperationError("Conflict", "In use.")


def test_small_objects_are_read() -> None:
    assert wire.tenant({"Id": GUID, "Name": None, "Roles": None}) == Tenant(GUID, None)
    assert wire.tenant({"Id": GUID, "Name": "T", "Roles": ["Reader", "Administrator"]}).roles == (
        "Administrator",
        "Reader",
    )
    principal = {"PrincipalId": GUID, "DisplayName": None, "Mail": "a@example.org", "Roles": ["Reader"]}
    assert wire.user(principal) == User(GUID, None, "a@example.org", ("Reader",))
    assert wire.role_names(["A", "B"]) == ["A", "B"]
    assert wire.role_names({"Items": [{"Name": "A"}, {"RoleName": "B"}, 3]}) == ["A", "B"]


@pytest.mark.parametrize(
    "form", ["{}", '"{}"', "  {}\r\n", '"{}"\n', "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----"]
)
def test_base64_is_read_quoted_or_plain(form: str) -> None:
    content = b"\x30\x82" + bytes(100)
    assert wire.bytes_of(form.format(base64.b64encode(content).decode()), "fetching") == content


@pytest.mark.parametrize("junk", ["", None, '""', "not base64!", "<html></html>"])
def test_invalid_base64_is_an_error(junk: Any) -> None:
    with pytest.raises(ServiceError, match="While fetching"):
        wire.bytes_of(junk, "fetching")


@pytest.mark.parametrize("form", [5, "5", {"Count": 5}])
def test_numbers_are_read(form: Any) -> None:
    assert wire.number_of(form, "counting") == 5


@pytest.mark.parametrize("form", [None, True, "many", [5], {"a": 1, "b": 2}, {}])
def test_invalid_numbers_are_an_error(form: Any) -> None:
    with pytest.raises(ServiceError, match="While counting"):
        wire.number_of(form, "counting")


def test_deployments_are_sorted_newest_first() -> None:
    dates = [
        "2024-05-06T07:08:09Z",
        "2024-05-06T07:08:09.1Z",
        "2024-05-06T07:08:09.1234567Z",
        "2024-05-06T07:08:10Z",
        None,
    ]
    made = [Deployment(str(number), (), date) for number, date in enumerate(dates)]
    assert [entry.id for entry in wire.newest_first(made)] == ["3", "2", "1", "0", "4"]


def test_unknown_details_get_valid_return_value_names() -> None:
    body = {"OperationId": 1, "DeploymentDateUTC": 2, "Items": [{"DeviceId": DEVICE, "Keys": None}]}
    assert wire.details(body) == {
        "operation_id": 1,
        "deployment_date_utc": 2,
        "items_": [{"device_id": DEVICE, "keys_": None}],
    }

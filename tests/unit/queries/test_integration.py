# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Whether two services show the same fleet, and what one lacks of the other: on services in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NoReturn

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError, InvalidInput, ServiceError
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import Place, ProductRef, group_ref
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import Deployment, Image, Tenant
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.differences import differences
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.integration import integration
from ansible_collections.azsphere.fleet.plugins.module_utils._queries.losses import blueprint_losses, tenant_losses
from ansible_collections.azsphere.fleet.plugins.module_utils._service import Capabilities, Naming, NamingRule

from tests.support.toy_service import ToyService, ToyState

TENANT_ID = "7e000000-0000-4000-8000-0000000000c0"
OLD, NEW, BOARD, FRESH = (f"c{number}000000-0000-4000-8000-000000000001" for number in range(1, 5))
DEVICES = ("0a" * 64, "0b" * 64)
FLEET = {
    "id": TENANT_ID,
    "name": "Contoso Fleet",
    "images": [{"id": each, "name": "KettleControl", "component_id": f"d{each[1:]}"} for each in (OLD, NEW, BOARD)],
    "products": [
        {
            "name": "Kettle",
            "device_groups": [
                {"name": "Field Test", "deployments": [{"images": [NEW]}, {"images": [OLD, BOARD]}]},
                {"name": "Shelf"},
            ],
        },
        {"name": "Spare", "description": "To be given up"},
        {"name": "Plain", "device_groups": []},
    ],
    "devices": [{"id": DEVICES[0], "device_group": "Kettle/Field Test"}, DEVICES[1]],
}
FIELD_TEST = group_ref("Kettle", "Field Test")
TARGET = Capabilities(
    rename=False,
    users=False,
    naming=Naming(
        product=NamingRule(r"[A-Za-z0-9 ]{3,50}", "use 3 to 50 letters, digits and spaces"),
        device_group=NamingRule(r"[A-Za-z0-9]{1,2}|[A-Za-z0-9 ]{3,50}", "use 1 to 50 letters, digits and spaces"),
    ),
    elsewhere={"users": "Use Azure role assignments."},
)


def state() -> ToyState:
    return ToyState(FLEET)


def service(there: ToyState | None = None) -> Any:
    return ToyService(there or state(), frozenset(), None)


def difference(there: ToyState) -> list[tuple[Any, ...]]:
    """What differs of a changed fleet, in the Integrated API, from the original one."""
    found = differences(service(), service(there))
    return [tuple(each.values()) for each in found]


def test_same_fleet_has_no_differences() -> None:
    assert difference(state()) == []


def test_missing_and_empty_description_are_the_same() -> None:
    there = state()
    there.products[ProductRef("Plain")] = replace(there.products[ProductRef("Plain")], description="")
    assert difference(there) == []


def test_each_kind_of_difference_is_listed() -> None:
    there = state()
    del there.products[ProductRef("Plain")]
    there.products[ProductRef("Spare")] = replace(there.products[ProductRef("Spare")], description="Other")
    there.groups[FIELD_TEST] = replace(there.groups[FIELD_TEST], os_feed="RetailEval")
    there.deployments[FIELD_TEST].insert(0, Deployment("new", (NEW,), "2027"))
    there.images[FRESH] = Image(FRESH, "KettleFresh")
    there.images[OLD] = replace(there.images[OLD], name="Other")
    there.devices[DEVICES[0]] = replace(there.devices[DEVICES[0]], place=Place.at(group_ref("Kettle", "Shelf")))
    del there.devices[DEVICES[1]]
    assert difference(there) == [
        ("product", "Plain", "exists", True, False),
        ("product", "Spare", "description", "To be given up", "Other"),
        ("device_group", "Kettle/Field Test", "os_feed", "Retail", "RetailEval"),
        ("deployment", "Kettle/Field Test", "images", [OLD, BOARD], [NEW]),
        ("image", OLD, "name", "KettleControl", "Other"),
        ("image", FRESH, "exists", False, True),
        ("device", DEVICES[0], "device_group", "Kettle/Field Test", "Kettle/Shelf"),
        ("device", DEVICES[1], "exists", True, False),
    ]


def test_losses_of_a_blueprint_have_paths_and_reasons() -> None:
    document = {
        "products": [
            {
                "name": "Pi",
                "id": "a1000000-0000-4000-8000-000000000001",
                "device_groups": [{"name": "A", "update_policy": "NoUpdates"}, {"name": "B", "update_policy": 2}],
            },
            {"name": "Kettle", "device_groups": [{"name": "Lab ", "id": "b1"}, {"name": "Lab-2"}]},
        ],
        "users": [{"user": "ada@contoso.example", "roles": ["Reader"]}],
    }
    found = blueprint_losses(document, TARGET)
    assert [(each["path"], each["value"]) for each in found] == [
        ("products[0].id", "a1000000-0000-4000-8000-000000000001"),
        ("products[0].device_groups[0].update_policy", "NoUpdates"),
        ("products[0].device_groups[1].update_policy", 2),
        ("products[1].device_groups[0].id", "b1"),
        ("products[0].name", "Pi"),
        ("products[1].device_groups[1].name", "Lab-2"),
        ("users[0]", "ada@contoso.example"),
    ]
    assert found[-1]["msg"] == "Use Azure role assignments."
    assert found[4]["msg"] == "Invalid name: use 3 to 50 letters, digits and spaces."
    assert document["products"][0]["id"], "the document was changed"


def test_blueprint_without_losses_has_none() -> None:
    document = {"products": [{"name": "Kettle", "device_groups": [{"name": "A", "update_policy": "UpdateAll"}]}]}
    assert blueprint_losses(document, TARGET) == []


@pytest.mark.parametrize("document", [[], "text", {"product": []}, {"products": [{"name": 1}]}, {"products": {}}])
def test_invalid_document_is_rejected(document: Any) -> None:
    with pytest.raises(InvalidInput, match=r"Invalid blueprint fleet\.yml: "):
        blueprint_losses(document, TARGET, "fleet.yml")


def test_losses_of_a_tenant_are_policies_and_names_it_has() -> None:
    there = state()
    there.groups[FIELD_TEST] = replace(there.groups[FIELD_TEST], update_policy="2")
    there.products[ProductRef("Pi")] = replace(there.products[ProductRef("Plain")], ref=ProductRef("Pi"))
    found = [(each["path"], each["value"]) for each in tenant_losses(service(there), TARGET)]
    assert found == [('product "Pi"', "Pi"), ('update policy of device group "Kettle/Field Test"', "2")]


class Catalogs:
    """The catalogs that the Integrated API shows, the first of which the connection names."""

    def __init__(self, *catalogs: Tenant, error: FleetError | None = None) -> None:
        self._catalogs = catalogs
        self._error = error

    def list(self) -> list[Tenant]:
        return list(self._catalogs)

    def current(self) -> Tenant:
        if self._error is not None:
            raise self._error
        return self._catalogs[0]


def refusing(status: int) -> Any:
    """A service that refuses everything, with the tenant of which nothing else can be read."""

    class Refusing:
        capabilities = TARGET

        def __getattr__(self, _name: str) -> NoReturn:
            raise ServiceError("It refused.", status=status)

    return Refusing()


OURS, OTHER = Tenant(TENANT_ID, "contoso"), Tenant("7e000000-0000-4000-8000-00000000000f", "fabrikam")


def compared(catalogs: Any, legacy: Any = None) -> dict[str, Any]:
    there = service()
    there.tenants = catalogs
    return integration(legacy or service(), there)


def test_integrated_tenant_is_compared_with_its_catalog() -> None:
    found = compared(Catalogs(OURS, OTHER))
    assert (found["integrated"], found["catalog_in_use"], found["differences"]) == (True, True, [])
    assert found["catalog"] == {"name": "contoso", "tenant_id": TENANT_ID}


def test_catalog_of_another_tenant_is_not_compared() -> None:
    found = compared(Catalogs(OTHER, OURS))
    assert (found["integrated"], found["catalog_in_use"], found["differences"]) == (True, False, None)
    assert found["catalog"]["name"] == "contoso"


@pytest.mark.parametrize("error", [None, InvalidInput("There is no such catalog.")], ids=["other", "missing"])
def test_tenant_without_a_catalog_is_not_integrated(error: FleetError | None) -> None:
    found = compared(Catalogs(OTHER, error=error))
    assert (found["integrated"], found["catalog"], found["differences"]) == (False, None, None)
    assert found["legacy_available"]


@pytest.mark.parametrize("status", [403, 410])
def test_paused_legacy_api_is_reported(status: int) -> None:
    found = compared(Catalogs(OURS), refusing(status))
    assert found["legacy_error"] == "It refused."
    assert (found["integrated"], found["legacy_available"], found["differences"]) == (True, False, None)
    assert found["tenant"] is None


@pytest.mark.parametrize("status", [401, 500])
def test_other_errors_of_the_legacy_api_are_raised(status: int) -> None:
    with pytest.raises(ServiceError):
        compared(Catalogs(OURS), refusing(status))

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tenants, certificates and users of the overlay behave as the service does."""

from __future__ import annotations

from typing import Any, NoReturn, cast

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import Conflict, InvalidInput, NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import Certificate, Tenant, User
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import Placeholder, PlannedBytes
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay

from tests.support.fakes import SmallService
from tests.support.memory import TENANT

ADA = User("2b000000-0000-4000-8000-000000000001", "Ada", "Ada@contoso.example", ("Reader",))
OTHER = Tenant("7e000000-0000-4000-8000-000000000002", "Other", ("Reader",))
NEW = "new@contoso.example"
PRINCIPAL = "2b000000-0000-4000-8000-000000000009"


@pytest.fixture
def overlay() -> Overlay:
    return Overlay(cast(Any, SmallService(other_tenants=(OTHER,), people=(ADA,))))


def test_new_tenant_name_is_shown_everywhere(overlay: Overlay) -> None:
    overlay.tenants.rename("Zebra")
    assert overlay.tenants.current() == Tenant(TENANT.id, "Zebra", TENANT.roles)
    assert [tenant.name for tenant in overlay.tenants.list()] == ["Other", "Zebra"]


@pytest.mark.parametrize("name", ["", " Zebra", "Zebra!", "Z" * 51, "Zebra\n", "Zèbre"])
def test_names_that_the_service_would_not_take(overlay: Overlay, name: str) -> None:
    with pytest.raises(InvalidInput):
        overlay.tenants.rename(name)
    with pytest.raises(InvalidInput):
        overlay.tenants.create(name, "0c" * 64)


def test_device_creates_one_tenant(overlay: Overlay) -> None:
    overlay.tenants.create("Third", "0c" * 64)
    made = overlay.tenants.list()[-1]
    assert (made.name, made.roles, isinstance(made.id, Placeholder)) == ("Third", ("Administrator",), True)
    with pytest.raises(Conflict):
        overlay.tenants.create("Fourth", "0c" * 64)


def test_claimed_device_creates_no_tenant(overlay: Overlay) -> None:
    overlay.devices.claim(["0d" * 64], Deadline(10), lambda _outcome: True)
    with pytest.raises(Conflict, match="claimed into the tenant in use"):
        overlay.tenants.create("Third", "0d" * 64)


def test_device_is_not_read_without_a_tenant() -> None:
    class Tenantless(SmallService):
        def device(self, device_id: str) -> NoReturn:
            raise InvalidInput("The option tenant is missing.")

    overlay = Overlay(cast(Any, Tenantless()))
    overlay.tenants.create("Third", "0c" * 64)
    assert [tenant.name for tenant in overlay.tenants.list()] == ["Empty", "Third"]


def test_roles_are_given_and_taken_whatever_the_case_of_the_name(overlay: Overlay) -> None:
    overlay.users.assign_role("ADA@contoso.example", "contributor")
    found = overlay.users.get(ADA.id or "")
    assert found is not None
    assert found.roles == ("Contributor", "Reader")
    overlay.users.unassign_role("ada@contoso.example", "READER")
    assert [(user.mail, user.roles) for user in overlay.users.list()] == [("Ada@contoso.example", ("Contributor",))]
    overlay.users.unassign_role("ada@contoso.example", "Contributor")
    assert overlay.users.get("ada@contoso.example") is None
    assert overlay.users.list() == []


def test_duplicate_roles_count_once(overlay: Overlay) -> None:
    overlay.users.assign_role("ada@contoso.example", "Reader")
    assert overlay.users.list() == [ADA]


def test_new_user_is_invited_first(overlay: Overlay) -> None:
    with pytest.raises(NotFound):
        overlay.users.assign_role(NEW, "Reader")
    overlay.users.invite(NEW.upper())
    overlay.users.unassign_role(NEW, "Reader")
    assert overlay.users.get(NEW) is None
    overlay.users.assign_role(NEW, "Reader")
    found = overlay.users.get(NEW)
    assert found is not None
    assert (found.mail, found.roles) == (NEW, ("Reader",))
    assert isinstance(found.id, Placeholder)
    assert isinstance(found.name, Placeholder)


def test_known_principal_without_role_can_get_one(overlay: Overlay) -> None:
    overlay.users.assign_role(PRINCIPAL.upper(), "Reader")
    found = overlay.users.get(PRINCIPAL)
    assert found is not None
    assert (found.id, isinstance(found.mail, Placeholder)) == (PRINCIPAL, True)


def test_impossible_access_changes_are_rejected(overlay: Overlay) -> None:
    with pytest.raises(InvalidInput, match="Boss"):
        overlay.users.assign_role("ada@contoso.example", "Boss")
    with pytest.raises(NotFound):
        overlay.users.unassign_role(NEW, "Reader")
    with pytest.raises(InvalidInput):
        overlay.users.invite("nobody")


def test_proof_of_possession_is_only_planned_and_needs_its_certificate(overlay: Overlay) -> None:
    with pytest.raises(NotFound):
        overlay.certificates.proof_of_possession("CODE", "AB")
    service = SmallService(authorities=(Certificate("AB", True, False, b"there"),))
    assert isinstance(Overlay(cast(Any, service)).certificates.proof_of_possession("CODE", "AB"), PlannedBytes)

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
from ansible_collections.azsphere.fleet.plugins.module_utils._model import (
    Certificate,
    Placeholder,
    PlannedBytes,
    Tenant,
    User,
)
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


def test_a_new_name_shows_wherever_the_tenant_does(overlay: Overlay) -> None:
    overlay.rename_tenant("Zebra")
    assert overlay.tenant() == Tenant(TENANT.id, "Zebra", TENANT.roles)
    assert [tenant.name for tenant in overlay.tenants()] == ["Other", "Zebra"]


@pytest.mark.parametrize("name", ["", " Zebra", "Zebra!", "Z" * 51, "Zebra\n", "Zèbre"])
def test_names_that_the_service_would_not_take(overlay: Overlay, name: str) -> None:
    with pytest.raises(InvalidInput):
        overlay.rename_tenant(name)
    with pytest.raises(InvalidInput):
        overlay.create_tenant(name, "0c" * 64)


def test_a_device_makes_one_tenant(overlay: Overlay) -> None:
    overlay.create_tenant("Third", "0c" * 64)
    made = overlay.tenants()[-1]
    assert (made.name, made.roles, isinstance(made.id, Placeholder)) == ("Third", ("Administrator",), True)
    with pytest.raises(Conflict):
        overlay.create_tenant("Fourth", "0c" * 64)


def test_a_device_that_is_claimed_makes_none(overlay: Overlay) -> None:
    overlay.claim_devices(["0d" * 64], Deadline(10), lambda _outcome: True)
    with pytest.raises(Conflict, match="claimed into the tenant in use"):
        overlay.create_tenant("Third", "0d" * 64)


def test_without_a_tenant_in_use_nobody_is_asked_about_the_device() -> None:
    class Tenantless(SmallService):
        def device(self, device_id: str) -> NoReturn:
            raise InvalidInput("No tenant was given.")

    overlay = Overlay(cast(Any, Tenantless()))
    overlay.create_tenant("Third", "0c" * 64)
    assert [tenant.name for tenant in overlay.tenants()] == ["Empty", "Third"]


def test_roles_are_given_and_taken_whatever_the_case_of_the_name(overlay: Overlay) -> None:
    overlay.assign_role("ADA@contoso.example", "contributor")
    found = overlay.user(ADA.id or "")
    assert found is not None
    assert found.roles == ("Contributor", "Reader")
    overlay.unassign_role("ada@contoso.example", "READER")
    assert [(user.mail, user.roles) for user in overlay.users()] == [("Ada@contoso.example", ("Contributor",))]
    overlay.unassign_role("ada@contoso.example", "Contributor")
    assert overlay.user("ada@contoso.example") is None
    assert overlay.users() == []


def test_a_role_twice_is_one(overlay: Overlay) -> None:
    overlay.assign_role("ada@contoso.example", "Reader")
    assert overlay.users() == [ADA]


def test_somebody_new_is_invited_first(overlay: Overlay) -> None:
    with pytest.raises(NotFound):
        overlay.assign_role(NEW, "Reader")
    overlay.invite_user(NEW.upper())
    overlay.unassign_role(NEW, "Reader")
    assert overlay.user(NEW) is None
    overlay.assign_role(NEW, "Reader")
    found = overlay.user(NEW)
    assert found is not None
    assert (found.mail, found.roles) == (NEW, ("Reader",))
    assert isinstance(found.id, Placeholder)
    assert isinstance(found.name, Placeholder)


def test_the_service_may_know_a_principal_that_has_no_role_here(overlay: Overlay) -> None:
    overlay.assign_role(PRINCIPAL.upper(), "Reader")
    found = overlay.user(PRINCIPAL)
    assert found is not None
    assert (found.id, isinstance(found.mail, Placeholder)) == (PRINCIPAL, True)


def test_what_cannot_be(overlay: Overlay) -> None:
    with pytest.raises(InvalidInput, match="Boss"):
        overlay.assign_role("ada@contoso.example", "Boss")
    with pytest.raises(NotFound):
        overlay.unassign_role(NEW, "Reader")
    with pytest.raises(InvalidInput):
        overlay.invite_user("nobody")


def test_a_proof_of_possession_is_only_planned_and_needs_its_certificate(overlay: Overlay) -> None:
    with pytest.raises(NotFound):
        overlay.proof_of_possession("CODE", "AB")
    service = SmallService(authorities=(Certificate("AB", True, False, b"there"),))
    assert isinstance(Overlay(cast(Any, service)).proof_of_possession("CODE", "AB"), PlannedBytes)

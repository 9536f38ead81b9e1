# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Roles: who is invited, what is given and taken, and who may not lose the Administrator role."""

from __future__ import annotations

from typing import Any, cast

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput, NotFound
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import User, UserSpec
from ansible_collections.azsphere.fleet.plugins.module_utils._overlay.overlay import Overlay
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import Outcome, Plan, execute
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.user_role import plan

from tests.support.fakes import WAITING, Recorder, SmallService, surround

ADA = User("2b000000-0000-4000-8000-000000000001", "Ada", "Ada@contoso.example", ("Contributor", "Reader"))
OBJECT, DIRECTORY = "2b000000-0000-4000-8000-000000000002", "5b000000-0000-4000-8000-000000000001"
PIPELINE = User(OBJECT, "Pipeline", f"{OBJECT}@{DIRECTORY}.onmicrosoft.com", ("Administrator",))
NEW = "new@contoso.example"


def bring(desired: UserSpec, *runs_as: str) -> tuple[Outcome[Plan], list[str]]:
    """The outcome, and the writes, twice: the second run has to have none."""
    below = SmallService(people=(ADA, PIPELINE), runs_as=runs_as or ("admin@contoso.example",))
    service = Recorder(Overlay(cast(Any, below)))
    around = surround(service)
    outcome = execute(around.context, lambda port: plan(port, desired), WAITING)
    writes = list(service.writes)
    again = execute(around.context, lambda port: plan(port, desired), WAITING)
    assert (again.changed, service.writes, again.diff) == (False, writes, ())
    return outcome, writes


def test_new_user_is_invited_before_roles_are_assigned() -> None:
    outcome, writes = bring(UserSpec(NEW, ("reader", " CONTRIBUTOR ")))
    assert writes == ["users.invite", "users.assign_role", "users.assign_role"]
    assert outcome.after.values["roles"] == ["Contributor", "Reader"]
    assert outcome.diff[0]["before"] == ""
    assert outcome.diff[0]["after"] == f"user: {NEW}\nroles:\n- Contributor\n- Reader\n"


def test_principal_by_guid_is_not_invited() -> None:
    _outcome, writes = bring(UserSpec("2b000000-0000-4000-8000-000000000009", ("Reader",)))
    assert writes == ["users.assign_role"]


@pytest.mark.parametrize("user", ["ada@contoso.example", "ADA@CONTOSO.EXAMPLE", "2B000000-0000-4000-8000-000000000001"])
@pytest.mark.parametrize("roles", [("Reader",), ("reader", "READER"), ("contributor", "Reader")])
def test_user_with_the_roles_is_unchanged(user: str, roles: tuple[str, ...]) -> None:
    outcome, writes = bring(UserSpec(user, roles))
    assert (writes, outcome.changed) == ([], False)


def test_exclusive_takes_what_is_not_listed_after_giving_what_is() -> None:
    outcome, writes = bring(UserSpec("ada@contoso.example", ("Administrator", "reader"), exclusive=True))
    assert writes == ["users.assign_role", "users.unassign_role"]
    assert outcome.after.values["roles"] == ["Administrator", "Reader"]


@pytest.mark.parametrize(
    ("roles", "left"), [((), None), (("reader",), ["Contributor"]), (("Administrator",), ["Contributor", "Reader"])]
)
def test_absent_takes_the_roles_listed_and_all_when_none_is(roles: tuple[str, ...], left: list[str] | None) -> None:
    outcome, _writes = bring(UserSpec("ada@contoso.example", roles, present=False))
    assert (outcome.after.values and outcome.after.values["roles"]) == left


def test_removing_roles_invites_nobody() -> None:
    _outcome, writes = bring(UserSpec(NEW, present=False))
    assert writes == []


@pytest.mark.parametrize("user", [OBJECT, OBJECT.upper(), PIPELINE.mail])
@pytest.mark.parametrize(
    "runs_as", [(OBJECT,), (OBJECT.upper(),), (PIPELINE.mail, OBJECT), ("signs-in@elsewhere.example", OBJECT), ("",)]
)
@pytest.mark.parametrize(
    "change",
    [{"present": False}, {"roles": ("Reader",), "exclusive": True}, {"roles": ("administrator",), "present": False}],
)
def test_own_account_stays_administrator(user: str, runs_as: tuple[str, ...], change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="Administrator role"):
        bring(UserSpec(user, **change), *runs_as)
    _outcome, writes = bring(UserSpec(user, force=True, **change), *runs_as)
    assert writes[-1] == "users.unassign_role"


def test_another_administrator_can_be_taken_away() -> None:
    _outcome, writes = bring(UserSpec(OBJECT, present=False), "admin@contoso.example")
    assert writes == ["users.unassign_role"]


def test_other_roles_of_the_own_account_can_be_taken() -> None:
    _outcome, writes = bring(UserSpec("ada@contoso.example", present=False), "ADA@contoso.example")
    assert writes == ["users.unassign_role", "users.unassign_role"]


def test_exclusive_with_absent_is_rejected() -> None:
    with pytest.raises(InvalidInput, match="exclusive"):
        bring(UserSpec("ada@contoso.example", ("Reader",), exclusive=True, present=False))


@pytest.mark.parametrize(
    "user", ["ada", "", "@contoso.example", "ada@", "ada lovelace@contoso.example", "ada@home@contoso.example"]
)
def test_invalid_users_are_rejected(user: str) -> None:
    with pytest.raises(InvalidInput, match="use an e-mail address or the GUID"):
        bring(UserSpec(user, ("Reader",)))


def test_unknown_role_is_reported_with_available_roles() -> None:
    with pytest.raises(InvalidInput, match=r'Invalid role "Boss"\..*"Reader"'):
        bring(UserSpec(NEW, ("Boss",)))


def test_unknown_principal_must_be_invited() -> None:
    user = "2b000000-0000-4000-8000-000000000009"
    service = Recorder(Overlay(cast(Any, SmallService())), {"users.assign_role": [NotFound("There is no such user.")]})
    outcome = execute(surround(service).context, lambda port: plan(port, UserSpec(user, ("Reader",))), WAITING)
    assert outcome.error is not None
    assert "address" in str(outcome.error)

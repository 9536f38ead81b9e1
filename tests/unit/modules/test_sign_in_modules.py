# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The modules login and account_info."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import SignInError
from ansible_collections.azsphere.fleet.plugins.modules import account_info, login

from .conftest import TENANT, Bench, Outcome

ADA = "ada@contoso.example"


class Person:
    """Runs `login` as a person would, without the options of an application, and plays the person."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self._bench = bench
        self.options: dict[str, Any] = {
            "client_id": None,
            "client_secret": None,
            "directory_id": None,
            "token_cache": str(folder / "tokens"),
        }

    def login(self, state: str, *, check: bool = False, **options: Any) -> Outcome:
        return self._bench.run(login, check=check, state=state, **{**self.options, **options})

    def enters(self, code: str) -> None:
        self._bench.simulator.order("POST", "signin/approve", {"user_code": code, "username": ADA})

    def requests(self) -> int:
        return sum(self._bench.simulator.counts()["signin"].values())


@pytest.fixture
def person(bench: Bench, tmp_path: Path) -> Person:
    return Person(bench, tmp_path)


def test_login_then_logout_restores_signed_out_state(person: Person) -> None:
    started = person.login("started")
    assert started["user_code"] in started["message"]
    assert started.result.changed
    again = person.login("started")
    assert (again["user_code"], again.result.changed) == (started["user_code"], False)
    person.enters(started["user_code"])
    signed_in = person.login("present")
    assert (signed_in["account"]["address"], signed_in.result.changed) == (ADA, True)
    again = person.login("present")
    assert (again["account"], again.result.changed) == (signed_in["account"], False)
    gone = person.login("absent")
    assert (gone["account"], gone.result.changed) == (None, True)
    assert not person.login("absent").result.changed
    with pytest.raises(SignInError, match="none was started"):
        person.login("present")


def test_check_mode_of_sign_in_sends_and_changes_nothing(person: Person, tmp_path: Path) -> None:
    before = person.requests()
    assert not person.login("absent", check=True).result.changed
    started = person.login("started", check=True)
    assert started.result.changed
    assert started.unknown == ["user_code", "verification_url", "message", "expires_on"]
    signed_in = person.login("present", check=True)
    assert signed_in.result.changed
    assert "account.username" in signed_in.unknown
    assert not person.login("absent", check=True).result.changed
    assert person.requests() == before
    assert not (tmp_path / "tokens").exists()


def test_check_mode_predicts_the_sign_in(person: Person) -> None:
    for state in ("started", "present", "present", "started", "absent", "absent"):
        planned = person.login(state, check=True)
        if state == "present" and planned.result.changed:
            person.enters(person.login("started")["user_code"])
        real = person.login(state)
        assert planned.result.changed == real.result.changed, state
        assert [each["before"] for each in planned.result.diff or ()] == [
            each["before"] for each in real.result.diff or ()
        ]


def test_diff_names_the_person_and_not_the_code(person: Person) -> None:
    started = person.login("started")
    person.enters(started["user_code"])
    signed_in = person.login("present")
    for outcome in (started, signed_in):
        assert outcome.result.diff is not None
        assert started["user_code"] not in str(outcome.result.diff)
    [shown] = signed_in.result.diff or ()
    assert shown["before"] == "signed_in: null\ncode_waits: true\n"
    assert shown["after"] == f"signed_in: {ADA}\ncode_waits: false\n"


def test_tasks_run_as_the_signed_in_person(bench: Bench, person: Person) -> None:
    bench.seed(roles={ADA: ["Reader"]})
    person.enters(person.login("started")["user_code"])
    person.login("present")
    reported = bench.run(account_info, **person.options)
    assert (reported["account"]["source"], reported["account"]["address"]) == ("user", ADA)
    assert [(tenant["name"], tenant["roles"]) for tenant in reported["tenants"]] == [(TENANT, ["Reader"])]


def test_application_is_shown_with_the_address_for_user_role(bench: Bench) -> None:
    reported = bench.run(account_info)
    account = reported["account"]
    assert account["address"] == f"{account['object_id']}@{account['directory_id']}.onmicrosoft.com"
    assert account["client_id"] == bench.options["client_id"]
    assert account["username"] is None
    assert account["expires_on"].endswith("Z")
    assert TENANT in [tenant["name"] for tenant in reported["tenants"]]


def test_account_is_returned_although_access_is_denied(bench: Bench) -> None:
    bench.simulator.order("POST", "signin/next-tokens", {"audience": "https://management.azure.com", "times": 20})
    reported = bench.run(account_info, token_cache="none", retry_timeout=0.5)
    assert reported.result.error is not None
    assert reported["account"]["source"] == "client_secret"
    assert "tenants" not in reported.values


def test_account_info_returns_no_secret(bench: Bench) -> None:
    reported = bench.run(account_info)
    assert "eyJ" not in str(reported.values)
    assert bench.options["client_secret"] not in str(reported.values)

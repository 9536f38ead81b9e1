# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Connection options of modules and lookups in a play: task, environment and what AWX leaves blank."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.harness import Simulator

from .play import Played, play_tasks

FOREIGN = "secret-of-another-application"
OTHER_CLIENT = "99999999-aaaa-4aaa-8aaa-999999999999"


def account(**options: Any) -> dict[str, Any]:
    return {"azsphere.fleet.account_info": options}


def look(**options: Any) -> dict[str, Any]:
    """A lookup with these options. On some cores it cannot return objects with null through a template."""
    given = "".join(f", {name}={value!r}" for name, value in options.items())
    return {
        "ansible.builtin.debug": {
            "msg": "{{ query('azsphere.fleet.tenants'" + given + ") | map(attribute='name') | list | length }}"
        }
    }


def play(
    simulator: Simulator, folder: Path, tasks: Mapping[str, Mapping[str, Any]], variables: Mapping[str, str | None]
) -> Played:
    return play_tasks(simulator, folder, tasks, variables=variables)


def failures(played: Played) -> dict[str, str]:
    return {name: result["msg"] for name, result in played.results.items() if result.get("failed")}


def test_blank_awx_values_count_as_missing(simulator: Simulator, tmp_path: Path) -> None:
    ready = simulator.ready
    (tmp_path / "blank").touch()
    blank = str(tmp_path / "blank")
    names = ("VALIDATE_CERTS", "REQUEST_TIMEOUT", "RETRY_TIMEOUT", "AUTH_SOURCE", "ACCESS_TOKEN")
    variables = {
        **{f"AZSPHERE_{name}": "" for name in names},
        "AZURE_CLIENT_SECRET": "",
        "AZURE_SECRET": str(ready["client_secret"]),
        "AZURE_TENANT_ID": "  ",
        "AZURE_TENANT": str(ready["directory_id"]),
        "AZURE_CLIENT_CERTIFICATE_PATH": blank,
        "AZURE_CLIENT_CERTIFICATE_PASSWORD": "",
        "AZURE_FEDERATED_TOKEN_FILE": blank,
    }
    nothing = dict.fromkeys(
        ("tenant", "api_url", "client_secret", "auth_source", "validate_certs", "request_timeout"), ""
    )
    nulls: dict[str, Any] = dict.fromkeys(nothing)
    tasks = {
        "module": account(),
        "module with blanks": account(**nothing),
        "module with nulls": account(**nulls),
        "lookup": look(),
        "lookup with blanks": look(**nothing),
    }
    played = play(simulator, tmp_path, tasks, variables)
    assert failures(played) == {}
    assert played.results["module"]["api"]["token_source"] == "client_secret"
    assert "WARNING" not in played.output


def test_credentials_of_the_task_come_before_those_of_the_environment(simulator: Simulator, tmp_path: Path) -> None:
    ready = simulator.ready
    ids = {"client_id": ready["client_id"], "directory_id": ready["directory_id"]}
    certificate = str(ready["client_certificate"])
    variables = {
        "AZURE_CLIENT_SECRET": FOREIGN,
        "AZSPHERE_ACCESS_TOKEN": "token-of-another-account",
        "AZSPHERE_AUTH_SOURCE": "access_token",
    }
    tasks = {
        "certificate": account(client_certificate=certificate),
        "certificate and IDs": account(**ids, client_certificate=certificate),
        "secret": account(client_secret=ready["client_secret"]),
        "lookup": look(client_certificate=certificate),
        "lookup by variable": {**look(), "vars": {"azsphere_fleet_client_certificate": certificate}},
        "other client": account(client_id=OTHER_CLIENT, auth_source="auto"),
        "lookup of other client": look(client_id=OTHER_CLIENT, auth_source="auto"),
    }
    played = play(simulator, tmp_path, tasks, variables)
    refused = {name: failures(played).pop(name) for name in ("other client", "lookup of other client")}
    assert failures(played) == refused
    assert {name: played.results[name]["api"]["token_source"] for name in list(tasks)[:3]} == {
        "certificate": "client_certificate",
        "certificate and IDs": "client_certificate",
        "secret": "client_secret",
    }
    for message in refused.values():
        assert "AZSPHERE_ACCESS_TOKEN and AZURE_CLIENT_SECRET may be of another account" in message
    assert FOREIGN not in played.output
    assert not [entry for entry in played.requests("signin") if entry.get("status", 200) >= 400]


def test_conflicting_variables_of_one_option_cause_a_warning(simulator: Simulator, tmp_path: Path) -> None:
    variables = {"AZURE_SECRET": FOREIGN, "ANSIBLE_VERBOSITY": "4"}
    played = play(simulator, tmp_path, {"module": account(), "lookup": look()}, variables)
    assert failures(played) == {}
    reported = " ".join(played.output.split())
    warning = "AZURE_CLIENT_SECRET and AZURE_SECRET are set to different values: AZURE_CLIENT_SECRET is used"
    assert warning in reported
    assert [warning in text for text in played.results["module"]["warnings"]] == [True]
    assert FOREIGN not in played.output
    assert str(simulator.ready["client_secret"]) not in played.output


def test_error_names_the_wrong_variable(simulator: Simulator, tmp_path: Path) -> None:
    played = play(simulator, tmp_path, {"module": account(), "lookup": look()}, {"AZSPHERE_REQUEST_TIMEOUT": "abc"})
    sentence = 'Invalid AZSPHERE_REQUEST_TIMEOUT "abc": not a number of seconds from more than 0 to 1000000.'
    assert played.log == []
    assert all(sentence in message for message in failures(played).values())
    assert len(failures(played)) == 2


def test_api_version_in_the_address_is_removed(simulator: Simulator, tmp_path: Path) -> None:
    tasks = {ending: account(api_url=f"{simulator.url}{ending}") for ending in ("/v2", "/v2/", "//V2//", "/")}
    tasks["a request"] = account(api_url=f"{simulator.url}/v2/tenants")
    played = play(simulator, tmp_path, tasks, {})
    assert list(failures(played)) == ["a request"]
    assert failures(played)["a request"].endswith("it has the path of a request. Use the part before /v2/.")


def test_disabled_validation_warns_and_separates_tokens(simulator: Simulator, tmp_path: Path) -> None:
    before = simulator.counts()["tokens_issued"]
    tasks = {"unchecked": account(validate_certs="no"), "checked": account(), "again": account(validate_certs=False)}
    played = play(simulator, tmp_path, tasks, {})
    assert failures(played) == {}
    [warning] = played.results["unchecked"]["warnings"]
    assert "validate_certs is false: certificates of servers are not checked" in warning
    assert not played.results["checked"].get("warnings")
    assert simulator.counts()["tokens_issued"] == before + 2


@pytest.mark.parametrize(
    ("missing", "names"),
    [
        ("AZSPHERE_TENANT", "azsphere_fleet_tenant, or AZSPHERE_TENANT"),
        ("AZURE_CLIENT_SECRET", "azsphere_fleet_client_secret, or AZURE_CLIENT_SECRET"),
    ],
)
def test_lookup_names_ignored_settings_and_their_replacement(
    simulator: Simulator, tmp_path: Path, missing: str, names: str
) -> None:
    value = simulator.env()[missing]
    option = {"AZSPHERE_TENANT": "tenant", "AZURE_CLIENT_SECRET": "client_secret"}[missing]
    lookup = {"ansible.builtin.debug": {"msg": "{{ query('azsphere.fleet.products') }}"}}
    tasks = {
        "module": {"azsphere.fleet.product_info": {}},
        "module with environment": {"azsphere.fleet.product_info": {option: ""}, "environment": {missing: value}},
        "lookup": {**lookup, "environment": {missing: value}},
    }
    played = play_tasks(
        simulator, tmp_path, tasks, defaults={option: value}, variables={missing: None, "PATH": "/usr/bin:/bin"}
    )
    assert list(failures(played)) == ["lookup"]
    reported = " ".join(failures(played)["lookup"].split())
    assert "A lookup runs on the control node and ignores module_defaults and environment of a play: set" in reported
    assert f"{names} for ansible-playbook itself" in reported


def test_password_in_an_address_is_masked(simulator: Simulator, tmp_path: Path) -> None:
    password = "canary-in-an-address"
    tasks = {
        "option": account(api_url=f"https://ada:{password}@localhost"),
        "host": account(authority_host=f"https://{password}@localhost"),
    }
    played = play(simulator, tmp_path, tasks, {"ANSIBLE_VERBOSITY": "4"})
    assert sorted(failures(played)) == ["host", "option"]
    shown = [line for line in played.output.splitlines() if password in line and "playbook.yml" not in line]
    assert shown == []

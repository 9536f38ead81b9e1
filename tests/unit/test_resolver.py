# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Where each connection option comes from: precedence, emptiness, types, and credentials as a set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._options import (
    INTEGRATED,
    OPTIONS,
    PLACES,
    secrets_in,
)

from tests.support.resolving import SUBSCRIPTION, resolved

SAMPLES: dict[str, tuple[str, str]] = {
    "api": ("integrated", "legacy"),
    "subscription_id": (SUBSCRIPTION, "5b000000-0000-4000-8000-00000000000b"),
    "validate_certs": ("false", "true"),
    "request_timeout": ("11", "12"),
    "retry_timeout": ("11", "12"),
    "auth_source": ("user", "managed_identity"),
    "ca_path": ("/one", "/two"),
    "client_certificate": ("/one", "/two"),
    "federated_token_file": ("/one", "/two"),
    "token_cache": ("/one", "/two"),
}
BLANKS = ("", "  ", "\t\n", None)
ENVIRONMENT_APPLICATION = {"AZURE_CLIENT_ID": "b", "AZURE_CLIENT_SECRET": "secret of b", "AZURE_TENANT_ID": "d"}


def credentials(task: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """The options that decide who signs in, as far as they are given."""
    params = resolved(task, variables).params
    names = ("auth_source", "access_token", "client_id", "client_secret", "client_certificate")
    names += ("client_certificate_password", "federated_token_file", "directory_id")
    return {name: params[name] for name in names if params[name] not in (None, "auto")}


def base(name: str) -> dict[str, str]:
    """What a task must say for an option to count."""
    return {"api": INTEGRATED} if name in PLACES[INTEGRATED] else {}


def sample(name: str) -> tuple[str, str]:
    return SAMPLES.get(name, ("one", "two"))


def expected(name: str, value: str) -> Any:
    option = OPTIONS[name]
    if isinstance(option.default, bool):
        return value == "true"
    return float(value) if isinstance(option.default, float) else value


@pytest.mark.parametrize("name", OPTIONS)
def test_task_comes_before_environment_and_environment_before_configuration(name: str) -> None:
    first, second = sample(name)
    variable = OPTIONS[name].variables[0]
    task = base(name)
    assert resolved({**task, name: first}, {variable: second}, {name: second}).params[name] == expected(name, first)
    assert resolved(task, {variable: first}, {name: second}).params[name] == expected(name, first)
    assert resolved(task, {}, {name: first}).params[name] == expected(name, first)
    assert resolved(task).params[name] == OPTIONS[name].default


@pytest.mark.parametrize("blank", BLANKS, ids=repr)
@pytest.mark.parametrize("name", OPTIONS)
def test_blank_value_counts_as_not_given(name: str, blank: str | None) -> None:
    first, _second = sample(name)
    variables = dict.fromkeys(OPTIONS[name].variables, blank or "")
    task = {**base(name), name: blank}
    assert resolved(task, {OPTIONS[name].variables[0]: first}).params[name] == expected(name, first)
    assert resolved(task, variables, {name: first}).params[name] == expected(name, first)
    assert resolved(task, variables, {name: blank}).params[name] == OPTIONS[name].default


@pytest.mark.parametrize("name", [name for name, option in OPTIONS.items() if len(option.variables) > 1])
def test_first_variable_that_is_not_blank_is_used(name: str) -> None:
    first, second = OPTIONS[name].variables
    both = resolved({}, {first: "one", second: "two"})
    assert both.params[name] == "one"
    assert [f"{first} and {second} are set to different values: {first} is used" in each for each in both.warnings] == [
        True
    ]
    assert "one" not in both.warnings[0].split()
    assert resolved({}, {first: " ", second: "two"}).params[name] == "two"
    assert not resolved({}, {first: " ", second: "two"}).warnings
    assert not resolved({}, {first: "same", second: " same "}).warnings
    assert not resolved({name: "task"}, {first: "one", second: "two"}).warnings


@pytest.mark.parametrize(
    ("task", "variables", "signs_in_with"),
    [
        # A credential of the task comes before all that come from the environment.
        (
            {"client_certificate": "/c.pem"},
            ENVIRONMENT_APPLICATION,
            {"client_id", "directory_id", "client_certificate"},
        ),
        (
            {"federated_token_file": "/t"},
            ENVIRONMENT_APPLICATION,
            {"client_id", "directory_id", "federated_token_file"},
        ),
        ({"access_token": "t"}, ENVIRONMENT_APPLICATION, {"access_token", "client_id", "directory_id"}),
        (
            {"client_certificate": "/c.pem"},
            {"AZSPHERE_ACCESS_TOKEN": "t", "AZSPHERE_AUTH_SOURCE": "access_token"},
            {"client_certificate"},
        ),
        (
            {"client_id": "a", "directory_id": "e", "federated_token_file": "/t"},
            {"AZURE_CLIENT_SECRET": "s", "AZSPHERE_ACCESS_TOKEN": "t"},
            {"client_id", "directory_id", "federated_token_file"},
        ),
        (
            {"client_secret": "s"},
            {"AZURE_FEDERATED_TOKEN_FILE": "/t", "AZURE_CLIENT_ID": "b"},
            {"client_id", "client_secret"},
        ),
        ({"access_token": "t"}, {"AZSPHERE_AUTH_SOURCE": "managed_identity"}, {"access_token"}),
        # A credential of the environment belongs to the client that the environment names.
        ({"client_id": "b"}, ENVIRONMENT_APPLICATION, {"client_id", "client_secret", "directory_id"}),
        ({"client_id": " B "}, ENVIRONMENT_APPLICATION, {"client_id", "client_secret", "directory_id"}),
        ({"client_id": "a"}, {"AZURE_CLIENT_SECRET": "s"}, {"client_id", "client_secret"}),
        ({"directory_id": "e"}, ENVIRONMENT_APPLICATION, {"client_id", "client_secret", "directory_id"}),
        # A workload may act for several applications.
        (
            {"client_id": "a"},
            {**ENVIRONMENT_APPLICATION, "AZURE_FEDERATED_TOKEN_FILE": "/t"},
            {"client_id", "directory_id", "federated_token_file"},
        ),
        # Halves of a certificate complete each other.
        (
            {"client_certificate_password": "p"},
            {"AZURE_CLIENT_CERTIFICATE_PATH": "/c.pfx", "AZURE_CLIENT_SECRET": "s"},
            {"client_certificate", "client_certificate_password"},
        ),
        (
            {"client_certificate": "/c.pfx"},
            {"AZURE_CLIENT_CERTIFICATE_PASSWORD": "p"},
            {"client_certificate", "client_certificate_password"},
        ),
        (
            {"client_certificate": "/c.pem"},
            {"AZURE_CLIENT_CERTIFICATE_PASSWORD": "p", "AZURE_CLIENT_CERTIFICATE_PATH": "/other.pfx"},
            {"client_certificate"},
        ),
        # Who asks for a way of signing in gets what the environment has for it.
        (
            {"auth_source": "access_token", "client_id": "a"},
            {"AZSPHERE_ACCESS_TOKEN": "t"},
            {"auth_source", "access_token", "client_id"},
        ),
        ({"auth_source": "user"}, ENVIRONMENT_APPLICATION, {"auth_source", "client_secret"}),
        (
            {"auth_source": "user"},
            {"AZURE_CLIENT_ID": "own", "AZURE_TENANT_ID": "d"},
            {"auth_source", "client_id", "directory_id"},
        ),
        # What is blank in the task is not given.
        (
            {"client_certificate": "", "access_token": None},
            ENVIRONMENT_APPLICATION,
            {"client_id", "client_secret", "directory_id"},
        ),
    ],
)
def test_credentials_are_taken_as_a_set(
    task: dict[str, Any], variables: dict[str, str], signs_in_with: set[str]
) -> None:
    found = credentials(task, variables)
    assert set(found) == signs_in_with
    for name, value in task.items():
        if value:
            assert found[name] == value.strip()


@pytest.mark.parametrize(
    ("task", "variables", "aside"),
    [
        ({"client_id": "a"}, ENVIRONMENT_APPLICATION, "AZURE_CLIENT_SECRET"),
        ({"client_id": "a", "directory_id": "e"}, {"AZSPHERE_ACCESS_TOKEN": "t"}, "AZSPHERE_ACCESS_TOKEN"),
        (
            {"client_id": "a"},
            {"AZURE_CLIENT_ID": "b", "AZURE_CLIENT_CERTIFICATE_PATH": "/c.pem"},
            "AZURE_CLIENT_CERTIFICATE_PATH",
        ),
    ],
)
def test_client_without_its_own_credential_never_signs_in_as_another_account(
    task: dict[str, Any], variables: dict[str, str], aside: str
) -> None:
    with pytest.raises(InvalidInput, match=f"{aside} may be of another account") as caught:
        resolved(task, variables).require_own_credential()
    assert caught.value.code == "half_configured"
    asked = resolved({**task, "auth_source": "managed_identity"}, variables)
    asked.require_own_credential()
    assert asked.params["client_id"] == "a"


@pytest.mark.parametrize(
    "variable", ["AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE", "REQUESTS_CA_BUNDLE"]
)
def test_empty_file_of_the_environment_counts_as_not_given(tmp_path: Path, variable: str) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "full").write_text("content")
    os.mkfifo(tmp_path / "pipe")
    name = next(name for name, option in OPTIONS.items() if variable in option.variables)

    def given(path: str) -> Any:
        return resolved({}, {variable: path, "FOLDER": str(tmp_path), "HOME": str(tmp_path)}).params[name]

    for path in (str(tmp_path / "empty"), "$FOLDER/empty", "~/empty", os.devnull):
        assert given(path) is None
    for path in ("full", "pipe", "missing"):
        assert given(f"${{FOLDER}}/{path}") == str(tmp_path / path)
    assert resolved({name: str(tmp_path / "empty")}).params[name] == str(tmp_path / "empty")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("tenant", False, "Invalid tenant false: a boolean is not text. Put it in quotes"),
        ("tenant", 493, "Invalid tenant 493: a number is not text. Put it in quotes"),
        ("tenant", {}, "Invalid tenant: a mapping is not text."),
        ("api", "arm", 'Invalid api "arm": there is no such API. Use legacy or integrated.'),
        ("api", True, "Invalid api true: a boolean is not text."),
        ("subscription_id", "Contoso", 'Invalid subscription_id "Contoso": not a valid name. Use the GUID'),
        ("resource_group", "fleet/other", 'Invalid resource_group "fleet/other": not a valid name. Use 1 to 90'),
        ("resource_group", "fleet.", 'Invalid resource_group "fleet.": not a valid name.'),
        ("catalog", "Contoso Fleet", 'Invalid catalog "Contoso Fleet": not a valid name. Use 1 to 50 letters'),
        ("catalog", 12, "Invalid catalog 12: a number is not text."),
        ("client_secret", 73120, "Invalid client_secret: a number is not text."),
        ("client_secret", ["73120"], "Invalid client_secret: a list is not text."),
        ("client_certificate_password", 73120, "Invalid client_certificate_password: a number is not text."),
        ("token_cache", True, "Invalid token_cache true: a boolean is not text."),
        ("request_timeout", "abc", 'Invalid request_timeout "abc": not a number of seconds'),
        ("request_timeout", "nan", "not a number of seconds from more than 0 to 1000000"),
        ("request_timeout", 1e10, "not a number of seconds"),
        ("request_timeout", 0, "not a number of seconds"),
        ("request_timeout", True, "not a number of seconds"),
        ("request_timeout", [30], "not a number of seconds"),
        ("retry_timeout", -1, "not a number of seconds from 0 to 1000000"),
        ("validate_certs", "ture", 'Invalid validate_certs "ture": neither true nor false. Use true or false.'),
        ("validate_certs", 2, "neither true nor false"),
        ("validate_certs", [True], "neither true nor false"),
        (
            "auth_source",
            "secret",
            'Invalid auth_source "secret": there is no such way of signing in. Use auto or one of',
        ),
    ],
)
def test_wrong_type_is_one_sentence_with_the_name_of_option_or_variable(name: str, value: Any, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        resolved({**base(name), name: value})
    assert message in str(caught.value)
    assert ("73120" in str(value)) <= ("73120" not in str(caught.value))
    if isinstance(value, str):
        variable = OPTIONS[name].variables[0]
        with pytest.raises(InvalidInput, match=f"Invalid {variable}"):
            resolved(base(name), {variable: value})


@pytest.mark.parametrize(
    ("value", "flag"),
    [("yes", True), ("On", True), (1, True), ("1", True), (" True ", True), ("no", False), ("off", False), (0, False)],
)
def test_flag_takes_the_words_of_ansible(value: Any, flag: bool) -> None:
    assert resolved({"validate_certs": value}).params["validate_certs"] is flag


def test_unchecked_certificates_are_warned_of_once() -> None:
    assert not resolved({}).warnings
    [warning] = resolved({}, {"AZSPHERE_VALIDATE_CERTS": "false"}).warnings
    assert warning.startswith("AZSPHERE_VALIDATE_CERTS is false: certificates of servers are not checked")


@pytest.mark.parametrize("name", ["client_certificate", "federated_token_file", "ca_path", "token_cache"])
@pytest.mark.parametrize("content", ["-----BEGIN PRIVATE KEY-----\ncanary\n", "eyJcanary.canary.canary", " eyJc.d.e "])
def test_content_in_place_of_a_path_is_rejected_and_masked(name: str, content: str) -> None:
    assert content in secrets_in({name: content})
    with pytest.raises(InvalidInput, match=f"Invalid {name}: it must be the path of a file") as caught:
        resolved({name: content})
    assert "canary" not in str(caught.value)
    with pytest.raises(InvalidInput, match=f"Invalid {OPTIONS[name].variables[0]}: it must be the path"):
        resolved({}, {OPTIONS[name].variables[0]: content})


def test_paths_start_where_they_are_written() -> None:
    assert resolved({"ca_path": "ca.pem"}).params["ca_path"] == "/work/ca.pem"
    assert resolved({}, {}, {"ca_path": "ca.pem", "token_cache": "None"}).params["ca_path"] == "/etc/ca.pem"
    assert resolved({}, {}, {"token_cache": "None"}).params["token_cache"] == "none"
    assert resolved({"token_cache": "~/t"}, {"HOME": "/home/ada"}).params["token_cache"] == "/home/ada/t"


def test_passwords_of_addresses_are_secrets() -> None:
    assert "p%40ss" in secrets_in({"api_url": "https://ada:p%40ss@host/v2"})
    assert "p@ss" in secrets_in({"authority_host": "ada:p%40ss@host"})
    assert "token" in secrets_in({"api_url": "https://token@host"})
    assert secrets_in({"api_url": "https://host", "client_secret": " padded "}) == [" padded ", "padded"]


def documented() -> dict[str, tuple[tuple[str, ...], str, bool]]:
    """Variables, default and meaning of an empty file of each option, as the page on authentication has them."""
    page = (Path(__file__).parents[2] / "docs" / "authentication.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("| `") and line.count("|") == 5]
    names = {row[0].strip(" `") for row in rows} & set(OPTIONS)
    return {
        row[0].strip(" `"): (
            tuple(each.strip(" `") for each in row[1].split(",")),
            row[2].strip(" `"),
            row[3].strip() == "not given",
        )
        for row in rows
        if row[0].strip(" `") in names and row[1].strip(" `").isupper()
    }


def test_page_has_precedence_default_and_emptiness_of_every_option() -> None:
    defaults = {None: "none", True: "true"}
    assert documented() == {
        name: (
            option.variables,
            f"{option.default:g}"
            if isinstance(option.default, float)
            else defaults.get(option.default, option.default),
            option.file,
        )
        for name, option in OPTIONS.items()
    }

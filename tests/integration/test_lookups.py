# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Lookups and the test device_id in a play: what they give and refuse, and that they agree with the info modules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.harness import Simulator, start_simulator
from tests.support.apis import APIS, LEGACY

from .play import Played, play_tasks

FIRST, SECOND = "0a" * 64, "0b" * 64
IMAGE = "c1000000-0000-4000-8000-000000000001"
SEED = {
    "tenants": [
        {
            "name": "Contoso Fleet",
            "images": [{"name": "KettleControl", "id": IMAGE}],
            "products": [
                {
                    "name": "Kettle",
                    "device_groups": [
                        {"name": "Production", "deployments": [{"images": [IMAGE]}]},
                        {"name": "Laboratory"},
                    ],
                },
                {"name": "Coffee Machine", "device_groups": [{"name": "Production"}]},
            ],
            "devices": [
                {"id": FIRST, "device_group": "Kettle/Production"},
                {"id": SECOND, "device_group": "Coffee Machine/Production"},
            ],
        }
    ]
}

#: What each expression gives. No number and no null: ansible-core before 2.19 makes text of them.
GIVEN = {
    "lookup('azsphere.fleet.tenants', 'Contoso Fleet').roles": ["Administrator"],
    "query('azsphere.fleet.tenants', tenant='') | map(attribute='name')": ["Contoso Fleet"],
    # What is blank is not given, whatever its type.
    "lookup('azsphere.fleet.products', 'Kettle', tenant='', api_url=' ', validate_certs='', request_timeout='', "
    "retry_timeout=none, auth_source='', client_secret='', client_certificate='', token_cache='').name": "Kettle",
    "lookup('azsphere.fleet.products', 'KETTLE').name": "Kettle",
    "query('azsphere.fleet.products') | map(attribute='name')": ["Coffee Machine", "Kettle"],
    "query('azsphere.fleet.products', 'Kettle', 'Coffee Machine') | map(attribute='name')": [
        "Kettle",
        "Coffee Machine",
    ],
    "query('azsphere.fleet.products', ['Kettle'], wantlist=true) | map(attribute='name')": ["Kettle"],
    "query('azsphere.fleet.products', validate_certs='yes') | map(attribute='name')": ["Coffee Machine", "Kettle"],
    "query('azsphere.fleet.products', [])": [],
    "lookup('azsphere.fleet.products', 'Teapot', errors='ignore') is none": True,
    "lookup('azsphere.fleet.device_groups', 'kettle/production').current_deployment.images": [IMAGE],
    "lookup('azsphere.fleet.device_groups', 'Laboratory').product": "Kettle",
    "lookup('azsphere.fleet.device_groups', 'Production', product='Coffee Machine').product": "Coffee Machine",
    "lookup('azsphere.fleet.device_groups', query('azsphere.fleet.device_groups')[1].id).name": "Laboratory",
    "query('azsphere.fleet.device_groups', product='Kettle') | map(attribute='name')": ["Laboratory", "Production"],
    "query('azsphere.fleet.device_groups') | map(attribute='product')": ["Coffee Machine", "Kettle", "Kettle"],
    "lookup('azsphere.fleet.devices', '0A' * 64).device_group": "Production",
    "query('azsphere.fleet.devices') | map(attribute='id')": [FIRST, SECOND],
    "query('azsphere.fleet.devices', product='Kettle', device_group='Production') | map(attribute='id')": [FIRST],
    "query('azsphere.fleet.devices', product='Kettle', device_group='Laboratory')": [],
    f"lookup('azsphere.fleet.images', '{IMAGE}').name": "KettleControl",
    "query('azsphere.fleet.images', 'kettlecontrol') | map(attribute='id')": [IMAGE],
    "query('azsphere.fleet.images') | map(attribute='id')": [IMAGE],
    "('0A' * 64) is azsphere.fleet.device_id": True,
    "('0g' * 64) is azsphere.fleet.device_id": False,
    "('0a' * 63) is azsphere.fleet.device_id": False,
    "7 is azsphere.fleet.device_id": False,
}
#: Variables from which options come, and what then is given to a lookup that has no options of its own.
VARIABLES = {
    "a variable that names another": {
        "azsphere_fleet_tenant": "{{ fleet_name }} Fleet",
        "fleet_name": "Contoso",
        "azsphere_fleet_client_secret": "{{ vaulted }}",
        "vaulted": "{{ lookup('ansible.builtin.env', 'AZURE_CLIENT_SECRET') }}",
        "azsphere_fleet_retry_timeout": "{{ 60 + 60 }}",
    },
    "a variable of like name that is for something else": {
        "azsphere_fleet_tenant": "Contoso Fleet",
        "azsphere_fleet_products": "{{ query('azsphere.fleet.products') }}",
    },
}
#: What each expression is refused with.
REFUSED = {
    "lookup('azsphere.fleet.tenants', 'Nowhere')": (
        'Tenant "Nowhere" not found among those that this account may use. Available: "Contoso Fleet".'
    ),
    "lookup('azsphere.fleet.products', 'Teapot')": (
        'Product "Teapot" not found in the tenant. Available: "Coffee Machine", "Kettle".'
    ),
    "lookup('azsphere.fleet.device_groups', 'Production')": (
        'Ambiguous device group "Production": the tenant has 2 of this name. Use one of: '
        '"Coffee Machine/Production", "Kettle/Production".'
    ),
    "lookup('azsphere.fleet.device_groups', 'Kettle/Attic')": (
        'Device group "Attic" not found in the product "Kettle". Available: "Laboratory", "Production".'
    ),
    "lookup('azsphere.fleet.device_groups', 'Attic')": (
        'Device group "Attic" not found in the tenant. Available: '
        '"Coffee Machine/Production", "Kettle/Laboratory", "Kettle/Production".'
    ),
    "lookup('azsphere.fleet.devices', '0f' * 64)": (
        f"The device {'0f' * 64} is not claimed into this tenant, which has 2 devices."
    ),
    "lookup('azsphere.fleet.devices', '0f')": 'row 1: "0f" is not a device ID',
    "lookup('azsphere.fleet.devices', '0a' * 64, product='Kettle')": "Device IDs need no product",
    "lookup('azsphere.fleet.images', 'Teapot')": (
        'Image "Teapot" not found in the tenant. Available: "KettleControl".'
    ),
    "query('azsphere.fleet.devices', products='Kettle')": (
        'This lookup has no option "products". Available: access_token, api, api_url'
    ),
    "lookup('azsphere.fleet.products', validate_certs='ture')": (
        'Invalid validate_certs "ture": neither true nor false. Use true or false.'
    ),
    "lookup('azsphere.fleet.products', request_timeout='abc')": (
        'Invalid request_timeout "abc": not a number of seconds from more than 0 to 1000000.'
    ),
    "lookup('azsphere.fleet.products', tenant=false)": "Invalid tenant false: a boolean is not text.",
    "lookup('azsphere.fleet.products', tenant=0o755)": "Invalid tenant 493: a number is not text.",
    "lookup('azsphere.fleet.products', tenant='Nowhere')": (
        'Tenant "Nowhere" not found among those that this account may use.'
    ),
}
#: Info modules with what lookups give of the same.
AGREEING = {
    "product_info": ("products", "query('azsphere.fleet.products')"),
    "device_group_info": ("device_groups", "query('azsphere.fleet.device_groups')"),
    "device_info": ("devices", "query('azsphere.fleet.devices')"),
    "image_info": ("images", "query('azsphere.fleet.images')"),
}


#: What only the Legacy API has: tenants as options, and GUIDs of device groups.
LEGACY_ONLY = ("fleet.tenants", "tenant=", "[1].id")


def on(api: str, expressions: Iterable[str]) -> list[str]:
    """Those of the expressions that make sense on an API."""
    return [each for each in expressions if api == LEGACY or not any(word in each for word in LEGACY_ONLY)]


def on_each_api(expressions: Iterable[str]) -> pytest.MarkDecorator:
    """Runs a test with each of the expressions on both APIs."""
    cases = [(api, each) for api in APIS for each in on(api, expressions)]
    return pytest.mark.parametrize(("played", "expression"), cases, indirect=["played"])


ON_BOTH = pytest.mark.parametrize("played", APIS, indirect=True)


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Played]:
    """Returns the play on an API, which runs once."""
    return cache(lambda api: play_on(api, tmp_path_factory.mktemp("play")))


@pytest.fixture
def played(request: pytest.FixtureRequest, plays: Callable[[str], Played]) -> Played:
    return plays(request.param)


def play_on(api: str, folder: Path) -> Played:
    """Runs one play of everything, as a start of Ansible costs more than all of these."""
    tasks: dict[str, dict[str, Any]] = {
        expression: {"ansible.builtin.debug": {"msg": "{{ " + expression + " }}"}}
        for expression in on(api, [*GIVEN, *REFUSED])
    }
    tasks["loop"] = {"ansible.builtin.debug": {"msg": "{{ item.name }}"}, "with_azsphere.fleet.products": []}
    tasks["loop of one"] = {
        "ansible.builtin.debug": {"msg": "{{ item.name }}"},
        "with_azsphere.fleet.products": ["Kettle"],
    }
    for name, variables in VARIABLES.items() if api == LEGACY else ():
        message = "{{ query('azsphere.fleet.products') | map(attribute='name') }}"
        tasks[name] = {"ansible.builtin.debug": {"msg": message}, "vars": variables}
    for module, (_key, expression) in AGREEING.items():
        tasks[module] = {f"azsphere.fleet.{module}": {}}
        tasks[f"as {module}"] = {"ansible.builtin.debug": {"msg": "{{ " + expression + " }}"}}
    with start_simulator(seed=SEED) as simulator:
        simulator.api = api
        return play_tasks(simulator, folder, tasks)


@on_each_api(GIVEN)
def test_lookup_returns_expected_values(played: Played, expression: str) -> None:
    result = played.results[expression]
    assert not result.get("failed"), result
    assert result["msg"] == GIVEN[expression]


@ON_BOTH
def test_lookups_work_in_loops(played: Played) -> None:
    """ansible-core before 2.19 passes an option of its own to lookups in loops."""
    assert not played.results["loop"].get("failed")
    assert [result["msg"] for result in played.results["loop of one"]["results"]] == ["Kettle"]


@pytest.mark.parametrize("played", [LEGACY], indirect=True)
@pytest.mark.parametrize("name", VARIABLES)
def test_lookup_reads_options_from_variables(played: Played, name: str) -> None:
    assert played.results[name]["msg"] == ["Coffee Machine", "Kettle"]


@on_each_api(REFUSED)
def test_lookup_rejects_wrong_options_with_one_sentence(played: Played, expression: str) -> None:
    result = played.results[expression]
    assert result["failed"]
    assert REFUSED[expression] in result["msg"]
    assert "Traceback" not in played.output


@ON_BOTH
@pytest.mark.parametrize("module", AGREEING)
def test_lookups_return_the_same_as_info_modules(played: Played, module: str) -> None:
    found = played.results[module][AGREEING[module][0]]
    assert found
    assert played.results[f"as {module}"]["msg"] == found


@ON_BOTH
def test_lookups_only_read_and_share_one_token(played: Played) -> None:
    assert played.writes == 0
    assert [entry["method"] for entry in played.requests("signin")].count("POST") == 1


def test_lookup_reads_again_what_was_deleted_meanwhile(simulator: Simulator, tmp_path: Path) -> None:
    """The groups of a product are not found, as if it had been deleted since it was read."""
    simulator.load(SEED)
    simulator.fault(match={"operationId": "Product_ListGroups"}, status=404)
    task = {"ansible.builtin.debug": {"msg": "{{ lookup('azsphere.fleet.products', 'Kettle').name }}"}}
    played = play_tasks(simulator, tmp_path, {"look": task})
    assert played.results["look"]["msg"] == "Kettle"
    assert [each["status"] for each in played.requests() if each["operation"] == "Product_ListGroups"] == [404, 200]

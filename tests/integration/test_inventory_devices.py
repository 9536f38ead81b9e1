# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The inventory `devices`, as ansible-inventory lists it: hosts, groups, filters, cache, options and errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.harness import Simulator
from tests.support.apis import is_write, on_both_apis

from .listing import Listed, list_inventory
from .play import play_book, play_tasks

FIRST, SECOND, THIRD = "0a" * 64, "0b" * 64, "0c" * 64
#: The first 20 digits are the same.
TWINS = ("d" * 20 + "1" * 108, "d" * 20 + "2" * 108)
SEED: dict[str, Any] = {
    "tenants": [
        {
            "name": "Contoso Fleet",
            "products": [
                {"name": "Kettle", "device_groups": [{"name": "Field Test"}, {"name": "Production"}]},
                {"name": "Coffee Machine", "device_groups": [{"name": "Production"}]},
            ],
            "devices": [
                {"id": FIRST, "device_group": "Kettle/Field Test", "last_installed_os_version": "24.03"},
                {"id": SECOND, "device_group": "Coffee Machine/Production"},
                THIRD,
                {"id": TWINS[0], "device_group": "Kettle/Field Test"},
                {"id": TWINS[1], "device_group": "Coffee Machine/Production"},
            ],
        }
    ]
}
PLUGIN = {"plugin": "azsphere.fleet.devices"}
#: Options that are wrong, and a part of the error.
ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"product": "Teapot"}, 'Product "Teapot" not found in the tenant. Available: "Coffee Machine", "Kettle".'),
    ({"product": "Coffee Machine", "device_group": "Field Test"}, 'Available: "Coffee Machine/Production".'),
    ({"prodcut": "Kettle"}, 'This inventory plugin has no option "prodcut". Available: access_token,'),
    ({"product": 5}, "Invalid product: the number 5 is not a text."),
    ({"tenant": False}, "is not text"),
    ({"validate_certs": "maybe"}, "neither true nor false"),
    ({"hostname": "{{ azsphere_product }}"}, "none of which changes when a device moves"),
    ({"hostname": "device"}, "none of which changes when a device moves"),
    ({"hostname": "{{ 'd-' ~ azsphere_device_id[:1] }}"}, 'get the name "d-0"'),
    ({"hostname": "'a b'"}, '"a b" is not a host name. Use letters, digits, hyphens, underscores and dots.'),
    ({"strict": True, "compose": {"place": "nowhere.at.all"}}, "Could not set place for host"),
    ({"strict": True, "groups": {"lost": "nowhere.at.all"}}, "Could not add host"),
    ({"tenant": "Nobody"}, "Nobody"),
    *(
        ({"group_prefix": name}, f'Invalid group_prefix: Ansible reserves "{name}". Use another name.')
        for name in ("all", "ungrouped", "localhost", "_meta")
    ),
    ({"product": "Kettle", "device_group": "Field Test", "hostname": "'all'[:3]"}, 'Ansible reserves "all".'),
    *(
        ({name: "maybe"}, f'Invalid {name}: "maybe" is neither true nor false. Use true or false.')
        for name in ("cache", "strict", "leading_separator", "use_extra_vars")
    ),
    (
        {"tenant": "{{ nowhere }}"},
        "Invalid tenant: 'nowhere' is undefined. ",
    ),
    ({"cache": []}, "Invalid cache: a list is neither true nor false."),
    ({"cache_timeout": "soon"}, 'Invalid cache_timeout: "soon" is not a whole number. Give digits only.'),
    ({"cache_timeout": True}, "Invalid cache_timeout: the truth value true is not a whole number."),
    ({"cache_timeout": -1}, "Invalid cache_timeout -1: it is negative."),
    ({"cache_prefix": 5}, "Invalid cache_prefix: the number 5 is not a text."),
    ({"cache": True, "cache_plugin": "nowhere"}, 'Invalid cache_plugin "nowhere": Unable to load the cache plugin'),
    ({"cache": True, "cache_plugin": "jsonfile"}, 'Invalid cache_plugin "jsonfile": '),
    ({"keyed_groups": "x"}, 'Invalid keyed_groups: "x" is not a list. Give a list of mappings with a key.'),
    ({"keyed_groups": {"key": "azsphere_product"}}, "Invalid keyed_groups: a mapping is not a list."),
    ({"keyed_groups": ["azsphere_product"]}, 'Invalid keyed_groups[0]: "azsphere_product" is not a mapping.'),
    ({"keyed_groups": [{"prefix": "x"}]}, "Invalid keyed_groups[0]: key is missing."),
    ({"keyed_groups": [{"key": " "}]}, "Invalid keyed_groups[0].key: it is empty."),
    (
        {"keyed_groups": [{"key": "x", "prefxi": "y"}]},
        'Invalid keyed_groups[0]: it has no option "prefxi". Available: ',
    ),
    ({"keyed_groups": [{"key": "x", "prefix": 5}]}, "Invalid keyed_groups[0].prefix: the number 5 is not a text."),
    (
        {"keyed_groups": [{"key": "x"}, {"key": "x", "trailing_separator": "maybe"}]},
        'Invalid keyed_groups[1].trailing_separator: "maybe" is neither true nor false.',
    ),
    ({"keyed_groups": [{"key": "x", "parent_group": "ungrouped"}]}, 'parent_group: Ansible reserves "ungrouped".'),
    ({"groups": ["x"]}, "Invalid groups: a list is not a mapping."),
    ({"groups": {"all": "true"}}, 'Invalid groups: Ansible reserves "all".'),
    ({"groups": {"x": ["a"]}}, "Invalid groups.x: a list is not a text."),
    ({"groups": {"x": " "}}, "Invalid groups.x: it is empty."),
    ({"compose": "x"}, 'Invalid compose: "x" is not a mapping.'),
    ({"compose": {"a b": "5"}}, 'Invalid compose: "a b" is not the name of a variable.'),
    ({"compose": {"x": ""}}, "Invalid compose.x: it is empty."),
]


@pytest.fixture
def fleet(simulator: Simulator) -> Simulator:
    simulator.load(SEED)
    return simulator


def cached(folder: Path, **options: Any) -> dict[str, Any]:
    where = {"cache_plugin": "jsonfile", "cache_connection": str(folder / "cache")}
    return {**PLUGIN, "cache": True, **where, **options}


def api(listed: Listed) -> list[dict[str, Any]]:
    return [entry for entry in listed.log if entry["kind"] == "api"]


@on_both_apis(always=True)
def test_hosts_and_groups(fleet: Simulator, tmp_path: Path) -> None:
    listed = list_inventory(fleet, tmp_path, PLUGIN)
    assert listed.code == 0, listed.messages
    assert "WARNING" not in listed.messages
    whole = {each: each[:12] for each in (FIRST, SECOND, THIRD)}
    assert listed.names == {**whole, **{each: each[:21] for each in TWINS}}
    assert sorted(listed.groups["azsphere"]["children"]) == ["azsphere_coffee_machine", "azsphere_kettle"]
    kettle = ["azsphere_kettle__field_test", "azsphere_kettle__production"]
    assert sorted(listed.groups["azsphere_kettle"]["children"]) == kettle
    assert listed.members("azsphere") == [THIRD[:12]]
    assert listed.members("azsphere_kettle__field_test") == [FIRST[:12], TWINS[0][:21]]
    assert listed.members("azsphere_coffee_machine__production") == [SECOND[:12], TWINS[1][:21]]
    assert not any(is_write(entry) for entry in listed.log)


@on_both_apis()
def test_variables_are_those_of_device_info(fleet: Simulator, tmp_path: Path) -> None:
    listed = list_inventory(fleet, tmp_path, PLUGIN)
    info = play_tasks(fleet, tmp_path, {"info": {"azsphere.fleet.device_info": {}}}).results["info"]["devices"]
    for device in info:
        device_id = device.pop("id")
        assert listed.hosts[listed.names[device_id]] == {
            **{f"azsphere_{name}": value for name, value in device.items()},
            "azsphere_device_id": device_id,
            "azsphere_short_id": listed.names[device_id],
            "ansible_connection": "local",
        }


@on_both_apis()
def test_name_does_not_change_when_a_device_moves(fleet: Simulator, tmp_path: Path) -> None:
    """Nor where a filter hides the device that it could be taken for."""
    filtered = {**PLUGIN, "product": "kettle"}
    before = list_inventory(fleet, tmp_path, filtered)
    move = {"azsphere.fleet.device": {"ids": [TWINS[1]], "product": "Kettle", "device_group": "Production"}}
    assert not play_tasks(fleet, tmp_path, {"move": move}).results["move"].get("failed")
    after = list_inventory(fleet, tmp_path, filtered)
    assert sorted(before.hosts) == [FIRST[:12], TWINS[0][:21]]
    assert sorted(after.hosts) == [FIRST[:12], TWINS[0][:21], TWINS[1][:21]]
    assert after.members("azsphere_kettle__production") == [TWINS[1][:21]]


@on_both_apis()
@pytest.mark.parametrize(
    ("filters", "devices", "groups"),
    [
        ({"product": "KETTLE "}, {FIRST, TWINS[0]}, {"kettle__field_test", "kettle__production"}),
        ({"product": "Kettle", "device_group": "Production"}, set(), {"kettle__production"}),
        ({"device_group": "production"}, {SECOND, TWINS[1]}, {"coffee_machine__production", "kettle__production"}),
    ],
    ids=["product", "group without devices", "groups of all products"],
)
def test_filters(fleet: Simulator, tmp_path: Path, filters: Any, devices: set[str], groups: set[str]) -> None:
    listed = list_inventory(fleet, tmp_path, {**PLUGIN, **filters})
    assert listed.code == 0, listed.messages
    assert set(listed.names) == devices
    products = [listed.groups.get(group, {}) for group in listed.groups["azsphere"]["children"]]
    assert {group for product in products for group in product["children"]} == {f"azsphere_{each}" for each in groups}


def test_filters_by_guid(fleet: Simulator, tmp_path: Path) -> None:
    device = list_inventory(fleet, tmp_path, PLUGIN).hosts[SECOND[:12]]
    for filters in (
        {"product": device["azsphere_product_id"].upper()},
        {"device_group": device["azsphere_device_group_id"]},
    ):
        assert set(list_inventory(fleet, tmp_path, {**PLUGIN, **filters}).names) == {SECOND, TWINS[1]}


def test_error_adds_no_host(fleet: Simulator, tmp_path: Path) -> None:
    lenient = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "false"}
    sources = [{**PLUGIN, **options} for options, _message in ERRORS]
    listed = list_inventory(fleet, tmp_path, *sources, variables=lenient)
    assert [message for _options, message in ERRORS if message not in listed.messages] == [], listed.messages
    assert listed.hosts == {}
    assert set(listed.groups) <= {"all", "ungrouped"}
    assert "Traceback" not in listed.messages
    assert list_inventory(fleet, tmp_path, sources[0]).code != 0


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("ANSIBLE_INVENTORY_CACHE", "is neither true nor false. Use true or false."),
        ("ANSIBLE_INVENTORY_USE_EXTRA_VARS", "is neither true nor false. Use true or false."),
        ("ANSIBLE_INVENTORY_CACHE_TIMEOUT", "is not a whole number. Give digits only."),
    ],
)
def test_wrong_value_of_an_environment_variable_is_an_error(
    fleet: Simulator, tmp_path: Path, variable: str, words: str
) -> None:
    listed = list_inventory(fleet, tmp_path, PLUGIN, variables={variable: "maybe"})
    assert (listed.code, listed.log) == (1, [])
    assert f'Invalid {variable}: "maybe" {words}' in listed.messages
    assert list_inventory(fleet, tmp_path, PLUGIN, variables={variable: "0"}).code == 0


@on_both_apis()
def test_list_that_cannot_be_read_to_its_end_adds_no_host(fleet: Simulator, tmp_path: Path) -> None:
    fleet.settings(page_size=2)
    for operation in ("Devices_List", "Catalogs_ListDevices"):
        fleet.fault("status", match={"operationId": operation}, status=404, skip=2, times=None)
    lenient = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "false"}
    listed = list_inventory(fleet, tmp_path, cached(tmp_path), variables=lenient)
    assert listed.hosts == {}
    assert "listing the devices" in listed.messages
    fleet.clear_faults()
    assert set(list_inventory(fleet, tmp_path, cached(tmp_path)).names) == {FIRST, SECOND, THIRD, *TWINS}


def test_group_names_that_collide_are_an_error(simulator: Simulator, tmp_path: Path) -> None:
    simulator.settings(name_characters="free")
    products = [{"name": name, "device_groups": []} for name in ("Kettle-1", "kettle_1")]
    simulator.load({"tenants": [{"name": "Contoso Fleet", "products": products}]})
    listed = list_inventory(simulator, tmp_path, PLUGIN)
    assert listed.code != 0
    error = 'Cannot name the inventory groups: product "Kettle-1" and product "kettle_1" are both azsphere_kettle_1.'
    assert error in listed.messages
    assert list_inventory(simulator, tmp_path, {**PLUGIN, "product": "Kettle-1"}).code == 0


@on_both_apis()
def test_constructed_variables_and_groups(fleet: Simulator, tmp_path: Path) -> None:
    source = {
        **PLUGIN,
        "hostname": "device-{{ azsphere_short_id }}",
        "group_prefix": "contoso",
        "compose": {"place": "azsphere_product ~ '/' ~ azsphere_device_group", "nothing": "no.such.variable"},
        "groups": {"old": "azsphere_last_installed_os_version == '24.03'", "placed": "place == 'Kettle/Field Test'"},
        "keyed_groups": [{"key": "azsphere_last_installed_os_version | default('unknown', true)", "prefix": "os"}],
    }
    listed = list_inventory(fleet, tmp_path, source)
    name, twin = f"device-{FIRST[:12]}", f"device-{TWINS[0][:21]}"
    assert listed.hosts[name]["place"] == "Kettle/Field Test"
    assert "nothing" not in listed.hosts[name]
    assert (listed.members("old"), listed.members("os_24_03")) == ([name], [name])
    assert listed.members("placed") == listed.members("contoso_kettle__field_test") == [name, twin]
    assert len(listed.members("os_unknown")) == 4
    by_expression = list_inventory(fleet, tmp_path, {**PLUGIN, "hostname": "azsphere_device_id[:30]"})
    assert sorted(by_expression.hosts) == sorted(each[:30] for each in (FIRST, SECOND, THIRD, *TWINS))


def test_names_of_the_service_are_never_evaluated(simulator: Simulator, tmp_path: Path) -> None:
    simulator.settings(name_characters="free")
    product = {"name": "{{ 1 + 1 }}", "device_groups": [{"name": "Lab"}]}
    devices = [{"id": FIRST, "device_group": f"{product['name']}/Lab"}]
    simulator.load({"tenants": [{"name": "Contoso Fleet", "products": [product], "devices": devices}]})
    assert list_inventory(simulator, tmp_path, PLUGIN).code == 0
    tasks = [{"ansible.builtin.debug": {"msg": "[{{ hostvars['0a0a0a0a0a0a'].azsphere_product }}]"}}]
    play = {"hosts": "localhost", "gather_facts": False, "tasks": tasks}
    (tmp_path / "show.yml").write_text(json.dumps([play]), encoding="utf-8")
    assert "[{{ 1 + 1 }}]" in play_book(simulator, tmp_path, "show.yml", ["-i", "inventory-0.yml"]).output


def test_cold_inventory_sends_at_most_a_request_for_each_page(fleet: Simulator, tmp_path: Path) -> None:
    fleet.settings(page_size=2)
    # Tenants and products have one page each, device groups two, devices three.
    assert len(api(list_inventory(fleet, tmp_path, PLUGIN))) <= 1 + 1 + 2 + 3


@on_both_apis(always=True)
def test_cache_hit_needs_neither_request_nor_token_nor_credentials(fleet: Simulator, tmp_path: Path) -> None:
    cold = list_inventory(fleet, tmp_path, cached(tmp_path))
    assert api(cold)
    without = dict.fromkeys(("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID"))
    variables = {**without, "PATH": "/usr/bin:/bin", "AZSPHERE_TOKEN_CACHE": str(tmp_path / "other")}
    warm = list_inventory(fleet, tmp_path, cached(tmp_path), variables=variables)
    assert warm.code == 0, warm.messages
    assert (warm.hosts, warm.groups, warm.log) == (cold.hosts, cold.groups, [])
    assert not (tmp_path / "other").exists()
    filtered = cached(tmp_path, product="Kettle", hostname="azsphere_device_id")
    assert set(list_inventory(fleet, tmp_path, filtered, variables=variables).hosts) == {FIRST, TWINS[0]}


def test_cache_is_read_anew(fleet: Simulator, tmp_path: Path) -> None:
    """For another tenant, after a change of format, when it is damaged, and when asked to."""
    list_inventory(fleet, tmp_path, cached(tmp_path))
    [file] = (tmp_path / "cache").iterdir()
    content = file.read_text(encoding="utf-8")
    for text in (content.replace("format", "former"), content[:100], "[]"):
        assert text != content
        file.write_text(text, encoding="utf-8")
        listed = list_inventory(fleet, tmp_path, cached(tmp_path))
        assert (listed.code, len(listed.hosts)) == (0, 5), listed.messages
        assert api(listed), text[:60]
        assert not api(list_inventory(fleet, tmp_path, cached(tmp_path)))
    assert api(list_inventory(fleet, tmp_path, cached(tmp_path, tenant=fleet.ready["tenant_id"])))
    play = {"hosts": "localhost", "gather_facts": False, "tasks": []}
    (tmp_path / "nothing.yml").write_text(json.dumps([play]), encoding="utf-8")
    given = ["-i", "inventory-0.yml"]
    assert play_book(fleet, tmp_path, "nothing.yml", given).requests() == []
    assert play_book(fleet, tmp_path, "nothing.yml", [*given, "--flush-cache"]).requests()


def test_changed_cache_is_read_anew(fleet: Simulator, tmp_path: Path) -> None:
    """Valid JSON of this format with other content: an update of the collection or a tool wrote it."""
    list_inventory(fleet, tmp_path, cached(tmp_path))
    [file] = (tmp_path / "cache").iterdir()
    content = json.loads(file.read_text(encoding="utf-8"))
    payload = json.loads(content["__payload__"]) if "__payload__" in content else content
    changes: list[dict[str, Any]] = [
        {"products": None},
        {"products": [{"name": "Kettle"}]},
        {"devices": {}},
        {"devices": "text"},
        {"fields": ["id"], "devices": [[FIRST]]},
        {"devices": [[5, *row[1:]] for row in payload["devices"]]},
        {"devices": [[row[0], 5, *row[2:]] for row in payload["devices"]]},
    ]
    for change in changes:
        changed = {**payload, **change}
        kept = {**content, "__payload__": json.dumps(changed)} if "__payload__" in content else changed
        file.write_text(json.dumps(kept), encoding="utf-8")
        listed = list_inventory(fleet, tmp_path, cached(tmp_path))
        assert (listed.code, len(listed.hosts)) == (0, 5), (change, listed.messages)
        assert api(listed), change


def test_blank_values_count_as_not_given_and_templates_are_filled_in(fleet: Simulator, tmp_path: Path) -> None:
    blank = {"cache": "", "cache_timeout": "", "strict": "", "compose": None, "groups": "", "hostname": " "}
    connection = {"api_url": "", "client_secret": " ", "auth_source": "", "validate_certs": "", "request_timeout": None}
    source = {**PLUGIN, **blank, **connection, "device_group": "", "product": "{{ which | default('') }}"}
    source["tenant"] = "{{ lookup('ansible.builtin.env', 'FLEET') }}"
    variables: dict[str, str | None] = {"FLEET": "Contoso Fleet", "AZSPHERE_TENANT": None}
    assert len(list_inventory(fleet, tmp_path, source, variables=variables).hosts) == 5
    named = list_inventory(fleet, tmp_path, source, options=["-e", "which=Kettle"], variables=variables)
    assert set(named.names) == {FIRST, TWINS[0]}


def test_connection_of_the_file_comes_before_the_environment(fleet: Simulator, tmp_path: Path) -> None:
    ready = fleet.ready
    (tmp_path / "pipeline.pem").write_bytes(Path(ready["client_certificate"]).read_bytes())
    source = {**PLUGIN, "tenant": "Contoso Fleet", "client_certificate": "pipeline.pem"}
    variables: dict[str, str | None] = {"AZURE_CLIENT_SECRET": "secret-of-another", "AZSPHERE_TENANT": "Fabrikam"}
    listed = list_inventory(fleet, tmp_path, source, variables=variables)
    assert listed.code == 0, listed.messages
    extra = {"azsphere_fleet_tenant": "Contoso Fleet", "azsphere_fleet_client_secret": ready["client_secret"]}
    variables = {"AZSPHERE_TENANT": None, "AZURE_CLIENT_SECRET": None}
    given = list_inventory(fleet, tmp_path, PLUGIN, options=["-e", json.dumps(extra)], variables=variables)
    assert given.code == 0, given.messages
    (tmp_path / "ansible.cfg").write_text("[azsphere_fleet]\ntenant = Contoso Fleet\n", encoding="utf-8")
    assert list_inventory(fleet, tmp_path, PLUGIN, variables={"AZSPHERE_TENANT": None}).code == 0


def test_hosts_of_two_inventories_are_not_mixed_up(fleet: Simulator, tmp_path: Path) -> None:
    other = {"all": {"hosts": {FIRST[:12]: {"azsphere_device_id": SECOND}}}}
    listed = list_inventory(fleet, tmp_path, other, PLUGIN)
    assert listed.code != 0
    assert f'Cannot add the host "{FIRST[:12]}": another inventory has a host of this name.' in listed.messages
    twice = list_inventory(fleet, tmp_path, {**PLUGIN, "product": "Kettle"}, PLUGIN)
    assert (twice.code, len(twice.hosts)) == (0, 5)


def test_error_of_a_second_inventory_leaves_no_groups(fleet: Simulator, tmp_path: Path) -> None:
    lenient = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "false"}
    kettle = {**PLUGIN, "product": "Kettle"}
    alone = list_inventory(fleet, tmp_path, kettle)
    broken = {**PLUGIN, "strict": True, "compose": {"place": "nowhere.at.all"}}
    both = list_inventory(fleet, tmp_path, kettle, broken, variables=lenient)
    assert "Could not set place for host" in both.messages
    assert (both.hosts, both.groups) == (alone.hosts, alone.groups)


def test_inventory_reads_again_what_was_deleted_meanwhile(fleet: Simulator, tmp_path: Path) -> None:
    fleet.fault(match={"operationId": "Devices_List"}, status=404)
    listed = list_inventory(fleet, tmp_path, PLUGIN)
    assert listed.code == 0, listed.messages
    assert [each["status"] for each in api(listed) if each["operation"] == "Devices_List"] == [404, 200]

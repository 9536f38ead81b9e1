# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The main job: a whole fleet from one document, by one task and by the collection's own playbook."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator.harness import Simulator
from tests.simulator.images import compose_package
from tests.support.apis import INTEGRATED, LEGACY, on_both_apis

from .play import ROOT, Played, play_book, play_tasks

#: Image and component of each package that the demonstration deploys.
PACKAGES = {
    "kettle.imagepackage": ("c1000000-0000-4000-8000-00000000000a", "d1000000-0000-4000-8000-00000000000a"),
    "coffee-machine.imagepackage": ("c1000000-0000-4000-8000-00000000000b", "d1000000-0000-4000-8000-00000000000b"),
}
DEFAULT_GROUPS = {
    "Development": ("Retail", "No3rdPartyAppUpdates", False),
    "Field Test": ("Retail", "UpdateAll", False),
    "Production": ("Retail", "UpdateAll", False),
    "Field Test OS Evaluation": ("RetailEval", "UpdateAll", False),
    "Production OS Evaluation": ("RetailEval", "UpdateAll", False),
}
PILOT = {
    "products": [
        {
            "name": "Toaster",
            "default_device_groups": False,
            "device_groups": [{"name": "Pilot", "deployment": {"packages": ["kettle.imagepackage"]}}],
        }
    ],
    "device_list": "pilot.csv",
}
PILOT_DEVICES = ("1a" * 64, "1b" * 64, "1c" * 64)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The documents with all that they name."""
    for name in ("blueprint.yml", "devices.csv"):
        shutil.copy(ROOT / "demo" / name, tmp_path / name)
    for name, (image_id, component_id) in PACKAGES.items():
        compose_package(tmp_path / name, image_id=image_id, component_id=component_id, name=name.partition(".")[0])
    (tmp_path / "pilot.yml").write_text(yaml.safe_dump(PILOT), encoding="utf-8")
    rows = "".join(f"{device},Toaster,Pilot\n" for device in PILOT_DEVICES)
    (tmp_path / "pilot.csv").write_text(f"DeviceId,ProductName,DeviceGroupName\n{rows}", encoding="utf-8")
    return tmp_path


def tenant(simulator: Simulator) -> dict[str, Any]:
    """The tenant that the caller uses, as the simulator has it."""
    tenants = json.loads(simulator.state())["tenants"]
    found: dict[str, Any] = next(each for each in tenants if each["name"] == simulator.ready["tenant"])
    return found


def groups_there(there: dict[str, Any]) -> dict[str, tuple[str, str, bool, list[str]]]:
    """Feed, policy, crash dumps and deployed images of each group, by `Product/Group`."""
    return {
        f"{product['name']}/{group['name']}": (
            group["os_feed"],
            group["update_policy"],
            group["allow_crash_dumps_collection"],
            group["deployments"][-1]["images"] if group["deployments"] else [],
        )
        for product in there["products"]
        for group in product["device_groups"]
    }


def places_there(there: dict[str, Any]) -> dict[str, str]:
    """`Product/Group` of each device."""
    names = {
        group["id"]: f"{product['name']}/{group['name']}"
        for product in there["products"]
        for group in product["device_groups"]
    }
    return {device["id"]: names[device["device_group"]] for device in there["devices"]}


def groups_wanted(document: dict[str, Any]) -> dict[str, tuple[str, str, bool, list[str]]]:
    """The same, as the document describes it."""
    wanted: dict[str, tuple[str, str, bool, list[str]]] = {}
    for product in document["products"]:
        if product.get("default_device_groups", True):
            wanted.update({f"{product['name']}/{name}": (*kind, []) for name, kind in DEFAULT_GROUPS.items()})
        for group in product["device_groups"]:
            feed, policy, _off = DEFAULT_GROUPS.get(group["name"], ("Retail", "UpdateAll", False))
            wanted[f"{product['name']}/{group['name']}"] = (
                group.get("os_feed", feed),
                group.get("update_policy", policy),
                group.get("allow_crash_dumps_collection", False),
                [PACKAGES[name][0] for name in group.get("deployment", {}).get("packages", [])],
            )
    return wanted


@on_both_apis()
def test_one_task_provisions_a_fleet(simulator: Simulator, folder: Path) -> None:
    latency = 0.1
    if simulator.api == INTEGRATED:
        drop_users(folder / "blueprint.yml")
    simulator.settings(latency_ms=1000 * latency, operation_seconds=0.1, check_replies=False)
    now = {"ansible.builtin.debug": {"msg": "{{ now().timestamp() }}"}}
    blueprint = {"azsphere.fleet.blueprint": {"src": str(folder / "blueprint.yml"), "claim": True}}
    played = play_tasks(simulator, folder, {"begin": now, "fleet": blueprint, "end": now})

    result = played.results["fleet"]
    assert not result["failed"], result["msg"]
    assert result["summary"]["device"] == {"claimed": 500, "moved": 500, "failed": 0, "not_tried": 0, "unchanged": 0}
    # However busy the machine: one after the other, the moves alone would take longer.
    assert float(played.results["end"]["msg"]) - float(played.results["begin"]["msg"]) < 500 * latency
    # One move for each device; everything else together takes few.
    assert played.writes < 530

    document = yaml.safe_load((folder / "blueprint.yml").read_text(encoding="utf-8"))
    there = tenant(simulator)
    assert groups_there(there) == groups_wanted(document)
    with (folder / "devices.csv").open(encoding="utf-8") as rows:
        wanted = {
            row["DeviceId"].lower(): f"{row['ProductName']}/{row['DeviceGroupName']}" for row in csv.DictReader(rows)
        }
    assert len(wanted) == 500
    assert places_there(there) == wanted
    assert {image["id"] for image in there["images"]} == {image_id for image_id, _component in PACKAGES.values()}
    if simulator.api == LEGACY:
        lead = next(
            each for each in json.loads(simulator.state())["principals"] if each["mail"].startswith("line.lead@")
        )
        assert there["roles"][lead["id"]] == ["Contributor"]


def drop_users(path: Path) -> None:
    """Takes the users out of a blueprint."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    del document["users"]
    path.write_text(yaml.safe_dump(document), encoding="utf-8")


def provision(simulator: Simulator, folder: Path, *options: str, record: str) -> Played:
    """The collection's playbook on the pilot's document."""
    variables = {"provision_src": "pilot.yml", "provision_claim": True, "provision_record": record}
    arguments = ["--extra-vars", json.dumps(variables), *options]
    played = play_book(simulator, folder, "azsphere.fleet.provision", arguments)
    assert played.code == 0, played.output
    return played


@on_both_apis(always=True)
def test_provision_playbook_predicts_applies_and_is_idempotent(simulator: Simulator, folder: Path) -> None:
    empty = simulator.state()
    reported = provision(simulator, folder, "--check", "--diff", record="reported.yml")
    assert (reported.writes, simulator.state()) == (0, empty)
    assert not (folder / "reported.yml").exists()
    for line in ("+name: Toaster", "+name: Pilot", f"+{PILOT_DEVICES[0][:16]}…  Toaster/Pilot"):
        assert line in reported.output

    done = provision(simulator, folder, record="done.yml")
    assert done.writes > 0
    there = tenant(simulator)
    assert groups_there(there) == groups_wanted(PILOT)
    assert places_there(there) == dict.fromkeys(PILOT_DEVICES, "Toaster/Pilot")
    record = yaml.safe_load((folder / "done.yml").read_text(encoding="utf-8"))
    assert (folder / "done.yml").stat().st_mode & 0o777 == 0o600
    assert (record["failed"], record["failures"]) == (False, [])
    assert [(change["kind"], change["name"], change["action"]) for change in record["changes"]] == [
        ("product", "Toaster", "create"),
        ("device_group", "Toaster/Pilot", "create"),
        ("image", "kettle", "upload"),
        ("deployment", "Toaster/Pilot", "deploy"),
        *(("device", device, "claim and move") for device in PILOT_DEVICES),
    ]

    full = simulator.state()
    again = provision(simulator, folder, record="again.yml")
    assert (again.writes, simulator.state()) == (0, full)
    assert "changed=0" in again.output
    assert not (folder / "again.yml").exists()


ROLE_MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({}, "Nothing to provision: neither a file nor a document is given."),
    ({"provision_src": "nothing.yml"}, "Invalid provision_src {folder}/nothing.yml: there is no such file."),
    ({"provision_src": "pipe.yml"}, "Invalid provision_src {folder}/pipe.yml: it is not a file."),
    ({"provision_src": "torn.yml"}, "Invalid blueprint {folder}/torn.yml, line 2: not valid YAML or JSON."),
    ({"provision_src": "empty.yml"}, "Invalid blueprint {folder}/empty.yml: it is empty."),
    ({"provision_src": "list.yml"}, "Invalid blueprint {folder}/list.yml: a list is not a document."),
    (
        {"provision_src": "pilot.yml", "provision_claim": True, "provision_record": "records/done.yml"},
        "Invalid provision_record {folder}/records/done.yml: there is no directory {folder}/records that this account "
        "can write to.",
    ),
    (
        {"provision_src": "pilot.yml", "provision_images": ["*.imagepackage", "*.image", "kettle?.*"]},
        "Invalid provision_images: no file in {folder} matches *.image, kettle?.*, or the directory cannot be read.",
    ),
    (
        {"provision_src": "pilot.yml", "provision_claim": True, "provision_record": "."},
        "Invalid provision_record {folder}: it exists and is not a file.",
    ),
    # What the last one leaves out would be deleted.
    (
        {"provision_src": "twice.yml", "provision_prune": ["products"]},
        "Invalid blueprint {folder}/twice.yml, line 3: duplicate key products in one mapping.",
    ),
    ({"provision_document": "products=Kettle"}, "Invalid provision_document: a text is not a document."),
    ({"provision_document": "products: ["}, "Invalid provision_document, line 1: not valid YAML or JSON."),
    (
        {"provision_claim": "maybe", "provision_max_changes": "few", "provision_prune": "products,devices"},
        'Invalid provision_prune "devices". Available: products, device_groups, users. Invalid provision_claim '
        '"maybe": neither true nor false. Use true or false. Invalid provision_max_changes "few": not a whole number.',
    ),
    ({"provision_src": 5}, "Invalid provision_src 5: a number is not text."),
]
if importlib.util.find_spec("ansible.module_utils.datatag"):
    # ansible-core before 2.19 makes a mapping of such a text before a role sees it.
    ROLE_MISTAKES.append(
        (
            {"provision_document": '{"images": [], "images": []}', "provision_prune": ["products"]},
            "Invalid provision_document, line 1: duplicate key images in one mapping.",
        )
    )


@pytest.mark.parametrize(("variables", "sentence"), ROLE_MISTAKES, ids=range(len(ROLE_MISTAKES)))
def test_role_reports_wrong_options_before_any_request(
    simulator: Simulator, folder: Path, variables: dict[str, Any], sentence: str
) -> None:
    os.mkfifo(folder / "pipe.yml")
    (folder / "torn.yml").write_text("products: [\n")
    (folder / "empty.yml").write_text("---\n# Nothing yet.\n")
    (folder / "list.yml").write_text("- products\n")
    (folder / "twice.yml").write_text("products: [{name: !unsafe Kettle}]\nusers: []\nproducts: []\n")
    played = play_book(simulator, folder, "azsphere.fleet.provision", ["--extra-vars", json.dumps(variables)])
    assert played.code == 2
    reported = " ".join(played.output.replace('\\"', '"').split())
    assert sentence.format(folder=folder) in reported
    assert "Unknown error" not in played.output
    assert played.log == []


@on_both_apis()
def test_role_accepts_text_and_empty_values_of_the_command_line(simulator: Simulator, folder: Path) -> None:
    given = [
        "provision_src=",
        "provision_folder=",
        "provision_record=",
        "provision_images=kettle.imagepackage,coffee*",
        """provision_document='{"products":[{"name":"Toaster","default_device_groups":false}]}'""",
    ]
    extra = [argument for each in given for argument in ("--extra-vars", each)]
    played = play_book(simulator, folder, "azsphere.fleet.provision", extra)
    assert played.code == 0, played.output
    assert [product["name"] for product in tenant(simulator)["products"]] == ["Toaster"]
    assert len(tenant(simulator)["images"]) == 2


def test_role_paths_are_relative_to_the_playbook(simulator: Simulator, folder: Path) -> None:
    elsewhere, home = folder / "started here", folder / "home"
    elsewhere.mkdir()
    home.mkdir()
    images = {"provision_images": ["*.imagepackage"], "provision_record": "~/record.yml"}
    roles: list[dict[str, Any]] = [
        {"role": "azsphere.fleet.provision", "vars": {"provision_src": "pilot.yml", "provision_claim": True}},
        {
            "role": "azsphere.fleet.provision",
            "vars": {"provision_document": {"images": ["kettle.imagepackage"]}, **images},
        },
    ]
    # The second role does not read along what the first one read.
    alone = {"name": "Alone", "ansible.builtin.assert": {"that": "provision_result.summary.product.unchanged == 0"}}
    module = {"name": "The same", "azsphere.fleet.blueprint": {"src": "pilot.yml"}}
    play = {"name": "Both", "hosts": "localhost", "gather_facts": False, "roles": roles, "post_tasks": [alone, module]}
    (folder / "playbook.yml").write_text(json.dumps([play]))
    played = play_book(simulator, elsewhere, "../playbook.yml", variables={"HOME": str(home)})
    assert played.code == 0, played.output
    assert places_there(tenant(simulator)) == dict.fromkeys(PILOT_DEVICES, "Toaster/Pilot")
    assert {image["id"] for image in tenant(simulator)["images"]} == {image for image, _component in PACKAGES.values()}
    record = yaml.safe_load((home / "record.yml").read_text(encoding="utf-8"))
    assert [change["kind"] for change in record["changes"]] == ["image"]


def test_images_with_commas_in_their_paths_are_found(simulator: Simulator, folder: Path) -> None:
    images = folder / "kettles, and more"
    images.mkdir()
    (folder / "kettle.imagepackage").rename(images / "kettle, new.imagepackage")
    variables = {"provision_folder": images.name, "provision_images": ["kettle, *"], "provision_document": SMALL}
    played = play_book(simulator, folder, "azsphere.fleet.provision", ["--extra-vars", json.dumps(variables)])
    assert played.code == 0, played.output
    assert len(tenant(simulator)["images"]) == 1


NAMES = ("base", "src", "document", "folder", "images", "prune", "claim", "record")
NAMES += ("max_changes", "max_failures", "concurrency")
SMALL = {"products": [{"name": "Toaster", "default_device_groups": False}]}


@pytest.mark.parametrize("blank", [None, "", "  "], ids=repr)
def test_blank_option_counts_as_not_given(simulator: Simulator, folder: Path, blank: str | None) -> None:
    """What surveys and AWX leave blank, in every option but the one that says what to do."""
    (folder / "small.yml").write_text(yaml.safe_dump(SMALL))
    for given in ({"provision_src": "small.yml"}, {"provision_document": SMALL}):
        variables = {**{f"provision_{name}": blank for name in NAMES}, **given}
        played = play_book(simulator, folder, "azsphere.fleet.provision", ["--extra-vars", json.dumps(variables)])
        assert played.code == 0, played.output
    assert [product["name"] for product in tenant(simulator)["products"]] == ["Toaster"]


@on_both_apis()
def test_options_may_be_text(simulator: Simulator, folder: Path) -> None:
    given = {
        "document": yaml.safe_dump({**SMALL, "devices": [{"id": "1a" * 64}]}),
        "claim": "true",
        "max_changes": "5",
        "max_failures": "0",
        "concurrency": "2",
        "prune": "products, device_groups",
        "images": '["kettle.imagepackage"]',
    }
    arguments = ["--extra-vars", json.dumps({f"provision_{name}": value for name, value in given.items()})]
    played = play_book(simulator, folder, "azsphere.fleet.provision", arguments)
    assert played.code == 0, played.output
    there = tenant(simulator)
    assert [product["name"] for product in there["products"]] == ["Toaster"]
    assert len(there["devices"]) == len(there["images"]) == 1
    over = play_book(simulator, folder, "azsphere.fleet.provision", [*arguments, "-e", "provision_max_changes=0"])
    assert over.code == 0, over.output


UNREADABLE = {
    "a template without quotes": "products:\n  - name: Kettle\n    description: {{ kettle_text }}\n",
    "a list of a template without quotes": "products: {{ kettles }}\n",
    "a variable that is not defined": 'products: "{{ not_defined_anywhere }}"\n',
    "a variable that is null": 'products: "{{ nothing }}"\n',
    "a variable that is empty": 'products: "{{ blank }}"\n',
    "null": "products:\n",
    "nothing": "",
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_nothing_is_pruned_unless_the_file_was_read_completely(
    simulator: Simulator, folder: Path, content: str
) -> None:
    simulator.load({"tenants": [{"name": "Contoso Fleet", "products": [{"name": "Kettle"}, {"name": "Lamp"}]}]})
    simulator.clear_log()
    (folder / "fleet.yml").write_text(content)
    variables = {
        "provision_src": "fleet.yml",
        "provision_document": {"products": [{"name": "Lamp"}]},
        "provision_prune": ["products"],
        "nothing": None,
        "blank": "",
    }
    played = play_book(simulator, folder, "azsphere.fleet.provision", ["--extra-vars", json.dumps(variables)])
    assert played.code == 2, played.output
    assert played.log == []
    assert "Traceback" not in played.output


def test_option_that_names_an_undefined_variable_is_not_taken_for_missing(simulator: Simulator, folder: Path) -> None:
    variables = {"provision_src": "{{ misspelt }}", "provision_document": SMALL, "provision_prune": ["products"]}
    played = play_book(simulator, folder, "azsphere.fleet.provision", ["--extra-vars", json.dumps(variables)])
    assert played.code == 2
    assert "misspelt" in played.output
    assert played.log == []

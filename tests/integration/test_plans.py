# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Plans that are saved, approved and refused, through real playbooks."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator.harness import Simulator
from tests.simulator.images import compose_package

from .play import Played, play_book

DEVICES = [hashlib.sha512(f"plan {number}".encode()).hexdigest() for number in range(6)]
TENANT: dict[str, Any] = {"name": "Contoso Fleet", "products": [{"name": "Kettle", "device_groups": [{"name": "Lab"}]}]}
BLUEPRINT: dict[str, Any] = {
    "products": [{"name": "Kettle", "description": "Boils", "device_groups": [{"name": "Lab"}, {"name": "Sale"}]}],
    "images": ["app.imagepackage"],
    "devices": [{"id": each, "product": "Kettle", "device_group": "Sale"} for each in DEVICES],
}
IMAGE = "c1000000-0000-4000-8000-000000000001"
COMPONENT = "d1000000-0000-4000-8000-000000000001"


@pytest.fixture
def folder(simulator: Simulator, tmp_path: Path) -> Path:
    simulator.load({"tenants": [TENANT]})
    compose_package(tmp_path / "app.imagepackage", image_id=IMAGE, component_id=COMPONENT, name="App")
    return tmp_path


def run(
    simulator: Simulator, folder: Path, *arguments: str, module: str = "blueprint", **options: Any
) -> tuple[dict[str, Any], Played]:
    """Runs a task in the mode that the arguments give. Returns its result and the run."""
    given = {"blueprint": BLUEPRINT, "claim": True} if module == "blueprint" else {"product": "Kettle"}
    keep = {"content": "{{ result | to_json }}", "dest": str(folder / "result.json")}
    tasks = [
        {f"azsphere.fleet.{module}": {**given, **options}, "register": "result", "ignore_errors": True},
        {"keep_results": keep},
    ]
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    (folder / "play.yml").write_text(yaml.safe_dump(play), encoding="utf-8")
    played = play_book(simulator, folder, "play.yml", arguments)
    assert played.code == 0, played.output
    return json.loads((folder / "result.json").read_text(encoding="utf-8")), played


def test_plan_of_a_check_run_is_applied_as_it_was_approved(simulator: Simulator, folder: Path) -> None:
    checked, played = run(simulator, folder, "--check", plan_file="plan.json")
    assert (played.writes, checked["changed"]) == (0, True)
    saved = folder / "plan.json"
    assert saved.stat().st_mode & 0o777 == 0o600
    plan = json.loads(saved.read_text(encoding="utf-8"))
    assert plan["digest"] == checked["plan_digest"]
    assert plan["packages"] == {IMAGE: hashlib.sha256((folder / "app.imagepackage").read_bytes()).hexdigest()}
    assert {change["kind"] for change in plan["changes"]} == {"product", "device_group", "image", "device"}
    again, _played = run(simulator, folder, "--check")
    assert again["plan_digest"] == checked["plan_digest"]
    applied, _played = run(simulator, folder, expect_plan=checked["plan_digest"])
    assert (applied.get("failed", False), applied["changed"]) == (False, True)
    assert applied["plan_digest"] == checked["plan_digest"]


def test_other_plan_is_rejected_before_the_first_write(simulator: Simulator, folder: Path) -> None:
    checked, _played = run(simulator, folder, "--check", plan_file="plan.json")
    other = {**BLUEPRINT, "products": [{**BLUEPRINT["products"][0], "description": "Cools"}, {"name": "Lamp"}]}
    refused, played = run(simulator, folder, blueprint=other, expect_plan="plan.json")
    assert (played.writes, refused["failed"], refused["changed"]) == (0, True, False)
    assert refused["error"]["code"] == "plan_differs"
    for words in ("create product Lamp", "update product Kettle leads to another result"):
        assert words in refused["msg"]
    by_digest, played = run(simulator, folder, blueprint=other, expect_plan=checked["plan_digest"])
    assert (played.writes, by_digest["failed"]) == (0, True)
    assert by_digest["plan"]["digest"] == by_digest["plan_digest"] != checked["plan_digest"]


def test_another_package_is_rejected(simulator: Simulator, folder: Path) -> None:
    checked, _played = run(simulator, folder, "--check", plan_file="plan.json")
    compose_package(folder / "app.imagepackage", image_id=IMAGE, component_id=COMPONENT, name="Changed")
    for expected in ("plan.json", checked["plan_digest"]):
        refused, played = run(simulator, folder, expect_plan=expected)
        assert (played.writes, refused["failed"]) == (0, True)
    assert refused["plan"]["packages"] != json.loads((folder / "plan.json").read_text(encoding="utf-8"))["packages"]


def test_rest_of_an_interrupted_plan_is_accepted_by_the_plan_alone(simulator: Simulator, folder: Path) -> None:
    checked, _played = run(simulator, folder, "--check", plan_file="plan.json")
    part = {**BLUEPRINT, "devices": BLUEPRINT["devices"][:3]}
    started, _played = run(simulator, folder, blueprint=part)
    assert started["summary"]["device"]["moved"] == 3
    refused, played = run(simulator, folder, expect_plan=checked["plan_digest"])
    assert (played.writes, refused["failed"]) == (0, True)
    finished, _played = run(simulator, folder, expect_plan="plan.json")
    assert finished.get("failed", False) is False, finished["msg"]
    assert finished["summary"]["device"]["moved"] == 3
    done, played = run(simulator, folder, expect_plan="plan.json")
    assert (played.writes, done["changed"], done.get("failed", False)) == (0, False, False)


def test_state_changed_by_others_is_rejected(simulator: Simulator, folder: Path) -> None:
    run(simulator, folder, "--check", plan_file="plan.json")
    product = {"name": "Kettle", "description": "Toasts", "device_groups": [{"name": "Lab"}]}
    simulator.load({"tenants": [{**TENANT, "products": [product]}]})
    refused, played = run(simulator, folder, expect_plan="plan.json")
    assert (played.writes, refused["failed"]) == (0, True)
    assert "update product Kettle starts from another state" in refused["msg"]


def test_devices_are_approved_too(simulator: Simulator, folder: Path) -> None:
    given = {"module": "device", "ids": DEVICES[:3], "device_group": "Lab", "claim": True}
    checked, _played = run(simulator, folder, "--check", plan_file="plan.json", **given)
    refused, played = run(simulator, folder, expect_plan="plan.json", **{**given, "ids": DEVICES[:4]})
    assert (played.writes, refused["failed"]) == (0, True)
    assert f"it also has: claim and move device {DEVICES[3][:16]}…" in refused["msg"]
    less, played = run(simulator, folder, expect_plan="plan.json", **{**given, "ids": DEVICES[:2]})
    assert (played.writes, less["failed"]) == (0, True)
    claimed = {**given, "ids": DEVICES[:1], "device_group": None, "product": None}
    run(simulator, folder, **claimed)
    applied, _played = run(simulator, folder, expect_plan="plan.json", **given)
    assert applied.get("failed", False) is False, applied["msg"]
    assert applied["summary"]["moved"] == 3
    assert checked["plan_digest"]


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        ("missing.json", "there is no such file"),
        ("play.yml", "not valid JSON"),
        ({"format": 0}, "not a plan of this version"),
        ({"format": 1, "tenant": "x", "packages": {}, "changes": [{}]}, "the plan is incomplete"),
    ],
)
def test_invalid_plan_is_rejected(simulator: Simulator, folder: Path, expected: Any, words: str) -> None:
    refused, played = run(simulator, folder, expect_plan=expected)
    assert (played.writes, refused["failed"]) == (0, True)
    assert words in refused["msg"]


def test_blank_plan_counts_as_not_given(simulator: Simulator, folder: Path) -> None:
    done, _played = run(simulator, folder, "--check", expect_plan="")
    assert done["plan_digest"]


def test_role_hands_the_plan_of_a_check_run_to_later_jobs(simulator: Simulator, folder: Path) -> None:
    """As the jobs of an AWX workflow do: the digest is a statistic of the first job and a variable of the second."""
    (folder / "blueprint.yml").write_text(yaml.safe_dump(BLUEPRINT), encoding="utf-8")
    book = ("azsphere.fleet.provision", "-e", "provision_src=blueprint.yml", "-e", "provision_claim=true")
    shown = {"ANSIBLE_SHOW_CUSTOM_STATS": "true"}
    checked = play_book(simulator, folder, book[0], (*book[1:], "--check"), variables=shown)
    assert (checked.code, checked.writes) == (0, 0), checked.output
    digest = re.search(r"provision_expect_plan\W+([0-9a-f]{64})", checked.output)
    assert digest is not None, checked.output
    approved = ("-e", f"provision_expect_plan={digest[1]}")
    (folder / "blueprint.yml").write_text(yaml.safe_dump({**BLUEPRINT, "images": []}), encoding="utf-8")
    refused = play_book(simulator, folder, book[0], (*book[1:], *approved))
    assert (refused.code, refused.writes) == (2, 0), refused.output
    assert "The plan differs from the approved one" in refused.output
    (folder / "blueprint.yml").write_text(yaml.safe_dump(BLUEPRINT), encoding="utf-8")
    applied = play_book(simulator, folder, book[0], (*book[1:], *approved))
    assert applied.code == 0, applied.output
    saved = ("-e", "provision_plan_file=plan.json", "--check")
    assert play_book(simulator, folder, book[0], (*book[1:], *saved)).code == 0
    by_file = play_book(simulator, folder, book[0], (*book[1:], "-e", "provision_expect_plan=plan.json"))
    assert (by_file.code, by_file.writes) == (0, 0), by_file.output


def test_text_of_a_saved_plan_is_accepted(simulator: Simulator, folder: Path) -> None:
    """What the lookup `file` returns: text, or a mapping on ansible-core before 2.19."""
    run(simulator, folder, "--check", plan_file="plan.json")
    applied, _played = run(simulator, folder, expect_plan="{{ lookup('ansible.builtin.file', 'plan.json') }}")
    assert (applied.get("failed", False), applied["changed"]) == (False, True), applied["msg"]
    (folder / "blueprint.yml").write_text(yaml.safe_dump(BLUEPRINT), encoding="utf-8")
    given = {
        "provision_src": "blueprint.yml",
        "provision_claim": True,
        "provision_expect_plan": (folder / "plan.json").read_text(encoding="utf-8"),
    }
    again = play_book(simulator, folder, "azsphere.fleet.provision", ("-e", json.dumps(given)))
    assert (again.code, again.writes) == (0, 0), again.output


def test_rejected_plan_never_replaces_the_approved_one(simulator: Simulator, folder: Path) -> None:
    """Otherwise the next run would accept it."""
    run(simulator, folder, "--check", plan_file="plan.json")
    approved = (folder / "plan.json").read_bytes()
    (folder / "link.json").symlink_to("plan.json")
    other = {**BLUEPRINT, "products": [{**BLUEPRINT["products"][0], "description": "Cools"}]}
    for name in ("plan.json", "link.json", str(folder / "plan.json"), "plan.json"):
        refused, played = run(simulator, folder, blueprint=other, expect_plan="plan.json", plan_file=name)
        assert (played.writes, refused["failed"]) == (0, True)
        assert "it is the file in expect_plan, and the task would overwrite it." in refused["msg"]
    assert (folder / "plan.json").read_bytes() == approved


def test_plan_that_was_changed_after_it_was_saved_is_rejected(simulator: Simulator, folder: Path) -> None:
    run(simulator, folder, "--check", plan_file="plan.json")
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    other = {**BLUEPRINT, "products": [{**BLUEPRINT["products"][0], "description": "Cools"}]}
    # Null matches every state, since the service gives some values only once a resource exists.
    loose = [{**change, "after": None} for change in plan["changes"]]
    for changed in ({**plan, "changes": loose}, {**plan, "digest": "0" * 64}, {**plan, "digest": None}):
        refused, played = run(simulator, folder, blueprint=other, expect_plan=changed)
        assert (played.writes, refused["failed"]) == (0, True)
        assert "its content does not match its digest" in refused["msg"]
    applied, _played = run(simulator, folder, expect_plan=plan)
    assert applied.get("failed", False) is False, applied["msg"]

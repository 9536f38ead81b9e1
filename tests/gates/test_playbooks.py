# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The same through ansible-playbook: modules as users run them, and whole tenants by the role."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.apis import LEGACY, on_both_apis

from .fleet import empty, fleet
from .playbooks import Player, answers
from .proof import agree, prove
from .scenarios import ALL
from .scenarios.blueprints import DOCUMENT, drifted, half_built
from .scenarios.lacking import without_users
from .scenarios.table import Scenario
from .workbench import Answer, Workbench


@pytest.fixture
def player(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Player:
    return Player(bench.simulator, bench.folder, tmp_path_factory.mktemp("home"))


def one_of_each() -> dict[str, Scenario]:
    """Scenarios that change something, one of each kind, on resources that no other of them touches."""
    chosen = {}
    for name in (
        "product-create-with_the_default_groups",
        "device_group-change-all_its_settings",
        "device-change-moved_by_the_GUID_of_a_group",
        "deployment-create-with_a_package_to_upload",
        "user_role-create-invited",
        "image_download-create-not_there_yet",
    ):
        chosen[name] = next(scenario for scenario in ALL if scenario.id == name)
    return chosen


def test_modules_do_the_same_when_ansible_runs_them(bench: Workbench, player: Player) -> None:
    tasks = [
        {"name": name, f"azsphere.fleet.{scenario.module}": dict(scenario.options)}
        for name, scenario in one_of_each().items()
    ]
    play = [{"name": "One of each", "hosts": "localhost", "gather_facts": False, "tasks": tasks}]
    bench.simulator.load(fleet())

    def run(*options: str) -> dict[str, Answer]:
        bench.simulator.clear_log()
        return answers(bench, player.play(play, *options))

    before = bench.look()
    predicted = run("--check")
    assert bench.look() == before
    real, second = run(), run()
    assert list(predicted) == list(real) == [task["name"] for task in tasks]
    for name, answer in real.items():
        assert predicted[name].writes == ()
        assert answer.changed
        agree(predicted[name], answer)
        assert (second[name].changed, second[name].writes, second[name].diff) == (False, (), [])


@pytest.fixture
def forked_player(bench: Workbench, tmp_path_factory: pytest.TempPathFactory, interpreter: Path) -> Player:
    return Player(bench.simulator, bench.folder, tmp_path_factory.mktemp("home"), interpreter)


@on_both_apis()
@pytest.mark.parametrize("seed", [empty, half_built, drifted], ids=lambda seed: seed.__name__)
def test_provision_role_predicts_and_applies(bench: Workbench, forked_player: Player, seed: Any) -> None:
    bench.simulator.load(seed())
    document = DOCUMENT if bench.api == LEGACY else without_users({"blueprint": DOCUMENT})["blueprint"]
    Path("blueprint.yml").write_text(yaml.safe_dump(document), encoding="utf-8")

    def act(check: bool) -> Answer:
        bench.simulator.clear_log()
        options = ("-e", "provision_src=blueprint.yml", "-e", "provision_claim=true", *(("--check",) if check else ()))
        played = answers(bench, forked_player.play("azsphere.fleet.provision", *options))
        return played["azsphere.fleet.provision : Apply the blueprint"]

    prove(bench, act, changes=True, further=(False,))

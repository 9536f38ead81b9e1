# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Each mistake gets one clear sentence, and nothing is sent but what it takes to say it."""

from __future__ import annotations

import json
import socket
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.harness import Simulator

from .bad_input import AT_ONCE, FOREIGN, SEED, UNCLAIMED, A, B, Mistake, prepare
from .bad_input_on_service import AFTER_A_LOOK, SECRET
from .play import Played, play_tasks


@dataclass(frozen=True)
class Tried:
    """What came of a run of mistakes, and the facts that their sentences name."""

    played: Played
    facts: dict[str, str]

    def holds(self, mistake: Mistake) -> None:
        result = self.played.results[mistake.name]
        assert result["failed"]
        assert result["msg"] == mistake.sentence(self.facts)
        assert not result["changed"]
        # What Ansible itself refuses has no facts of ours beside it.
        assert "error" not in result or result["error"]["code"]


def account(simulator: Simulator) -> str:
    """The made-up address of the application that the mistakes are made as."""
    state = json.loads(simulator.state())
    [known] = [each for each in state["applications"] if each["client_id"] == simulator.ready["client_id"]]
    return f"{known['object_id']}@{known['directory_id']}.onmicrosoft.com"


def attempt(simulator: Simulator, folder: Path, interpreter: Path, mistakes: Sequence[Mistake]) -> Tried:
    """All of them in one run of ansible-playbook, with no tenant in the environment."""
    simulator.reset()
    simulator.load(SEED)
    prepare(folder)
    before = simulator.state()
    with socket.socket() as reserved:
        # Bound and not listening: nobody else can take the port, and connections are refused.
        reserved.bind(("127.0.0.1", 0))
        facts = {
            "folder": str(folder),
            "closed_port": str(reserved.getsockname()[1]),
            "client_id": str(simulator.ready["client_id"]),
            "account": account(simulator),
        }
        tasks = {mistake.name: mistake.task(facts) for mistake in mistakes}
        played = play_tasks(simulator, folder, tasks, variables={"AZSPHERE_TENANT": None}, interpreter=interpreter)
    assert simulator.state() == before
    return Tried(played, facts)


@pytest.fixture(scope="module")
def at_once(shared_simulator: Simulator, interpreter: Path, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    return attempt(shared_simulator, tmp_path_factory.mktemp("at-once"), interpreter, AT_ONCE)


@pytest.fixture(scope="module")
def after_a_look(shared_simulator: Simulator, interpreter: Path, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    return attempt(shared_simulator, tmp_path_factory.mktemp("after-a-look"), interpreter, AFTER_A_LOOK)


@pytest.mark.parametrize("mistake", AT_ONCE, ids=lambda mistake: mistake.name)
def test_bad_input_is_reported_before_any_request(at_once: Tried, mistake: Mistake) -> None:
    at_once.holds(mistake)


def test_bad_input_known_without_requests_sends_none(at_once: Tried) -> None:
    assert at_once.played.log == []


@pytest.mark.parametrize("mistake", AFTER_A_LOOK, ids=lambda mistake: mistake.name)
def test_bad_input_is_reported_after_reading(after_a_look: Tried, mistake: Mistake) -> None:
    after_a_look.holds(mistake)


def test_bad_input_causes_no_unneeded_reads(after_a_look: Tried) -> None:
    read = Counter(entry["operation"] for entry in after_a_look.played.requests())
    assert read == Counter(operation for mistake in AFTER_A_LOOK for operation in mistake.reads)
    assert after_a_look.played.writes == 0


def test_no_traceback_and_no_secret_is_shown(at_once: Tried, after_a_look: Tried, shared_simulator: Simulator) -> None:
    for tried in (at_once, after_a_look):
        for unwanted in ("Traceback", "MODULE FAILURE", SECRET, str(shared_simulator.ready["client_secret"])):
            assert unwanted not in tried.played.output
            assert unwanted not in json.dumps(tried.played.results)


def test_foreign_device_does_not_fail_other_devices(simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(SEED)
    device = {"product": "Kettle", "device_group": "Development", "ids": [A, FOREIGN, UNCLAIMED], "claim": True}
    tasks: dict[str, dict[str, Any]] = {
        "three devices": {"azsphere.fleet.device": device},
        "where they are": {"azsphere.fleet.device_info": {"ids": [A, B, FOREIGN, UNCLAIMED]}},
    }
    results = play_tasks(simulator, tmp_path, tasks).results
    moved = results["three devices"]
    assert (moved["failed"], moved["changed"]) == (True, True)
    assert moved["summary"] == {"total": 3, "claimed": 1, "moved": 2, "unchanged": 0, "failed": 1, "not_tried": 0}
    assert [(each["id"], each["actions"], each["failed"]) for each in moved["outcomes"]] == [
        (A, ["move"], False),
        (FOREIGN, [], True),
        (UNCLAIMED, ["claim", "move"], False),
    ]
    message = moved["outcomes"][1]["msg"]
    assert message.startswith(
        f"Device {FOREIGN} cannot be claimed: it does not exist, or another tenant has claimed it"
    )
    assert moved["msg"].startswith(f"1 of 3 devices failed. First, row 2, device {FOREIGN[:16]}…: {message}")
    found = results["where they are"]
    assert found["missing"] == [FOREIGN]
    assert {each["id"]: each["device_group"] for each in found["devices"]} == {
        A: "Development",
        B: "Production",
        UNCLAIMED: "Development",
    }

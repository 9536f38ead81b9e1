# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Decisions of rollouts, apart from Ansible and the service."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import yaml
from ansible_collections.azsphere.fleet.plugins.module_utils._environment import Environment
from ansible_collections.azsphere.fleet.plugins.plugin_utils._rollout import periods, plan, rolled_back, spoken, written
from ansible_collections.azsphere.fleet.plugins.plugin_utils._rollout_gate import verdict
from ansible_collections.azsphere.fleet.plugins.plugin_utils._rollout_options import read_options
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 11, 26, 12, tzinfo=timezone.utc)
HOUR = 3600


def deployments(*sets: str, hours: Sequence[float] = ()) -> list[dict[str, Any]]:
    """Deployments of images named by letters, newest first; without `hours`, one an hour."""
    ages = hours or range(1, len(sets) + 1)
    return [
        {
            "images": [{"id": letter.lower()} for letter in letters],
            "deployed_at": written(NOW - timedelta(hours=age)),
            "current": number == 0,
        }
        for number, (letters, age) in enumerate(zip(sets, ages, strict=True))
    ]


def ring(number: int, soak: float = HOUR, **more: Any) -> dict[str, Any]:
    gate = {"min_update_percent": 90, "max_insights_per_hundred": 5, "command": None, "url": None}
    names = {"name": f"Kettle/{number}", "product": "Kettle", "device_group": str(number)}
    return {"number": number, **names, "soak": soak, **gate, **more}


def planned(*histories: list[dict[str, Any]], target: str = "T", soak: float = HOUR, **more: Any) -> dict[str, Any]:
    rings = [ring(number, soak) for number in range(1, len(histories) + 1)]
    options = {"rings": rings, "images": list(target), "deployments": histories, "retry": False, **more}
    return plan(options, NOW)


def states(*histories: list[dict[str, Any]], **more: Any) -> list[str]:
    return [each["state"] for each in planned(*histories, **more)["rings"]]


@pytest.mark.parametrize(
    ("sets", "found"),
    [
        ("", None),
        ("T", None),
        ("TA", None),
        ("ATA", 1),
        ("AATTA", 1),
        ("TATA", None),
        ("BTA", None),
        ("BATA", 2),
        ("AT", None),
        ("ATBTA", None),
        ("CATBA", None),
    ],
)
def test_images_are_rolled_back_if_those_from_before_replaced_them(sets: str, found: int | None) -> None:
    assert rolled_back(periods(deployments(*sets)), frozenset("t")) == found


@given(st.text("ABT", max_size=8), st.lists(st.integers(1, 3), min_size=8, max_size=8))
def test_repeated_deployments_make_no_difference(sets: str, times: list[int]) -> None:
    """A deployment whose answer was lost is made again."""
    repeated = "".join(letter * count for letter, count in zip(sets, times, strict=False))
    once, again = periods(deployments(*sets)), periods(deployments(*repeated))
    assert [period.images for period in once] == [period.images for period in again]
    assert rolled_back(once, frozenset("t")) == rolled_back(again, frozenset("t"))


@given(st.text("ABT", max_size=8))
def test_images_just_rolled_back_are_rejected(sets: str) -> None:
    before = periods(deployments(*sets))
    if before and before[0].images != frozenset("t"):
        last = next(iter(before[0].images))
        assert rolled_back(periods(deployments(last, "T", *sets)), frozenset("t")) == 1


def test_newest_is_the_one_in_force_even_if_dates_are_equal() -> None:
    tied = deployments("T", "A", hours=(1, 1))
    tied[0]["current"], tied[1]["current"] = False, True
    assert [sorted(period.images) for period in periods(tied)] == [["a"], ["t"]]


def test_soak_counts_from_the_first_of_repeated_deployments() -> None:
    (found,) = planned(deployments("T", "T", "A", hours=(0.1, 0.5, 9)))["rings"]
    assert (found["state"], found["soak_left"], found["previous"]) == ("soaking", HOUR / 2, ["a"])


def test_ring_has_passed_if_a_later_one_got_the_images_after_it() -> None:
    old, new, newer = deployments("A"), deployments("T", "A", hours=(9, 99)), deployments("T", "A", hours=(2, 99))
    assert states(old, old) == ["absent", "absent"]
    assert states(new, old) == ["due", "absent"]
    assert states(new, newer) == ["passed", "due"]
    assert states(newer, new) == ["due", "due"]
    assert states(new, old, newer) == ["passed", "absent", "due"]
    back = deployments("A", "T", "A", hours=(1, 2, 99))
    assert states(new, back) == ["passed", "rolled_back"]
    assert states(new, back, retry=True) == ["passed", "absent"]


def test_last_ring_is_not_judged_after_the_service_has_forgotten_its_events() -> None:
    ancient = deployments("T", "A", hours=(15 * 24, 99 * 24))
    assert states(ancient) == ["passed"]
    assert states(ancient, deployments("A")) == ["due", "absent"]


def test_clock_behind_the_service_does_not_prolong_the_soak() -> None:
    (found,) = planned(deployments("T", "A", hours=(-5, 9)))["rings"]
    assert found["soak_left"] == HOUR


def record(passed: bool, deployed: list[dict[str, Any]], images: str = "T") -> str:
    gate = {"passed": passed, "reasons": [] if passed else ["It is bad."]}
    rings = [{"name": "kettle/1", "deployed_at": deployed[0]["deployed_at"], "gate": gate}]
    return yaml.safe_dump({"rollout": list(images.lower()), "rings": rings})


def test_recorded_verdicts_are_final_for_their_deployment_only() -> None:
    due = deployments("T", "A", hours=(9, 99))
    assert states(due, record=record(True, due)) == ["passed"]
    assert states(due, record=record(False, due)) == ["failed"]
    assert states(due, record=record(False, due), retry=True) == ["due"]
    assert states(due, record=record(True, due), retry=True) == ["passed"]
    assert states(due, record=record(True, due, images="U")) == ["due"]
    assert states(due, record=record(True, deployments("T"))) == ["due"]
    back = [*deployments("A", hours=(1,)), *due]
    back[1]["current"] = False
    found = planned(back, record=record(False, due))
    assert found["refusals"] == [
        f"Cannot roll out to Kettle/1: these images were deployed to it at {due[0]['deployed_at']}, and then its "
        "previous images again. It is bad. Roll out other images, or set rollout_retry to true to try these again."
    ]


@pytest.mark.parametrize(
    "text", ["mine: true", "[1]", "x: [", "text", "rollout: t\nrings: 5", "rollout: [t]\nrings: [{}]"]
)
def test_other_files_are_not_taken_for_a_record(text: str) -> None:
    problems = planned(deployments("A"), record=text, record_name="file.yml")["problems"]
    assert problems == [
        "Invalid rollout_record file.yml: not a record of a rollout. Set rollout_record to another file."
    ]


def test_missing_date_is_a_problem_only_where_it_matters() -> None:
    undated = [{**deployments("T")[0], "deployed_at": None}]
    assert planned(undated)["problems"] == []
    assert "the service reports no date" in planned(undated, deployments("A"))["problems"][0]
    assert planned([{**deployments("A")[0], "deployed_at": None}])["problems"] == []


def test_document_holds_only_what_is_left() -> None:
    found = planned(deployments("T", "A"), deployments("A"), [], packages=["/new"], named=[])["document"]
    content = {"packages": ["/new"]}
    groups = [{"name": name, "deployment": content} for name in "23"]
    assert found == {"products": [{"name": "Kettle", "default_device_groups": False, "device_groups": groups}]}
    assert planned(deployments("T", "A"))["document"] == {}


def test_durations_are_spoken_in_units() -> None:
    assert [spoken(each) for each in (0, 1, 61, 5400, 90000)] == [
        "0 seconds",
        "1 second",
        "1 minute 1 second",
        "1 hour 30 minutes",
        "1 day 1 hour",
    ]


def judged(
    devices: int, asked: int, insights: int, command: Any = None, url: Any = None, **changes: Any
) -> dict[str, Any]:
    health = {
        "since": "then",
        "devices": devices,
        "update_requested": asked,
        "update_percent": 100 * asked / devices if devices else None,
        "insights": insights,
        "insights_per_hundred": 100 * insights / devices if devices else None,
        "insights_by_class": {},
        "insights_complete": True,
    }
    unused = {"skipped": True}
    options = ring(1, **{"command": ["look"], "url": "http://x", **changes})
    return verdict({"ring": options, "health": health, "command": command or unused, "url": url or unused}, NOW)


@given(st.integers(1, 500), st.data(), st.integers(0, 100), st.integers(0, 100))
def test_gate_is_exact_at_its_limits(devices: int, data: st.DataObject, least: int, most: int) -> None:
    asked = data.draw(st.integers(0, devices))
    insights = data.draw(st.integers(0, 3 * devices))
    found = judged(devices, asked, insights, min_update_percent=least, max_insights_per_hundred=most)
    assert found["passed"] == (asked * 100 >= least * devices and insights * 100 <= most * devices)
    assert found["passed"] == (found["reasons"] == [])


def test_gate_of_commands_addresses_and_no_devices() -> None:
    assert judged(0, 0, 0)["reasons"] == ["It has no devices that could request an update."]
    assert judged(0, 0, 0, min_update_percent=0)["passed"]
    assert judged(1, 1, 0, command={"rc": 0, "start": "now"}, url={"status": 204})["passed"]
    assert judged(1, 1, 0, command={"rc": 1, "start": "now"})["reasons"] == ["The command look ended with the code 1."]
    assert judged(1, 1, 0, url={"status": 503})["reasons"] == ["http://x answered with the status 503."]
    for rc, msg, why in ((257, "Gone.", "Gone."), (13, "Error executing command.", "Permission denied.")):
        assert judged(1, 1, 0, command={"rc": rc, "msg": msg})["problems"] == [f"the command look cannot be run: {why}"]
    assert judged(1, 1, 0, url={"status": -1, "msg": "Off"})["problems"] == ["http://x does not answer: Off."]


def read(**given: Any) -> dict[str, Any]:
    base = {"start": "/work", "rings": "Kettle/Pilot", "packages": "new"}
    return read_options({**base, **given}, Environment({}, "/"))


class OfVault:
    """A text of a vault, as ansible-core before 2.19 has it: not a text, but one once it is made one."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


def test_texts_of_a_vault_are_decrypted_in_lists_too() -> None:
    ring = {"product": "Kettle", "device_group": OfVault("Lab"), "command": ["check", OfVault("secret")]}
    options = read(rings=[ring], command=[OfVault("look"), "here"], url=OfVault("https://example.com"))
    assert options["problems"] == []
    [found] = options["rings"]
    assert (found["name"], found["command"], found["url"]) == ("Kettle/Lab", ["check", "secret"], "https://example.com")
    assert read(command=[OfVault("look"), "here"])["rings"][0]["command"] == ["look", "here"]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        (0, 0),
        ("90 minutes", 5400),
        ("2h", 7200),
        ("1d 12h", 129600),
        ("1 week", 604800),
        ("1.5 Days", 129600),
    ],
)
def test_soak_has_units(text: Any, seconds: float) -> None:
    found = read(soak=text)
    assert (found["problems"], found["rings"][0]["soak"]) == ([], seconds)


@pytest.mark.parametrize("text", ["2", 2, "-1h", "1x", "h", "2 months", "1h x", "99 weeks", True, [], ["1h"]])
def test_soak_without_a_unit_is_rejected(text: Any) -> None:
    found = read(soak=text)
    assert [problem.startswith("Invalid rollout_soak ") for problem in found["problems"]] == [True]


def test_ring_options_come_before_those_of_all_rings() -> None:
    rings = [{"product": "Kettle", "device_group": "A", "soak": "1h", "command": "look 'at it'"}, "Kettle/B"]
    first, second = read(rings=rings, soak="2h", command=["go"], event_types="Planned, Other")["rings"]
    assert (first["soak"], first["command"], first["event_types"]) == (3600, ["look", "at it"], ["Planned", "Other"])
    assert (second["soak"], second["command"], second["number"]) == (7200, ["go"], 2)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"rings": 5}, "Invalid rollout_rings: not a list. Use a list"),
        ({"packages": " "}, "Nothing to roll out: neither packages nor images are given."),
        ({"rings": "A/B, a/b"}, "Invalid rollout_rings: the rings 1 and 2 are the same device group, a/b. Remove one"),
        ({"rings": [{"product": "A", "group": "B"}]}, 'Invalid rollout_rings, ring 1: unknown key "group". Available:'),
        ({"rings": "- ["}, "Invalid rollout_rings: not valid YAML or JSON."),
        ({"rings": [5]}, "Invalid rollout_rings, ring 1: not a device group."),
        ({"rings": [{"product": True, "device_group": "A"}]}, "Invalid rollout_rings, ring 1, product true: a boolean"),
        ({"rings": ["/A"]}, "Invalid rollout_rings, ring 1: product is missing."),
        ({"rings": [], "retry": "x"}, "Nothing to roll out to: no ring is given."),
        ({"min_update_percent": 101}, 'Invalid rollout_min_update_percent "101": not a number from 0 to 100.'),
        ({"max_insights_per_hundred": "few"}, 'Invalid rollout_max_insights_per_hundred "few": not a number'),
        ({"command": "a 'b"}, "Invalid rollout_command: a quote is not closed."),
        ({"url": "ftp://x"}, 'Invalid rollout_url "ftp://x": not an HTTP address.'),
        ({"url": "http://"}, 'Invalid rollout_url "http://": not an HTTP address.'),
        ({"url": "http://[::1/"}, 'Invalid rollout_url "http://[::1/": not an HTTP address.'),
        ({"url": "http://x:99999/"}, 'Invalid rollout_url "http://x:99999/": not an HTTP address.'),
        ({"url": "https://me:secret@x/"}, "Invalid rollout_url: it has a user or a password, which messages and the"),
        ({"url": "me:secret@x"}, "Invalid rollout_url: it has a user or a password, which messages and the"),
        (
            {"rings": [{"product": "a", "device_group": "b", "url": "http://me@[x/"}]},
            "Invalid rollout_rings, ring 1, url: it has a user",
        ),
        ({"wait": "maybe"}, 'Invalid rollout_wait "maybe": neither true nor false.'),
    ],
)
def test_wrong_options_are_problems(given: dict[str, Any], sentence: str) -> None:
    problems = read(**given)["problems"]
    assert any(problem.startswith(sentence) for problem in problems), problems

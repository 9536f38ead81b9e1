# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""docs/simulator.md documents all options, settings, faults and seed members."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator.cli import parser
from tests.simulator.faults import FAULTS
from tests.simulator.harness import Simulator
from tests.simulator.settings import DIALECTS, SWITCHES, Settings, dialect

_ROOT = Path(__file__).resolve().parents[3]
PAGE = (_ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
SCHEMA: dict[str, Any] = yaml.safe_load(
    (_ROOT / "tests" / "simulator" / "state-schema.yaml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("option", [o for action in parser()._actions for o in action.option_strings if o != "-h"])
def test_option_is_documented(option: str) -> None:
    assert option == "--help" or f"`{option}" in PAGE


@pytest.mark.parametrize("setting", [field.name for field in dataclasses.fields(Settings)])
def test_setting_is_documented(setting: str) -> None:
    assert f"| `{setting}` |" in PAGE


@pytest.mark.parametrize("switch", sorted(SWITCHES))
def test_switch_is_documented_with_values_and_default(switch: str) -> None:
    values = ", ".join(f"`{value}`" for value in SWITCHES[switch])
    assert f"| `{switch}` | {values} |" in PAGE
    assert getattr(Settings(), switch) == SWITCHES[switch][0]


def test_dialects_differ_in_every_switch() -> None:
    one, other = (dialect(name) for name in DIALECTS)
    assert not one.items() & other.items()


@pytest.mark.parametrize("word", [*FAULTS, *SCHEMA["properties"], *SCHEMA["$defs"]["tenant"]["properties"]])
def test_fault_or_seed_member_is_documented(word: str) -> None:
    assert f"`{word}`" in PAGE or f"`…{word}[]`" in PAGE or f"`…{word}[]." in PAGE


def test_ready_message_is_documented(simulator: Simulator) -> None:
    assert [name for name in simulator.ready if f"`{name}`" not in PAGE] == []

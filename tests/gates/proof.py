# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Proves that check mode predicts the real run and that a second run changes nothing, by three runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from tests.support.apis import INTEGRATED

from .expected_results import NOT_WAITED_FOR, UNKNOWABLE, check_values
from .oracle import check_differences
from .workbench import Answer, Workbench

#: What a difference shows for a value that only the service can give.
UNKNOWN = "(not yet known)"
RUNNING = ("NotStarted", "InProgress")
#: Runs something, as a check or for real.
Act = Callable[[bool], Answer]


def prove(
    bench: Workbench,
    act: Act,
    *,
    changes: bool,
    again: bool = False,
    waits: bool = True,
    further: tuple[bool, ...] = (False, True),
) -> Answer:
    """A check run writes nothing and predicts the real run; a further run changes nothing.

    Answers the real run. `again` says whether the same is expected to change something each time, `waits` whether the
    run waits for what it started, `further` whether each of the runs after it is a check.
    """
    before = bench.look()
    predicted = act(True)
    assert predicted.writes == (), "the check run wrote"
    assert bench.look() == before, "something is not as it was before the check run"
    assert not predicted.values.get("failed"), predicted.values.get("msg")

    real = act(False)
    assert not real.values.get("failed"), real.values.get("msg")
    assert real.changed == changes
    agree(predicted, real, waits=waits)
    if not waits:
        operation = real.values["operation"]
        # The Integrated API has done most of it at once.
        assert (bench.api == INTEGRATED) if operation is None else operation["state"] in RUNNING, "it waited"
        bench.pass_time()
    after = bench.look()
    on_disk = (after.files, after.owners) != (before.files, before.owners)
    assert bool(real.writes or on_disk) == changes
    check_differences(real.diff, before, after)
    if waits:
        check_values(real.values, before, after)
    if not again:
        _nothing_left(bench, act, further)
    return real


def _nothing_left(bench: Workbench, act: Act, further: tuple[bool, ...]) -> None:
    before = bench.look()
    for check in further:
        second = act(check)
        assert not second.values.get("failed"), second.values.get("msg")
        assert (second.changed, second.writes, second.diff) == (False, (), [])
        assert bench.look() == before


def agree(predicted: Answer, real: Answer, *, waits: bool = True) -> None:
    """Asserts that a check run told what the real one did, save what only the service can give and is named so."""
    assert predicted.changed == real.changed
    unknown = predicted.values.get("unknown", [])
    known = [path for path in unknown if not UNKNOWABLE.fullmatch(path)]
    assert [path for path in known if waits or not NOT_WAITED_FOR.fullmatch(path)] == []
    assert set(real.values.get("unknown", [])) <= (set() if waits else set(unknown))
    assert masked(predicted.reported, unknown) == masked(real.reported, unknown)
    assert [fill(reported, made) for reported, made in zip(_texts(predicted), _texts(real), strict=True)] == _texts(
        real
    )


def _texts(answer: Answer) -> list[str]:
    return [text for each in answer.diff for text in each.values()]


def fill(reported: str, made: str) -> str:
    """The text of a check run, with what it did not know taken from that of the real run."""
    pattern = ".+".join(re.escape(part) for part in reported.split(UNKNOWN))
    return made if re.fullmatch(pattern, made) else reported


def masked(value: Any, unknown: Iterable[str], path: str = "") -> Any:
    """The value with every path that is unknown made null."""
    if path in unknown:
        return None
    if isinstance(value, dict):
        return {key: masked(member, unknown, f"{path}.{key}" if path else key) for key, member in value.items()}
    if isinstance(value, list):
        return [masked(member, unknown, f"{path}[{number}]") for number, member in enumerate(value)]
    return value

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The differences on the page about check mode are those of real runs."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from .fleet import fleet
from .playbooks import Played, Player
from .shown import PAGES, Block, blocks
from .workbench import Workbench

PAGE = next(page for page in PAGES if page.name == "check-mode.md")
#: What follows the differences of a task.
_END = re.compile(r"^(?:changed|ok|fatal|TASK|PLAY)\b", re.M)


def shown() -> list[tuple[Block, Block]]:
    """Each task on the page with the difference that follows it."""
    there = [block for block in blocks() if block.page == PAGE]
    return [(task, told) for task, told in pairwise(there) if told.language == "diff"]


def printed(played: Played) -> list[str]:
    """The differences of each task, as ansible-playbook prints them."""
    assert played.code == 0, played.output
    tasks = re.split(r"^TASK \[.*\n", played.output, flags=re.M)[1:]
    return [re.sub(r"\n{2,}", "\n", _END.split(task, maxsplit=1)[0]).strip() + "\n" for task in tasks]


@pytest.mark.parametrize("check", [True, False], ids=["check", "real"])
def test_the_page_shows_what_is_printed(
    bench: Workbench, tmp_path_factory: pytest.TempPathFactory, interpreter: Path, check: bool
) -> None:
    player = Player(bench.simulator, bench.folder, tmp_path_factory.mktemp("home"), interpreter)
    assert len(shown()) == 3
    for task, told in shown():
        bench.simulator.load(fleet())
        play = {"hosts": "localhost", "gather_facts": False, "tasks": task.document}
        assert printed(player.play([play], *(["--check"] if check else []))) == [told.text]

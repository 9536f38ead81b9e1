# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Links between pages are valid, and the README and the index of docs/ are complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(path for pattern in ("*.md", "docs/*.md", "roles/*/README.md") for path in ROOT.glob(pattern))


def prose(page: Path) -> str:
    """Return a page without its code blocks."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def anchors(page: Path) -> set[str]:
    """Return the anchors that hosts of git repositories generate from headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.M)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_are_valid(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _hash, anchor = target.partition("#")
        there = page.parent / name if name else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_tests_that_a_page_names_exist(page: Path) -> None:
    named = re.findall(r"`((?:[\w-]+/)*test_\w+\.py)`", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_index_lists_every_page() -> None:
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= set(re.findall(r"\]\(([\w-]+\.md)\)", prose(ROOT / "docs" / "README.md")))


def shipped() -> set[str]:
    """Return the names of all modules, plugins, roles and playbooks, as the README writes them."""
    kinds = {
        kind: (ROOT / "plugins" / kind).glob("*.py") for kind in ("filter", "inventory", "lookup", "modules", "test")
    }
    named = {
        f"`{path.stem}`" if kind == "modules" else f"{kind} `{path.stem}`"
        for kind, paths in kinds.items()
        for path in paths
    }
    roles = {f"role `{path.name}`" for path in (ROOT / "roles").iterdir() if path.is_dir()}
    return named | roles | {f"playbook `azsphere.fleet.{path.stem}`" for path in (ROOT / "playbooks").glob("*.yml")}


def test_readme_lists_everything_that_is_shipped() -> None:
    rows = set(re.findall(r"^\| ((?:\w+ )?`[\w.]+`) \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.M))
    assert rows == shipped()

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What the collection imports is what it declares, and a release is built from pinned distributions."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
#: The host that runs the collection, and the collection itself.
GIVEN = {"ansible", "ansible_collections"}
_NAME = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)")


def normalized(name: str) -> str:
    """Return the name of a distribution as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(source: str) -> Iterator[str]:
    """Yield the top-level modules that a program imports anywhere, from outside of itself."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name.partition(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


def third_party() -> set[str]:
    """Return the distributions that plugins import."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "plugins").rglob("*.py")]
    modules = {name for source in sources for name in imported(source)} - GIVEN - set(sys.stdlib_module_names)
    known = packages_distributions()
    return {normalized(distribution) for name in modules for distribution in known.get(name, [name])}


def declared(path: Path) -> dict[str, str]:
    """Return the requirements in a file by their distributions, without those of other files."""
    lines = [line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    found = [(_NAME.match(line), line) for line in lines]
    return {normalized(match[1]): line for match, line in found if match is not None}


def test_imported_distributions_are_declared() -> None:
    assert third_party() == set(declared(ROOT / "requirements.txt"))


def test_urllib3_is_declared_as_it_is_imported() -> None:
    """It comes with requests, but no release of requests promises which of its modules there are."""
    assert "urllib3" in third_party() & set(declared(ROOT / "requirements.txt"))


def test_requirements_have_lower_bounds_only() -> None:
    bounds = declared(ROOT / "requirements.txt").values()
    assert [line for line in bounds if not re.fullmatch(r"[\w.-]+>=[\d.]+", line)] == []


def test_execution_environments_install_the_requirements() -> None:
    definition = yaml.safe_load((ROOT / "meta" / "execution-environment.yml").read_text(encoding="utf-8"))
    assert definition["dependencies"]["python"] == "requirements.txt"
    built = yaml.safe_load((ROOT / "execution-environment" / "execution-environment.yml").read_text(encoding="utf-8"))
    assert "python" not in built["dependencies"], "a second list would differ from the first one some day"


def recipe(target: str) -> str:
    """Return the commands of a target of the Makefile."""
    found = re.search(rf"^{re.escape(target)}:[^\n]*\n((?:\t[^\n]*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    assert found, target
    return found[1]


def test_release_is_built_with_pinned_distributions_only() -> None:
    installed = [line for line in recipe(".build/release/stamp").splitlines() if " pip install" in line]
    assert len(installed) == 1
    assert "--require-hashes --requirement tools/release.txt" in installed[0]
    for target in ("build", "release-check"):
        assert ".venv" not in recipe(target)
        assert ".build/release/" in recipe(target) or "$(BUILD)/release/" in recipe(target)


def test_pinned_distributions_have_hashes() -> None:
    text = re.sub(r"\\\n", " ", (ROOT / "tools" / "release.txt").read_text(encoding="utf-8"))
    pinned = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert len(pinned) > 20
    assert [line for line in pinned if not re.match(r"[\w.-]+(\[\w+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import requests.sessions", {"requests"}),
        ("def f():\n    from urllib3.util import x", {"urllib3"}),
        ("from . import wire\nfrom .._errors import y", set()),
    ],
)
def test_imports_are_found_wherever_they_are(source: str, found: set[str]) -> None:
    assert set(imported(source)) == found

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Rules for all files of the project: licences, sizes, requirements and settings."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SPDX = "SPDX-License-Identifier: GPL-3.0-or-later"
CODE_LINES, MODULE_CODE_LINES = 400, 50


def project_files() -> list[str]:
    """Return all files that git does not ignore, relative to the root."""
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout.decode().split("\0")
    return sorted({name for name in listed if name and (ROOT / name).is_file()})


FILES = project_files()
PYTHON_FILES = [name for name in FILES if name.endswith(".py")]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def lines_of_code(source: str) -> int:
    """Count lines that are not blank, comments, docstrings or documentation blocks."""
    prose: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        value = node.value if isinstance(node, (ast.Assign, ast.Expr)) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            prose.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(source.splitlines(), 1)
    return sum(1 for number, line in lines if number not in prose and line.strip() and not line.strip().startswith("#"))


def test_action_group_lists_every_module() -> None:
    runtime = yaml.safe_load(text("meta/runtime.yml"))
    modules = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py") if path.stem != "__init__")
    assert runtime["action_groups"]["azsphere"] == modules


def annotated() -> set[str]:
    """Return the files whose licence is in REUSE.toml, because they cannot contain a comment."""
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 reads no TOML")
    annotations = tomllib.loads(text("REUSE.toml"))["annotations"]
    assert {entry["SPDX-License-Identifier"] for entry in annotations} == {"GPL-3.0-or-later"}
    globs = [glob for entry in annotations for glob in entry["path"]]
    found = {glob: {path.relative_to(ROOT).as_posix() for path in ROOT.glob(glob)} & set(FILES) for glob in globs}
    assert [glob for glob, files in found.items() if not files] == [], "REUSE.toml names files that do not exist"
    return set().union(*found.values())


def test_every_file_names_its_licence() -> None:
    without_header = {name for name in FILES if SPDX not in text(name)[:1000]}
    assert without_header - annotated() == {"LICENSE"}


def test_only_files_without_a_header_are_annotated() -> None:
    assert [name for name in sorted(annotated()) if SPDX in text(name)] == []


def test_plugins_have_the_licence_line_that_ansible_requires() -> None:
    plugins = [name for name in PYTHON_FILES if name.startswith("plugins/") and text(name)]
    assert [name for name in plugins if "GNU General Public License v3.0 or later" not in text(name)[:1000]] == []


def test_no_file_exceeds_its_limit_of_code_lines() -> None:
    sizes = {name: lines_of_code(text(name)) for name in PYTHON_FILES}
    limits = {name: MODULE_CODE_LINES if name.startswith("plugins/modules/") else CODE_LINES for name in sizes}
    assert {name: size for name, size in sizes.items() if size > limits[name]} == {}


def test_lines_of_code_excludes_documentation() -> None:
    source = '"""Says.\n\nMuch.\n"""\nDOCUMENTATION = """\nmodule: x\n"""\n\n# why\na = 1\nb = [\n    2,\n]\n'
    assert lines_of_code(source) == 4


def test_no_file_refers_to_directories_outside_the_clone() -> None:
    outside = re.compile(r"\.\./" + r"shared\b|/work/" + r"(shared|main|notes)\b")
    assert [name for name in FILES if outside.search(text(name))] == []


@pytest.mark.parametrize("name", ["requirements.txt", "tests/requirements.txt", "tools/requirements.txt"])
def test_requirements_have_lower_bounds_only(name: str) -> None:
    """Collections with pinned requirements can conflict with each other."""
    demands = [line.split("#")[0].strip() for line in text(name).splitlines()]
    demands = [demand for demand in demands if demand and not demand.startswith("-r ")]
    assert demands
    assert [demand for demand in demands if not re.fullmatch(r"[A-Za-z0-9_.-]+(>=[0-9.]+)?", demand)] == []


def test_requirements_of_the_collection_have_lower_bounds() -> None:
    """Each requirement has the oldest version that was tested."""
    demands = [line for line in text("requirements.txt").splitlines() if line and not line.startswith("#")]
    assert [demand for demand in demands if ">=" not in demand] == []


def test_sanity_has_no_ignore_files() -> None:
    assert [name for name in FILES if name.startswith("tests/sanity/ignore")] == []


def test_make_removes_settings_of_the_caller() -> None:
    """The caller's settings for Ansible, Azure, Python and git hooks must not affect the targets."""
    foreign = {
        "ANSIBLE_STDOUT_CALLBACK": "none",
        "AZSPHERE_TENANT": "Elsewhere",
        "AZURE_CLIENT_SECRET": "elsewhere",
        "FORCE_COLOR": "1",
        "GIT_DIR": "/elsewhere",
        "GIT_INDEX_FILE": "/elsewhere",
        "PYTEST_ADDOPTS": "-k nothing",
        "PYTHONOPTIMIZE": "1",
        "PYTHONPATH": "/elsewhere",
        "PYTHONSAFEPATH": "1",
    }
    shown = "include Makefile\nshown:\n\t@env\n"
    kept = {"PYTHON": "python3.12", "PIP_INDEX_URL": "https://kept"}
    # Without the options of an outer make, which would take precedence over the environment.
    above = {name: value for name, value in os.environ.items() if not name.startswith(("MAKEFLAGS", "MFLAGS"))}
    environment = {**above, **foreign, **kept, "LC_ALL": "POSIX"}
    command = [environment.pop("MAKE", "make"), "--silent", "--file=-", "shown"]
    made = subprocess.run(
        command, cwd=ROOT, env=environment, input=shown, check=True, stdout=subprocess.PIPE, text=True
    )
    inside = dict(line.split("=", 1) for line in made.stdout.splitlines() if "=" in line)
    assert {name for name, value in foreign.items() if inside.get(name) == value} == set()
    assert inside["LC_ALL"] == "C.UTF-8"
    assert {name: inside.get(name) for name in kept} == kept


def test_unit_tests_import_nothing_from_gates() -> None:
    """Shared helpers belong in tests/support."""
    gates = re.compile(r"^\s*(from tests\.gates|import tests\.gates|from tests import gates|from \.+gates)\b", re.M)
    assert [name for name in PYTHON_FILES if name.startswith("tests/unit/") and gates.search(text(name))] == []

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The check of sizes counts code, and no documentation."""

from __future__ import annotations

from tools.shape import LONGEST_FILE, LONGEST_FUNCTION, LONGEST_MODULE, problems

ANYWHERE = "plugins/module_utils/_model/labels.py"
MODULE = "plugins/modules/label.py"


def lines(count: int) -> str:
    return "".join(f"a{number} = 1\n" for number in range(count))


def function(count: int, notes: str = "") -> str:
    return "def work():\n" + notes + "".join(f"    a{number} = 1\n" for number in range(count - 1))


def found(path: str, text: str) -> list[str]:
    return list(problems({path: text}))


def test_long_file_is_reported() -> None:
    assert found(ANYWHERE, lines(LONGEST_FILE)) == []
    assert found(ANYWHERE, lines(LONGEST_FILE + 1)) == [f"{ANYWHERE}: 401 lines of code; the most is 400"]
    assert found("tests/unit/test_labels.py", lines(LONGEST_FILE + 1))


def test_long_module_is_reported() -> None:
    assert found(MODULE, lines(LONGEST_MODULE)) == []
    assert found(MODULE, lines(LONGEST_MODULE + 1)) == [f"{MODULE}: 51 lines of code; the most is 50"]


def test_long_function_of_the_collection_is_reported() -> None:
    assert found(ANYWHERE, function(LONGEST_FUNCTION)) == []
    assert found(ANYWHERE, function(LONGEST_FUNCTION + 1)) == [f"{ANYWHERE}: work has 41 lines of code; the most is 40"]
    assert found("tests/unit/test_labels.py", function(LONGEST_FUNCTION + 1)) == []


def test_comments_blank_lines_and_documentation_do_not_count() -> None:
    notes = '    """Works.\n\n    Long.\n    """\n\n' + "    # why\n" * LONGEST_FUNCTION
    assert found(ANYWHERE, function(LONGEST_FUNCTION, notes)) == []
    documentation = f'DOCUMENTATION = r"""\n{lines(LONGEST_MODULE)}"""\n'
    assert found(MODULE, documentation + lines(LONGEST_MODULE)) == []
    assert found(MODULE, documentation.replace("DOCUMENTATION", "TEXT") + lines(LONGEST_MODULE))


def test_long_chain_of_bases_is_reported_across_files() -> None:
    chain = "class A: ...\nclass B(A): ...\nclass C(B): ...\n"
    other = "plugins/plugin_utils/_labels.py"
    assert list(problems({ANYWHERE: chain, other: "class E(Exception): ...\n"})) == []
    too_long = list(problems({ANYWHERE: chain, other: "class D(labels.C[int]): ...\n"}))
    assert too_long == [f"{other}: D has a chain of 3 base classes; the most is 2"]
    assert list(problems({ANYWHERE: chain, "tests/unit/test_d.py": "class D(C): ...\n"})) == []

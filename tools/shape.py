# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Report files and functions that are too long, and chains of base classes: `python -m tools.shape`.

Lines of code count: no blank lines, comments and documentation.
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections.abc import Iterator, Mapping

from tools.stage import ROOT, listed

#: Lines of code of a file, of a module, and of a function of the collection.
LONGEST_FILE = 400
LONGEST_MODULE = 50
LONGEST_FUNCTION = 40
#: How many classes of the collection may be above a class.
MOST_BASES = 2
_PLUGINS = "plugins/"
_MODULES = "plugins/modules/"
_DOCUMENTATION = ("DOCUMENTATION", "EXAMPLES", "RETURN")
_NO_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def problems(sources: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the Python files, whose content is given by path."""
    trees = {path: ast.parse(text) for path, text in sources.items()}
    for path, tree in trees.items():
        code = _code_lines(sources[path], tree)
        most = LONGEST_MODULE if path.startswith(_MODULES) else LONGEST_FILE
        if len(code) > most:
            yield f"{path}: {len(code)} lines of code; the most is {most}"
        if path.startswith(_PLUGINS):
            yield from _long_functions(path, tree, code)
    yield from _chains({path: tree for path, tree in trees.items() if path.startswith(_PLUGINS)})


def _code_lines(text: str, tree: ast.Module) -> set[int]:
    """Return the numbers of the lines with code."""
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NO_CODE:
            code.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.Expr)) and _is_documentation(node):
            code.difference_update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return code


def _is_documentation(node: ast.Assign | ast.Expr) -> bool:
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id in _DOCUMENTATION for target in node.targets)
    return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _long_functions(path: str, tree: ast.Module, code: set[int]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            count = len(code.intersection(range(node.lineno, (node.end_lineno or node.lineno) + 1)))
            if count > LONGEST_FUNCTION:
                yield f"{path}: {node.name} has {count} lines of code; the most is {LONGEST_FUNCTION}"


def _chains(trees: Mapping[str, ast.Module]) -> Iterator[str]:
    """Yield classes with too many classes of the collection above them. Bases are found by name, in any file."""
    bases: dict[str, list[str]] = {}
    places: dict[str, str] = {}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, []).extend(_name(base) for base in node.bases)
                places[node.name] = path

    def above(name: str) -> int:
        return max((1 + above(base) for base in bases[name] if base in bases and base != name), default=0)

    for name, path in places.items():
        if above(name) > MOST_BASES:
            yield f"{path}: {name} has a chain of {above(name)} base classes; the most is {MOST_BASES}"


def _name(base: ast.expr) -> str:
    """Return the last name of a base class, as in `module.Base[Parameter]`."""
    while isinstance(base, ast.Subscript):
        base = base.value
    return base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""


def main() -> int:
    """Print what is wrong; return 1 if anything is."""
    paths = [path for path in listed(ROOT) if path.suffix == ".py"]
    found = list(problems({path.as_posix(): (ROOT / path).read_text(encoding="utf-8") for path in paths}))
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

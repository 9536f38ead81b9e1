# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Takes out of the sources what they show: EXAMPLES of modules and plugins, and blocks of pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path for pattern in ("*.md", "docs/**/*.md", "roles/*/README.md", "demo/*.md") for path in ROOT.glob(pattern)
)
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.M | re.S)
_FILE = re.compile(r"`([\w./-]+\.(?:ya?ml|csv))`")
SHELLS = ("sh", "bash", "shell", "console")


@dataclass(frozen=True)
class Block:
    """A block of a page: where it stands, its language, and the file that the sentence before it names, if any."""

    page: Path
    line: int
    language: str
    text: str
    file: str | None

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def document(self) -> Any:
        return yaml.safe_load(self.text)

    @property
    def commands(self) -> list[str]:
        """Of a shell block, each on one line and without prompt, comment and what is printed."""
        lines = self.text.replace("\\\n", " ").splitlines()
        prompted = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        return [re.sub(r"\s+#.*", "", line).strip() for line in prompted or lines if line.strip() and line[0] != "#"]


def blocks() -> Iterator[Block]:
    """Of all pages."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in _FENCE.finditer(text):
            before = text[: found.start()]
            named = _FILE.findall(before.rstrip().rpartition("\n\n")[2])
            content = re.sub(rf"^{found[1]}", "", found[3], flags=re.M)
            yield Block(page, before.count("\n") + 1, found[2], content, named[-1] if named else None)


def indented(page: Path) -> list[str]:
    """Lines that Markdown takes for code by their indentation alone, lists of lists aside."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return [f"{page.name}: {found}" for found in re.findall(r"\n\n(?: {4}| {6,})([^\s*-].*)", text)]


def is_playbook(document: Any) -> bool:
    return isinstance(document, list) and all(
        isinstance(play, dict) and ("hosts" in play or "import_playbook" in play) for play in document
    )


def is_inventory(document: Any) -> bool:
    return isinstance(document, dict) and "plugin" in document


def is_tasks(document: Any) -> bool:
    return isinstance(document, list) and not is_playbook(document) and all(isinstance(task, dict) for task in document)


def examples(kind: str) -> dict[str, Any]:
    """EXAMPLES of all plugins of a kind (`modules`, `lookup`, `test`, `filter`, `inventory`), by name, as text."""
    found = {}
    for path in sorted((ROOT / "plugins" / kind).glob("*")):
        if path.suffix in (".yml", ".yaml"):
            found[path.stem] = yaml.safe_load(path.read_text(encoding="utf-8"))["EXAMPLES"]
        elif path.suffix == ".py" and path.stem != "__init__":
            text = _constant(path, "EXAMPLES")
            if text is not None:
                found[path.stem] = text
    return found


def plugins(kind: str) -> set[str]:
    return {path.stem for path in (ROOT / "plugins" / kind).glob("*.py") if path.stem != "__init__"}


def _constant(path: Path, name: str) -> str | None:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", None) for target in node.targets] == [name]:
            value = ast.literal_eval(node.value)
            return str(value)
    return None

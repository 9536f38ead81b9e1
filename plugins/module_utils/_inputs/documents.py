# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Reads documents in YAML or JSON without losing any part of them."""

from __future__ import annotations

import math
from typing import Any

from .._errors import InvalidInput, MissingLibrary
from .duplicate_keys import duplicate_keys

#: Values that a document may have more by its aliases (`*name`) than are written in it.
MOST_REPEATED = 1_000_000
_QUOTE_TEMPLATES = (
    "A value that starts with {{ must be in quotes; only the role azsphere.fleet.provision fills in templates."
)
_VAULT = (
    "Use the role azsphere.fleet.provision, which decrypts values, or give the document as the option blueprint, from "
    "vars_files or include_vars."
)


def load_document(content: bytes, path: str) -> Any:
    """Return the one document in the content of a file; an empty mapping for none.

    Raises InvalidInput for content that is neither YAML nor JSON, has a duplicate key, of which parsers keep only the
    last, or holds a value that Ansible Vault encrypted. Raises MissingLibrary without PyYAML.
    """
    try:
        import yaml
    except ImportError as error:
        raise MissingLibrary("PyYAML", "read blueprints") from error
    try:
        loader = yaml.SafeLoader(content)
        node = loader.get_single_node()
        # The first one would be lost, and the resources it describes possibly pruned.
        for key, line in duplicate_keys(node):
            raise InvalidInput(
                f"Invalid blueprint {path}: line {line}: duplicate key {key}.", code="blueprint", target=path
            )
        if _repeated_by_aliases(node) > MOST_REPEATED:
            raise InvalidInput(
                f"The blueprint {path} is too large: its aliases repeat more than {MOST_REPEATED} values.",
                code="file",
                target=path,
                hint="Write out what the aliases (*name) stand for, or nest fewer of them.",
            )
        document = None if node is None else loader.construct_document(node)
    # An invalid date raises a plain ValueError.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _unreadable(error, content, path) from error
    return {} if document is None else document


def _repeated_by_aliases(root: Any) -> float:
    """Return how many values a composed document has more than it has nodes: infinity if a node contains itself."""
    sizes: dict[int, float] = {}
    waiting: list[tuple[Any, bool]] = [] if root is None else [(root, False)]
    while waiting:
        node, inner_known = waiting.pop()
        inner = _inner(node)
        if inner_known:
            sizes[id(node)] = 1 + sum(sizes[id(each)] for each in inner)
        elif id(node) not in sizes:
            # Infinity until all that is inside is known: only a node that contains itself is seen before.
            sizes[id(node)] = math.inf
            waiting.append((node, True))
            waiting += [(each, False) for each in inner if id(each) not in sizes]
    return sizes[id(root)] - len(sizes) if sizes else 0


def _inner(node: Any) -> list[Any]:
    if node.id == "mapping":
        return [each for pair in node.value for each in pair]
    return list(node.value) if node.id == "sequence" else []


def _unreadable(error: Exception, content: bytes, path: str) -> InvalidInput:
    mark = getattr(error, "problem_mark", None)
    where = f", line {mark.line + 1}" if mark is not None else ""
    problem = str(getattr(error, "problem", None) or "")
    if "'!vault'" in problem:
        return InvalidInput(
            f"Cannot read the blueprint {path}: a value is encrypted with Ansible Vault{where}.",
            code="encrypted",
            target=path,
            hint=_VAULT,
        )
    templated = "unhashable" in problem and b"{{" in content
    return InvalidInput(
        f"The blueprint {path} is not valid YAML or JSON{where}.",
        code="file",
        target=path,
        hint=_QUOTE_TEMPLATES if templated else None,
    )

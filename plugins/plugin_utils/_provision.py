# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What the role `provision` was given: options as surveys and command lines leave them, and documents to merge.

Problems are returned as sentences and never raised, so that the role can show them all, as they are, on every core.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import yaml
from ansible_collections.azsphere.fleet.plugins.module_utils._environment import Environment
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.apart import named, overlaps
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.blueprint import named_files
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.duplicate_keys import duplicate_keys
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import PRUNABLE, digest_in
from ansible_collections.azsphere.fleet.plugins.module_utils._options import Found, blank

from ._option_reader import OptionReader
from ._plain import plain

_CONTENT = "a mapping with products, images, devices or users"


def read_options(given: Mapping[str, Any], environment: Environment) -> dict[str, Any]:
    """Returns the options of the role with their types, and `problems`, a list of sentences.

    :param given: the options by name, without `provision_`; `start` is the directory that `base` starts from. What is
        null, blank or omitted counts as not given.

    Paths are whole. `src`, `record`, `journal`, the plans and the numbers are None when they are not given.
    """
    reader = OptionReader(given, "provision_", environment)
    base = reader.path("base", start=str(given["start"])) or str(given["start"])
    src = reader.path("src", start=base)
    options = {
        "src": src,
        "record": reader.path("record", start=base),
        "journal": reader.path("journal", start=base),
        "plan_file": reader.path("plan_file", start=base),
        "expect_plan": _expected_plan(reader, given.get("expect_plan"), base),
        "folder": reader.path("folder", start=base) or (os.path.dirname(src) if src else os.path.realpath(base)),
        "document": reader.checked("document", _document) or {},
        "images": reader.words("images"),
        "prune": reader.words("prune", PRUNABLE),
        "claim": reader.flag("claim"),
        "max_changes": reader.number("max_changes"),
        "max_failures": reader.number("max_failures"),
        "concurrency": reader.number("concurrency"),
        "problems": reader.problems,
    }
    reader.require_apart(named(options, ("record", "journal", "plan_file")), named(options, ("src", "expect_plan")))
    return options


def _expected_plan(reader: OptionReader, given: Any, base: str) -> Any:
    """Returns an approved plan or its text as it is, a digest, or the whole path of a saved plan; None without one."""
    if isinstance(given, Mapping):
        return plain(given)
    is_plan = isinstance(given, str) and (digest_in(given) or given.lstrip().startswith("{"))
    return given.strip() if is_plan else reader.path("expect_plan", start=base)


def document_problems(content: str, name: str, wanted: str = _CONTENT) -> list[str]:
    """Returns what makes a document unusable, as sentences that begin with `Invalid` and the name; [] for none.

    `wanted` is what the sentences say to use in place of something else than a mapping.
    Values may hold tags such as `!vault`, and templates in quotes. A key may be in a mapping only once: Ansible would
    keep the last one, and pruning delete what the others describe.
    """
    node: Any
    try:
        node = yaml.compose(content, yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        return [f"Invalid {name}{where}: not valid YAML or JSON. Fix it; values that begin with a brace need quotes."]
    except RecursionError:
        return [f"Invalid {name}: nested too deeply. Use {wanted}."]
    if node is None or node.tag == "tag:yaml.org,2002:null":
        return [f"Invalid {name}: it is empty. Use {wanted}."]
    if node.id != "mapping":
        return [f"Invalid {name}: a {'list' if node.id == 'sequence' else 'text'} is not a document. Use {wanted}."]
    unquoted = [
        f"Invalid {name}, line {line}: a template without quotes. Put it in quotes." for line in _templates(node)
    ]
    return unquoted or [
        f"Invalid {name}, line {line}: duplicate key {key} in one mapping. Keep one of them."
        for key, line in duplicate_keys(node)
    ]


def merge_documents(
    parts: Iterable[Mapping[str, Any]],
    prune: Iterable[str],
    base_dir: str = "",
    written: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Returns the `document` that the parts make together, and `problems`, a list of sentences.

    :param parts: mappings with `name`, what messages call the part, and `document`. Mappings are merged, lists appended
        without what is in both, and of other values the last one is kept.
    :param prune: kinds of resources to delete where the document does not name them. A part in which such a kind is
        empty is a problem: a template may have given nothing, and what it should contain would be deleted.
    :param base_dir: the directory that paths in the document start from.
    :param written: whole paths of files that are written later, by what names them. The document must not name them.
    """
    kinds, problems = set(prune), []
    merged: dict[str, Any] = {}
    for part in parts:
        name, document = str(part["name"]), part["document"]
        if not isinstance(document, Mapping):
            problems.append(f"Invalid {name}: it gives no mapping. Use {_CONTENT}.")
            continue
        problems += [f"Invalid {name}: {path} {why}" for path, why in _problems(document, kinds)]
        problems += _merge(merged, document, name)
    outputs = list(named(written or {}, written or ()))
    problems += overlaps(outputs, named_files(merged, base_dir), Environment())
    return {"document": merged, "problems": problems}


def _document(found: Found, _environment: Environment) -> dict[str, Any]:
    value = found.value
    if isinstance(value, str):
        problems = document_problems(value, found.name)
        if problems:
            raise InvalidInput(problems[0])
        try:
            value = yaml.safe_load(value)
        except (yaml.YAMLError, ValueError):
            raise InvalidInput(f"Invalid {found.name}: not plain YAML or JSON.", hint="Leave out tags.") from None
    if isinstance(value, Mapping):
        return dict(value)
    raise InvalidInput(f"Invalid {found.name}: not a document.", hint=f"Use {_CONTENT}.")


def _templates(node: Any) -> list[int]:
    """Returns the lines, from 1, of keys that are mappings or lists: `{{ name }}` without quotes is such a mapping."""
    lines, waiting, seen = [], [node], set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen or each.id == "scalar":
            continue
        seen.add(id(each))
        pairs = each.value if each.id == "mapping" else []
        lines += [key.start_mark.line + 1 for key, _value in pairs if key.id != "scalar"]
        waiting += [inner for pair in pairs for inner in pair] if pairs else each.value
    return sorted(lines)


def _problems(document: Mapping[str, Any], prune: set[str]) -> Iterator[tuple[str, str]]:
    """Yields the path of each value that cannot be used, with what is wrong."""
    kinds: tuple[str, ...] = ("products", "users")
    lists = [(kind, document[kind]) for kind in kinds if kind in prune and kind in document]
    if "device_groups" in prune and isinstance(document.get("products"), (list, tuple)):
        for number, product in enumerate(document["products"]):
            if isinstance(product, Mapping) and "device_groups" in product:
                lists.append((f"products[{number}].device_groups", product["device_groups"]))
    for path, value in lists:
        if blank(value):
            yield path, "is empty and pruned. Give what is to stay, or [] to delete everything."
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += [(f"{path}.{key}" if path else str(key), each) for key, each in value.items()]
        elif isinstance(value, (list, tuple)):
            waiting += [(f"{path}[{number}]", each) for number, each in enumerate(value)]
        elif isinstance(value, date):
            yield path, f"is the date {value}, which is not text. Put it in quotes."


def _merge(merged: dict[str, Any], document: Mapping[str, Any], name: str) -> Iterator[str]:
    """Adds a document to those before it, and yields what cannot be added."""
    for key, value in document.items():
        there = merged.get(key)
        if value is None and there is not None:
            continue
        if isinstance(there, Mapping) and isinstance(value, Mapping):
            inner = dict(there)
            yield from _merge(inner, value, name)
            merged[key] = inner
        elif isinstance(there, list) and isinstance(value, (list, tuple)):
            merged[key] = [each for each in there if each not in value] + list(value)
        elif isinstance(there, (list, Mapping)) != isinstance(value, (list, tuple, Mapping)) and there is not None:
            yield f"Invalid {name}: {key} is of another type than in the document before it. Give both as lists."
        else:
            merged[key] = list(value) if isinstance(value, tuple) else value

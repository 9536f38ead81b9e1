# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What the role `provision` reads and merges, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._environment import Environment
from ansible_collections.azsphere.fleet.plugins.plugin_utils._provision import (
    document_problems,
    merge_documents,
    read_options,
)


def options(**given: Any) -> dict[str, Any]:
    return read_options({"start": "/plays", **given}, Environment({"HOME": "/home/ada"}, "/elsewhere"))


def merged(*documents: Any, prune: tuple[str, ...] = ()) -> dict[str, Any]:
    return merge_documents([{"name": f"part {n}", "document": each} for n, each in enumerate(documents, 1)], prune)


@pytest.mark.parametrize("blank", [None, "", " \n", "__omit_place_holder__abc"])
def test_blank_options_have_their_defaults(blank: str | None) -> None:
    names = ("base", "src", "record", "folder", "document", "images", "prune", "claim", "max_changes", "max_failures")
    assert (
        options(**dict.fromkeys(names, blank))
        == options()
        == {
            "src": None,
            "record": None,
            "journal": None,
            "plan_file": None,
            "expect_plan": None,
            "folder": "/plays",
            "document": {},
            "images": [],
            "prune": [],
            "claim": False,
            "max_changes": None,
            "max_failures": None,
            "concurrency": None,
            "problems": [],
        }
    )


def test_paths_start_at_the_base() -> None:
    found = options(base="sites/a", src="fleet.yml", record="~/done.yml")
    assert (found["src"], found["record"]) == ("/plays/sites/a/fleet.yml", "/home/ada/done.yml")
    assert found["folder"] == "/plays/sites/a"


@pytest.mark.parametrize(
    ("name", "given", "found"),
    [
        ("claim", "true", True),
        ("claim", "No", False),
        ("claim", 1, True),
        ("max_changes", "0", 0),
        ("max_changes", 5, 5),
        ("prune", "products, users", ["products", "users"]),
        ("prune", '["products"]', ["products"]),
        ("prune", ["users", "", None], ["users"]),
        ("prune", "[]", []),
        ("images", "[ab]*.imagepackage", ["[ab]*.imagepackage"]),
        ("document", "products: []", {"products": []}),
        ("document", '{"products": []}', {"products": []}),
        ("document", {"products": []}, {"products": []}),
    ],
)
def test_options_may_be_text(name: str, given: Any, found: Any) -> None:
    assert options(**{name: given})[name] == found
    assert options(**{name: given})["problems"] == []


@pytest.mark.parametrize(
    ("name", "given", "problem"),
    [
        ("claim", "maybe", 'Invalid provision_claim "maybe": neither true nor false.'),
        ("max_changes", -1, 'Invalid provision_max_changes "-1": not a whole number.'),
        ("max_changes", True, 'Invalid provision_max_changes "True": not a whole number.'),
        ("max_failures", "1.5", "not a whole number"),
        ("prune", "devices", 'Invalid provision_prune "devices". Available: products, device_groups, users.'),
        ("prune", {}, "Invalid provision_prune: not a list."),
        ("images", [5], "Invalid provision_images 5: a number is not text."),
        ("src", ["fleet.yml"], "Invalid provision_src: a list is not text."),
        ("document", 5, "Invalid provision_document: not a document."),
        ("document", "a: !vault x", "Invalid provision_document: not plain YAML or JSON."),
    ],
)
def test_wrong_options_are_one_sentence_each(name: str, given: Any, problem: str) -> None:
    [found] = options(**{name: given})["problems"]
    assert problem in found


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (
            "products:\n  - name: Kettle\n    description: {{ text }}\n",
            "Invalid it, line 3: a template without quotes.",
        ),
        ("products: {{ kettles }}\n", "Invalid it, line 1: a template without quotes."),
        ("products:\n  - {{ kettle }}\n", "Invalid it, line 2: a template without quotes."),
        ("products:\n  - name: {{ a }}-{{ b }}\n", "Invalid it, line 2: not valid YAML or JSON."),
        ("a: 1\n---\nb: 2\n", "not valid YAML or JSON"),
        ("a: 1\na: 2\n", "Invalid it, line 2: duplicate key a in one mapping."),
        ("", "Invalid it: it is empty."),
        ("~", "Invalid it: it is empty."),
        ("text", "Invalid it: a text is not a document."),
        ("- a\n", "Invalid it: a list is not a document."),
        ("a: \0\n", "not valid YAML or JSON"),
        ("[" * 5000, "Invalid it"),
    ],
)
def test_documents_that_cannot_be_used(content: str, problem: str) -> None:
    assert problem in document_problems(content, "it")[0]


def test_tags_and_templates_in_quotes_are_accepted() -> None:
    assert document_problems('a: !vault |\n  x\nb: "{{ c }}"\nd: {e: [1]}\n', "it") == []


def test_mappings_are_merged_and_lists_appended() -> None:
    found = merged(
        {"products": [1, 2], "device_list": "a.csv"}, {}, {"products": [2, 3], "users": None}, {"users": [4]}
    )
    assert found == {"document": {"products": [1, 2, 3], "device_list": "a.csv", "users": [4]}, "problems": []}


@pytest.mark.parametrize("empty", [None, "", " "])
@pytest.mark.parametrize("kind", ["products", "users"])
def test_part_that_is_empty_where_it_is_pruned_is_a_problem(kind: str, empty: str | None) -> None:
    [*_others, problem] = merged({kind: [1]}, {kind: empty}, prune=(kind,))["problems"][:1]
    assert problem.startswith(f"Invalid part 2: {kind} is empty and pruned.")
    assert merged({kind: [1]}, {kind: []}, prune=(kind,))["problems"] == []
    assert merged({kind: [1]}, {kind: None})["problems"] == []


def test_groups_that_are_empty_where_they_are_pruned_are_a_problem() -> None:
    document = {"products": [{"name": "Kettle"}, {"name": "Lamp", "device_groups": None}]}
    [problem] = merged(document, prune=("device_groups",))["problems"]
    assert problem.startswith("Invalid part 1: products[1].device_groups is empty and pruned.")


@pytest.mark.parametrize("document", [None, "text", [1]])
def test_part_that_gives_no_mapping_is_a_problem(document: Any) -> None:
    assert merged(document)["problems"][0].startswith("Invalid part 1: it gives no mapping.")


def test_list_and_text_under_one_key_are_a_problem() -> None:
    assert merged({"products": [1]}, {"products": "x"})["problems"][0].startswith(
        "Invalid part 2: products is of another"
    )

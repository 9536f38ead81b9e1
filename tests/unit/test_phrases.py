# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The check for retired phrases finds each of them and leaves plain English alone."""

from __future__ import annotations

import pytest

from tools.phrases import EXCLUDED, find
from tools.stage import ROOT


@pytest.mark.parametrize(
    "text",
    [
        "A claim is for ever.",
        "A claim is for\never.",
        "# A claim is for\n# ever.",
        "def test_a_claim_is_for_ever() -> None:",
        "Sees to it that the group exists.",
        "brings the tenant to the described state",
        "That is told in the README.",
        "What it tells",
        '"""Answers the reply."""',
        "A key stands twice in the document.",
        "It has to be a name.",
        "The answer is no JSON.",
        '"x" is no name for a product.',
        "when the cause is mended",
        "There are: Retail, RetailEval.",
        "600 seconds went by without an end.",
        "whether it was carried out all the same is not known",
        "The request was turned away.",
        "The service is out of order.",
        "The connection broke off.",
        "Not tried any more.",
        "It needs an own client application.",
        "the rooms of module_utils",
        "Arrows go down only.",
        "class Keepsake:",
        "carry_out(plan)",
        "from .errors import refused",
        "def foresee(step):",
        "To rehearse it, use the simulator.",
        "repeated_keys",
        "from tests.quick import quick_interpreter",
        "class Sight:",
        "secrets and the other promises",
    ],
)
def test_retired_phrase_is_found(text: str) -> None:
    assert list(find(text))


@pytest.mark.parametrize(
    "text",
    [
        "There is no product of that name, and there are no devices in it.",
        "The package has room for 32 bytes.",
        "The warehouse is narrow; the reply is no longer awaited.",
        "The two cannot be told apart.",
        "It returns the answer of the service.",
        "The service forever retries; the amended text is complete.",
        "raise RefusedByPolicy(reply)",
        "found = refused(document)",
        "The steps are carried out in order.",
    ],
)
def test_plain_english_is_accepted(text: str) -> None:
    assert list(find(text)) == []


def test_finding_names_line_and_replacement() -> None:
    assert list(find("one\ntwo\nthree is for ever")) == [
        (3, "for ever", "permanently; cannot be undone; irreversible"),
    ]


def test_excluded_files_exist() -> None:
    assert [name for name in EXCLUDED if not (ROOT / name).is_file()] == []

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Validation of strings, names, booleans and numbers, and its error messages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from ansible.module_utils.parsing.convert_bool import BOOLEANS_FALSE, BOOLEANS_TRUE
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import FleetError, InvalidInput, escaped
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs import texts
from ansible_collections.azsphere.fleet.plugins.module_utils._legacy.service import CAPABILITIES
from ansible_collections.azsphere.fleet.plugins.module_utils._model.refs import ProductRef
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import Product
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import all_named, name_key, same_name
from ansible_collections.azsphere.fleet.plugins.module_utils._service import require_name
from hypothesis import given
from hypothesis import strategies as st

#: What YAML makes of no, 0755, 1.0, 2024-01-01, {} and [].
NOT_TEXTS = (False, 0o755, 1.0, date(2024, 1, 1), datetime(2024, 1, 1, 9), {}, [], None, b"x", ["Kettle"], {"a": 1})


@pytest.mark.parametrize("value", NOT_TEXTS, ids=repr)
@pytest.mark.parametrize("check", [texts.text, texts.trimmed, texts.filled])
def test_strings_reject_other_types(check: Any, value: object) -> None:
    with pytest.raises(texts.InvalidValue, match="not a text"):
        check(value)


@pytest.mark.parametrize("value", [False, 493, 1.0, date(2024, 1, 1)], ids=repr)
def test_unquoted_values_get_the_advice_to_quote_them(value: object) -> None:
    with pytest.raises(texts.InvalidValue, match=r'quotes, or add "\| string" to a template'):
        texts.text(value)


@pytest.mark.parametrize("value", ["", "  ", "\t\n"], ids=repr)
@pytest.mark.parametrize("check", [texts.trimmed, texts.filled])
def test_blank_strings_are_rejected_as_empty(check: Any, value: str) -> None:
    assert texts.text(value) == value
    with pytest.raises(texts.InvalidValue, match="it is empty"):
        check(value)


def test_names_are_trimmed_and_keep_the_blanks_inside() -> None:
    assert texts.trimmed(" Field  Test\n") == "Field  Test"
    assert texts.filled(" Field  Test\n") == " Field  Test\n"


@pytest.mark.parametrize("value", sorted({*BOOLEANS_TRUE, *BOOLEANS_FALSE}, key=repr), ids=repr)
def test_booleans_accept_the_words_of_ansible(value: Any) -> None:
    assert texts.flag(value) is (value in BOOLEANS_TRUE)
    if isinstance(value, str):
        assert texts.flag(f" {value.upper()} ") is (value in BOOLEANS_TRUE)


@pytest.mark.parametrize("value", ["", "ture", 2, None, [], {}, -1, 0.5, "2"], ids=repr)
def test_booleans_reject_other_values(value: object) -> None:
    with pytest.raises(texts.InvalidValue, match="neither true nor false"):
        texts.flag(value)


@pytest.mark.parametrize(("value", "found"), [(5, 5), ("5", 5), (" 5 ", 5), ("-5", -5), (5.0, 5)])
def test_integers_are_accepted(value: object, found: int) -> None:
    assert texts.integer(value) == found
    assert texts.number(value) == found


@pytest.mark.parametrize("value", [True, False, "", "five", "\u00b2", None, [5], "0x5", "1e3", 1.5, "1.5"], ids=repr)
def test_integers_reject_other_values(value: object) -> None:
    with pytest.raises(texts.InvalidValue, match="not a whole number"):
        texts.integer(value)


@pytest.mark.parametrize("value", [True, "", "five", "nan", "inf", None, [5]], ids=repr)
def test_numbers_reject_other_values(value: object) -> None:
    with pytest.raises(texts.InvalidValue, match="not a number"):
        texts.number(value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Kettle", "Kettle"),
        ("Küche 茶", "Küche 茶"),
        ("Ket\u200btle", "Ket\\u200btle"),
        ("\ufeffKettle", "\\ufeffKettle"),
        ("Kettle\xa0", "Kettle\\xa0"),
        ("\u202eKettle", "\\u202eKettle"),
        ("Ket\ttle\n\x1b[31m", "Ket\\ttle\\n\\x1b[31m"),
        ("Ket\u3164tle\ufe0f", "Ket\\u3164tle\\ufe0f"),
        ("Ket\udce4tle", "Ket\\udce4tle"),
    ],
)
def test_invisible_characters_are_shown_escaped(text: str, shown: str) -> None:
    assert escaped(text) == shown
    error = FleetError(f'Invalid "{text}".', hint=f'Available: "{text}".')
    assert str(error) == f'Invalid "{shown}". Available: "{shown}".'
    assert error.as_dict()["hint"] == f'Available: "{shown}".'


@pytest.mark.parametrize("character", ["\u200b", "\ufeff", "\xa0", "\u202e", "\t", "\x00", "\u3164"], ids=ascii)
@pytest.mark.parametrize("place", ["{}Kettle", "Ket{}tle", "Kettle{}"])
def test_names_with_invisible_characters_are_rejected(place: str, character: str) -> None:
    with pytest.raises(InvalidInput, match="Invalid product name") as caught:
        require_name(CAPABILITIES, "product", place.format(character))
    assert str(caught.value).isprintable()


@given(st.text())
def test_escaped_strings_are_printable(text: str) -> None:
    assert escaped(text).isprintable()
    assert escaped(escaped(text)) == escaped(text)


@given(st.text(), st.text(" \t\n"), st.text(" \t\n"))
def test_case_and_surrounding_blanks_of_names_are_ignored(name: str, before: str, behind: str) -> None:
    assert same_name(name, f"{before}{name}{behind}")
    assert name_key(name.casefold()) == name_key(name)


def test_exact_name_comes_before_one_with_blanks_around_it() -> None:
    spaced, exact, other = (Product(ProductRef(name)) for name in ("Kettle ", "KETTLE", "Ket tle"))
    assert all_named([spaced, exact, other], "Kettle") == [exact, spaced]
    assert all_named([spaced, other], "kettle") == [spaced]
    assert all_named([exact, spaced], "Kettle ") == [spaced, exact]

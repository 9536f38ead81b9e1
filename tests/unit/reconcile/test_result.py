# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What results show, and what they keep to themselves."""

from __future__ import annotations

import yaml
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import Operation
from ansible_collections.azsphere.fleet.plugins.module_utils._model.values import Placeholder
from ansible_collections.azsphere.fleet.plugins.module_utils._views.result import (
    difference,
    mask_unknown,
    operation_values,
    readable,
)
from hypothesis import given, settings
from hypothesis import strategies as st

UNKNOWN = Placeholder("product", "Kettle")
#: The machine may be busy: examples have no deadline of their own.
quick = settings(deadline=None, max_examples=50)


def test_unknown_values_are_null_and_listed() -> None:
    value = {"id": UNKNOWN, "name": "Kettle", "groups": [{"id": UNKNOWN}, {"id": "b1"}], "pair": (UNKNOWN, 1)}
    shown, unknown = mask_unknown({"product": value})
    assert shown == {
        "product": {"id": None, "name": "Kettle", "groups": [{"id": None}, {"id": "b1"}], "pair": [None, 1]}
    }
    assert unknown == ["product.id", "product.groups[0].id", "product.pair[0]"]


def test_single_placeholder_is_masked() -> None:
    assert mask_unknown(UNKNOWN, "id") == (None, ["id"])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
)


def count(value: object) -> int:
    if isinstance(value, dict):
        return sum(map(count, value.values()))
    if isinstance(value, list):
        return sum(map(count, value))
    return isinstance(value, Placeholder)


@quick
@given(values)
def test_placeholders_are_masked_and_listed_as_unknown(value: object) -> None:
    shown, unknown = mask_unknown(value)
    assert count(shown) == 0
    assert len(unknown) == count(value)
    assert mask_unknown(shown) == (shown, [])


def test_differences_are_yaml_in_the_order_of_the_keys() -> None:
    shown = difference("product Kettle", None, {"name": "Kettle", "id": UNKNOWN, "groups": ["Werk Süd", "A"]})
    assert shown["before"] == ""
    assert shown["after"] == "name: Kettle\nid: (not yet known)\ngroups:\n- Werk Süd\n- A\n"
    assert shown["before_header"] == shown["after_header"] == "product Kettle"


def test_text_stays_as_it_is() -> None:
    assert readable("a\nb\n") == "a\nb\n"
    assert readable(None) == ""


# PyYAML writes some line breaks as they are; no name in the service has any.
words = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]))
known = st.none() | st.booleans() | st.integers() | words | st.lists(words, max_size=4)


@quick
@given(st.dictionaries(words, known))
def test_differences_can_be_read_back(value: dict[str, object]) -> None:
    assert yaml.safe_load(readable(value)) == value


def test_operation_values_omit_missing_members() -> None:
    operation = Operation("f1", "CreateProduct", "Complete", started="2026-05-06T07:08:10Z", tenant_id="7e")
    assert operation_values(operation) == {
        "id": "f1",
        "type": "CreateProduct",
        "state": "Complete",
        "started": "2026-05-06T07:08:10Z",
    }
    assert operation_values(None) is None

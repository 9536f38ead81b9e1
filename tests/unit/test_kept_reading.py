# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Lookups that are evaluated many times in one process: one sign-in, and what they read is never old."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible_collections.azsphere.fleet.plugins.plugin_utils import _reading

from tests.simulator.harness import Simulator

SEED = {"tenants": [{"name": "Contoso", "products": [{"name": "Kettle"}]}]}
#: A tenant of the same name with another ID.
REPLACED = {
    "tenants": [{"name": "Contoso", "id": "7e000000-0000-4000-8000-0000000000ff", "products": [{"name": "Toaster"}]}]
}


@pytest.fixture
def options(simulator: Simulator) -> Iterator[dict[str, Any]]:
    simulator.load(SEED)
    ready = simulator.ready
    account = {name: ready[name] for name in ("client_id", "client_secret", "directory_id", "authority_host")}
    yield {**account, "tenant": "Contoso", "api_url": ready["url"], "ca_path": ready["ca"], "token_cache": "none"}
    _reading._kept._close()


def names(options: dict[str, Any]) -> list[str]:
    with _reading.reading("lookup", options, {}) as task:
        return [product.name for product in task.service.products.list()]


def tokens(simulator: Simulator) -> int:
    issued: int = simulator.counts()["tokens_issued"]
    return issued


def test_next_lookup_uses_the_token_of_the_last_one(options: dict[str, Any], simulator: Simulator) -> None:
    before = tokens(simulator)
    assert [names(options) for _unused in range(3)] == [["Kettle"]] * 3
    assert tokens(simulator) == before + 1


def test_next_lookup_reads_what_has_changed(options: dict[str, Any], simulator: Simulator) -> None:
    assert names(options) == ["Kettle"]
    simulator.load(REPLACED)
    assert names(options) == ["Toaster"]


def test_other_options_are_not_mixed_up(options: dict[str, Any], simulator: Simulator) -> None:
    assert names(options) == ["Kettle"]
    with pytest.raises(AnsibleError, match="not found"):
        names({**options, "tenant": "Nowhere"})
    assert names(options) == ["Kettle"]


@pytest.mark.parametrize("changed", ["environment", "process"])
def test_what_is_kept_belongs_to_process_and_environment(
    options: dict[str, Any], simulator: Simulator, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    before = tokens(simulator)
    names(options)
    if changed == "environment":
        monkeypatch.setenv("UNRELATED", "yes")
    else:
        monkeypatch.setattr(os, "getpid", lambda: 1)
    names(options)
    assert tokens(simulator) == before + 2


def test_nothing_is_kept_after_an_error(options: dict[str, Any], simulator: Simulator) -> None:
    before = tokens(simulator)
    names(options)
    with pytest.raises(AnsibleError), _reading.reading("lookup", options, {}):
        raise ValueError
    assert _reading._kept._last is None
    names(options)
    assert tokens(simulator) == before + 2

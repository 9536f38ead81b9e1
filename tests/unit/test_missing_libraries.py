# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A library that is not installed is named, before anything is done."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.libraries import msal_session
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.options import AuthOptions
from ansible_collections.azsphere.fleet.plugins.module_utils._environment import Environment
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import MissingLibrary
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.packages import read_package
from ansible_collections.azsphere.fleet.plugins.module_utils._model.resources import ProductSpec
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile import product
from ansible_collections.azsphere.fleet.plugins.module_utils._reconcile.plan import execute

from tests.support.fakes import WAITING, Recorder, surround
from tests.support.memory import MemoryService


def take_away(monkeypatch: pytest.MonkeyPatch, library: str, *dependents: str) -> None:
    """As if the library were not installed, and nothing had been imported of those that import it."""
    for name in list(sys.modules):
        if name.partition(".")[0] in dependents:
            monkeypatch.delitem(sys.modules, name)
    for name in [library, *(name for name in sys.modules if name.startswith(f"{library}."))]:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize("library", ["msal", "requests"])
def test_signing_in_names_what_is_missing(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take_away(monkeypatch, library, "msal")
    options = AuthOptions.from_params(
        {"client_id": "anyone", "directory_id": "anywhere", "client_secret": "any"}, Environment()
    )
    missing = pytest.raises(MissingLibrary, match=f"library {library} is needed to sign in")
    with missing, msal_session(options, "anywhere", "Signing in", None):
        pass


@pytest.mark.parametrize("library", ["azuresphere_imagemetadata", "cryptography"])
def test_reading_a_package_names_what_is_missing(library: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    take_away(monkeypatch, library, "azuresphere_imagemetadata")
    with pytest.raises(MissingLibrary, match=f"library {library.replace('_', '-')} is needed to read image packages"):
        read_package(str(tmp_path / "any.imagepackage"))


def test_differences_are_mappings_without_a_yaml_library(monkeypatch: pytest.MonkeyPatch) -> None:
    take_away(monkeypatch, "yaml")
    outcome = execute(
        surround(Recorder(MemoryService())).context,
        lambda port: product.plan(port, ProductSpec("Kettle", default_device_groups=False)),
        WAITING,
    )
    [shown] = outcome.diff
    assert shown["before"] == ""
    assert shown["after"]["name"] == "Kettle"

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The documentation fragment of the connection: the same options and texts for modules and plugins."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.azsphere.fleet.plugins.doc_fragments.connection import ModuleDocFragment
from ansible_collections.azsphere.fleet.plugins.module_utils._ansible import CONNECTION
from ansible_collections.azsphere.fleet.plugins.module_utils._options import OPTIONS

MODULES = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
PLUGINS = yaml.safe_load(ModuleDocFragment.PLUGIN)["options"]


def test_modules_and_plugins_have_every_option() -> None:
    assert list(MODULES) == list(PLUGINS) == list(CONNECTION.spec) == list(OPTIONS)


@pytest.mark.parametrize("name", OPTIONS)
def test_environment_options_have_no_choices_or_conversion(name: str) -> None:
    """It would take an empty variable for a value, and refuse an empty choice."""
    for described in (MODULES[name], PLUGINS[name], CONNECTION.spec[name]):
        assert not {"default", "choices", "fallback", "env"} & set(described)
    assert PLUGINS[name]["type"] == "raw"
    assert MODULES[name]["type"] == CONNECTION.spec[name]["type"]
    assert CONNECTION.spec[name]["type"]("") == ""
    assert MODULES[name]["description"] == PLUGINS[name]["description"]
    assert all(f"E({variable})" in " ".join(MODULES[name]["description"]) for variable in OPTIONS[name].variables)

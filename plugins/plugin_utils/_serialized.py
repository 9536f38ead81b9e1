# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Arguments and results of modules as Ansible transfers them between the control node and a module."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

try:
    from ansible.module_utils.common.json import Direction, get_module_decoder, get_module_encoder
except ImportError:  # ansible-core before 2.19
    from ansible.parsing.ajson import AnsibleJSONEncoder

    _TO_MODULE: dict[str, Any] = {"cls": AnsibleJSONEncoder, "vault_to_text": True}
    _IN_MODULE: dict[str, Any] = {}
    #: Whether Display collects the warnings of a task for its result.
    COLLECTS_WARNINGS = False
else:
    #: What modules that state none are served with.
    _PROFILE = "legacy"
    _TO_MODULE = {"cls": get_module_encoder(_PROFILE, Direction.CONTROLLER_TO_MODULE)}
    _IN_MODULE = {"cls": get_module_decoder(_PROFILE, Direction.CONTROLLER_TO_MODULE)}
    COLLECTS_WARNINGS = True


def received(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the arguments as a launched module receives them: plain types, without tags and lazy containers.

    Raises TypeError and ValueError for those that cannot be transferred.
    """
    found: dict[str, Any] = json.loads(json.dumps(dict(arguments), **_TO_MODULE), **_IN_MODULE)
    return found


def returned(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values as Ansible receives them of a launched module."""
    found: dict[str, Any] = json.loads(json.dumps(values))
    return found

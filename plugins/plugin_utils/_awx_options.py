# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The options of the role `awx`. Problems are returned as sentences and never raised."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml
from ansible_collections.azsphere.fleet.plugins.module_utils._environment import Environment
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._options import Found, blank, password, text

from ._option_reader import OptionReader, whole_number
from ._plain import plain

#: More than AWX starts jobs for at a time, by far.
MOST_SLICES = 1000
_DAILY = "DTSTART:20260101T030000Z RRULE:FREQ=DAILY;INTERVAL=1"
_HOURLY = "DTSTART:20260101T000000Z RRULE:FREQ=HOURLY;INTERVAL=1"
#: What AWX requires of a recurrence rule.
_RULE = re.compile(r"DTSTART(;TZID=[^:\s]+)?:\d{8}T\d{6}Z?\s+(.*\s)?RRULE:\S.*", re.ASCII | re.DOTALL)
#: The options that are texts, with their defaults.
_TEXTS: Mapping[str, str] = {
    "prefix": "Azure Sphere",
    "organization": "Default",
    "project_url": "",
    "project_branch": "",
    "playbooks": "playbooks",
    "blueprint": "blueprint.yml",
    "devices_inventory": "inventories/devices.yml",
    "factory_inventory": "inventories/factory.yml",
    "image": "localhost/azsphere-fleet:latest",
    "credential": "",
    "assets_file": "",
}


def read_options(given: Mapping[str, Any], environment: Environment) -> dict[str, Any]:
    """Returns the options of the role with their types, and `problems`, a list of sentences.

    :param given: the options by name, without `awx_`. What is null, blank or omitted counts as not given.

    Texts without a default are empty when they are not given, and `credential_inputs` is an empty mapping.
    """
    reader = OptionReader(given, "awx_", environment)
    return {
        **{name: reader.checked(name, text) or default for name, default in _TEXTS.items()},
        "slices": reader.checked("slices", whole_number(1, MOST_SLICES)) or 3,
        "drift_schedule": reader.checked("drift_schedule", _rule) or _DAILY,
        "rollout_schedule": reader.checked("rollout_schedule", _rule) or _HOURLY,
        "credential_inputs": reader.checked("credential_inputs", _inputs) or {},
        "problems": reader.problems,
    }


def _rule(found: Found, environment: Environment) -> str:
    rule = text(found, environment)
    if _RULE.fullmatch(rule):
        return rule
    raise InvalidInput(f'Invalid {found.name} "{rule}": not a recurrence rule.', hint=f'Use one such as "{_DAILY}".')


def _inputs(found: Found, environment: Environment) -> dict[str, str]:
    """Returns the fields of a credential that are not blank. Errors never show a value."""
    fields = found.value
    if isinstance(fields, str) and fields.strip().startswith("{"):
        try:
            fields = yaml.safe_load(fields)
        except (yaml.YAMLError, ValueError):
            raise InvalidInput(f"Invalid {found.name}: not valid YAML or JSON.", hint="Fix it.") from None
    if not isinstance(fields, Mapping):
        raise InvalidInput(f"Invalid {found.name}: not a mapping.", hint="Use a mapping of fields to texts.")
    return {
        str(name): password(Found(value, f"{found.name}.{name}"), environment)
        for name, value in plain(fields).items()  # Secrets of a vault are objects inside a mapping.
        if not blank(value)
    }

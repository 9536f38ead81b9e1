# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Resolves connection options without a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.azsphere.fleet.plugins.module_utils._environment import Environment
from ansible_collections.azsphere.fleet.plugins.module_utils._precedence import (
    Resolved,
    of_configuration,
    of_environment,
    of_task,
    resolve,
)

SUBSCRIPTION = "5b000000-0000-4000-8000-00000000000a"


def resolved(
    task: Mapping[str, Any], variables: Mapping[str, str] | None = None, configured: Mapping[str, Any] | None = None
) -> Resolved:
    environment = Environment(variables or {}, "/work")
    layers = [of_task(task), of_environment(environment), of_configuration(configured or {}, "/etc/ansible.cfg")]
    return resolve(layers, environment)

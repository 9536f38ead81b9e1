# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

from ansible_collections.azsphere.fleet.plugins.modules import integration_info
from ansible_collections.azsphere.fleet.plugins.plugin_utils._in_process import InProcess


class ActionModule(InProcess):
    """Runs azsphere.fleet.integration_info in the process of the task where possible."""

    module = integration_info

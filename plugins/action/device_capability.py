# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

from __future__ import annotations

from ansible_collections.azsphere.fleet.plugins.plugin_utils._in_process import InProcess


class ActionModule(InProcess):
    """Launches azsphere.fleet.device_capability, which writes files on the managed host."""

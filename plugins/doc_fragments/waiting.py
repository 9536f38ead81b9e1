# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Options of modules that start operations of the service."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until the service is done with what it does in its own time.
      - With V(false) the returned RV(ignore:operation) is the handle for M(azsphere.fleet.operation_info), and what is
        returned is how it will be.
    type: bool
    default: true
  wait_timeout:
    description:
      - How many seconds to wait in all. When they are over, the task fails with the last state seen.
      - What the service had begun by then goes on, so such a task is both failed and changed.
    type: float
    default: 600
"""

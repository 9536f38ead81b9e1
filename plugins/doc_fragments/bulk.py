# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Options of modules that claim and move any number of devices."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  claim:
    description: Whether to claim unclaimed devices into the tenant. B(A claim cannot be undone).
    type: bool
    default: false
  max_changes:
    description:
      - Maximum number of devices and other resources that the task may change. If more would change, the task fails
        before the first write.
    type: int
  max_failures:
    description: Maximum number of devices that may fail. If more fail, the remaining devices are skipped.
    type: int
  concurrency:
    description:
      - Maximum number of concurrent requests, from 1 to 64.
      - A task starts with a few, sends more at a time while the service keeps up, and fewer when the service throttles
        requests or becomes slower.
      - Once the service has throttled requests, they are sent at the rate that it accepts.
    type: int
    default: 32
"""

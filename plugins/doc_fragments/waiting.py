# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Options of modules that start asynchronous operations of the service."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  wait:
    description:
      - Whether to wait until the asynchronous operations of the service are complete.
      - If V(false), the task returns the expected result. Use M(azsphere.fleet.operation_info) to poll the returned
        RV(ignore:operation).
    type: bool
    default: true
  wait_timeout:
    description:
      - Maximum time for the whole task, in seconds, with all retries and pauses. After a timeout, the task fails with
        the last known state. A write request that was already sent gets O(request_timeout) for its reply.
      - Operations that are already running continue, so such a task is reported as both failed and changed.
    type: float
    default: 600
"""

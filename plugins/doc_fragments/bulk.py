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
  expect_plan:
    description:
      - The approved plan, its text, its path, or its RV(ignore:plan_digest). Any other plan is rejected before the
        first write, in check mode too.
      - With the plan itself, the error lists the differences, and what is left of the plan after an interruption is
        accepted. With the digest, only the same plan is accepted.
      - The plan covers the tenant, each change with the state before and after, and the content of each image package.
        A plan that was changed after it was saved is rejected.
    type: raw
  plan_file:
    description:
      - Path of a file on the managed host to write the plan to, as JSON, readable by its owner only. Its directory must
        exist.
      - The file is written in check mode too, since that is where plans are made. It must not be a file that the task
        reads, such as the one in O(expect_plan), or an image package that it uploads.
    type: path
  journal:
    description:
      - Path of a file, on the host on which the module runs, that gets one line of JSON for each claim and move as soon
        as its outcome is known. Even if the task is killed, the file contains what it did; only requests that were in
        progress are missing. A relative path starts at the working directory of the task, which is the playbook's
        directory on the control node.
      - The fields of a line are C(time) (UTC), C(device_id), C(action) (V(claim) or V(move)), C(group) (the target of a
        move), C(outcome) (V(done), V(failed), V(unknown) or V(not_tried)), C(message) and C(code) of the error,
        C(operation) (the ID of the operation, if the service named one) and C(tenant) (as in the option). If there are
        several lines for an action on a device, the last one counts.
      - Lines are appended; several tasks may share a file. A missing file is created and readable by its owner only. If
        the file cannot be written, the task fails before its first write request. If that happens later, no further
        device is started.
      - Check mode only checks whether the file could be written.
    type: path
  wait_timeout:
    description:
      - Maximum time without progress, in seconds. The time starts again with each device or step that completes, so
        that a large fleet is not cut off as long as it progresses. After a timeout, the task fails; devices that were
        not started are skipped.
      - Operations that are already running continue, so their devices are reported as both failed and changed.
    type: float
    default: 600
  concurrency:
    description:
      - Maximum number of concurrent requests, from 1 to 64.
      - A task starts with a few, sends more at a time while the service keeps up, and fewer when the service throttles
        requests or becomes slower.
      - Once the service has throttled requests, they are sent at the rate that it accepts.
    type: int
    default: 32
"""

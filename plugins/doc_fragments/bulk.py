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
      - The approved plan, its path, or its RV(ignore:plan_digest). Any other plan is refused before the first write, in
        check mode too.
      - With the plan itself, the error lists the differences, and what is left of the plan after an interruption is
        accepted. With the digest, only the same plan is accepted.
      - The plan covers the tenant, each change with the state before and after, and the content of each image package.
    type: raw
  plan_file:
    description:
      - Path of a file on the managed host to write the plan to, as JSON, readable by its owner only. Its directory must
        exist.
      - The file is written in check mode too, since that is where plans are made.
    type: path
  concurrency:
    description: Maximum number of concurrent requests, from 1 to 64.
    type: int
    default: 16
"""

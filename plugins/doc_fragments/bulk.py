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
    description: Whether devices that are not claimed may be claimed into this tenant, B(for ever).
    type: bool
    default: false
  max_changes:
    description:
      - If more than this would change, the task fails before the first write. Each device counts, and each other
        resource.
    type: int
  max_failures:
    description: If more devices than this fail, no further ones are tried.
    type: int
  concurrency:
    description: How many requests may be under way at once, from 1 to 64.
    type: int
    default: 16
"""

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Attributes of modules: check mode, diff mode, idempotence and action group."""

from __future__ import annotations


class ModuleDocFragment:
    # Every state module; tests/gates verifies these.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Predicts what a real run would change. Sends only requests that read, and writes no file.
  diff_mode:
    support: full
    description: Shows the differences between the state before and after.
  idempotent:
    support: full
    description: A second run with the same options changes nothing and sends no write requests.
  action_group:
    description:
      - Use C(group/azsphere.fleet.azsphere) in C(module_defaults) to set the connection options of all modules at once.
    support: full
    membership:
      - azsphere.fleet.azsphere
"""

    # Every module that only reads.
    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: This module does not change anything.
  diff_mode:
    support: N/A
    description: This module does not change anything.
  idempotent:
    support: full
    description: This module does not change anything.
  action_group:
    description:
      - Use C(group/azsphere.fleet.azsphere) in C(module_defaults) to set the connection options of all modules at once.
    support: full
    membership:
      - azsphere.fleet.azsphere
"""

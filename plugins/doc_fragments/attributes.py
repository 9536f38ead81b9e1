# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What modules say of check mode, differences and idempotence."""

from __future__ import annotations


class ModuleDocFragment:
    # Every state module; the gate in tests/gates proves it.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Predicts what a real run would change. Sends GET requests only and writes no file.
  diff_mode:
    support: full
    description: Shows what is different before and after.
  idempotent:
    support: full
    description: A second run with the same options changes nothing and sends no write.
  action_group:
    description:
      - Use C(module_defaults) with the group C(azsphere.fleet.azsphere) to give all modules their connection once.
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
    description: The module only reads.
  diff_mode:
    support: N/A
    description: The module only reads.
  idempotent:
    support: full
    description: The module only reads.
  action_group:
    description:
      - Use C(module_defaults) with the group C(azsphere.fleet.azsphere) to give all modules their connection once.
    support: full
    membership:
      - azsphere.fleet.azsphere
"""

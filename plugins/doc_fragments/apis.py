# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What differs between the two APIs, where it is the same for several modules and plugins."""

from __future__ import annotations


class ModuleDocFragment:
    # What has no differences.
    DOCUMENTATION = r"""
options: {}
notes:
  - This works in the same way with both APIs.
"""

    # What refers to products and device groups, or returns them.
    NAMED = r"""
options: {}
notes:
  - With O(api=integrated), products and device groups have no GUID. Values such as C(id) are null, and an option that
    takes a name or a GUID takes the name.
"""

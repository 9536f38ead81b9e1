# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The port over another port: reads through it, keeps every write to itself.

Check mode runs on this, and a blueprint runs on it first, to know the whole plan before the first write. What only the
service can give (a GUID, a time) is a Placeholder here.
"""

from __future__ import annotations

from .access import AccessLayer
from .images import ImageLayer


class Overlay(ImageLayer, AccessLayer):
    """A Service over a Service. Sends nothing but reads to the one below, and no placeholder ever."""

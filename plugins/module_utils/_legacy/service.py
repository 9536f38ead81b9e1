# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Public API v2 as a backend of the service port."""

from __future__ import annotations

from .access import AccessVerbs
from .bulk import BulkVerbs
from .images import ImageVerbs
from .products import ProductVerbs


class LegacyService(ProductVerbs, BulkVerbs, ImageVerbs, AccessVerbs):
    """The whole port (`_service.Service`) over the tenant-based interface, which ends on 27 September 2027."""

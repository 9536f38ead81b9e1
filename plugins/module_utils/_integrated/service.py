# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The Resource Manager provider Microsoft.AzureSphere as a backend of the service port."""

from __future__ import annotations

from collections.abc import Callable

from .._http.session import Session
from .paths import CatalogPath


class IntegratedService:
    """The whole port (`_service.Service`) over the catalog-based interface."""

    def __init__(self, session: Session, catalog: CatalogPath, debug: Callable[[str], None]) -> None:
        self.catalog = catalog

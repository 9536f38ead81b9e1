# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The service port over the Azure Sphere Public API v2: endpoints, JSON and model, operations, paging."""

from __future__ import annotations

from .service import LegacyService

__all__ = ["LegacyService"]

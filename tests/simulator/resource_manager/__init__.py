# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The Azure Resource Manager API: provider Microsoft.AzureSphere, api-version 2024-04-01.

It serves the same state as the Legacy API. Its forms are those that the service was recorded with.
"""

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Secrets of tasks that run on the control node."""

from __future__ import annotations

from collections.abc import Iterable


def mask_output(secrets: Iterable[str]) -> bool:
    """Masks the values in all output from now on. Returns whether ansible-core can do that (2.22 and later)."""
    try:
        from ansible.module_utils.secrets import register_secrets
    except ImportError:
        return False
    register_secrets([secret for secret in secrets if secret])
    return True

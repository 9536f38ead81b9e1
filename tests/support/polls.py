# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Polls of the Integrated backend without its pauses, of two seconds and more, in the process of a test."""

from __future__ import annotations

from functools import partial

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._http.backoff import Backoff
from ansible_collections.azsphere.fleet.plugins.module_utils._integrated import service


def poll_at_once(patch: pytest.MonkeyPatch) -> None:
    """Makes connections that are opened from now on poll operations at once, and then ten times a second."""
    patch.setattr(service, "IntegratedService", partial(service.IntegratedService, polls=Backoff(0.01, 2.0, 0.1)))

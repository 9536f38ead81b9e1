# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Events that devices reported."""

from __future__ import annotations

from ..wire import Wire
from .call import Call

_DEFAULT_PAGE = 1000


def list_insights(call: Call) -> Wire:
    return call.page(call.tenant.insights, call.write.insight, default=_DEFAULT_PAGE)

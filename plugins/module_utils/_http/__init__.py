# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Talking HTTP to a service: session, retry, throttle, errors. Knows requests, knows no endpoint."""

from __future__ import annotations

from .clock import Clock
from .download import fetch
from .endings import deadline_exceeded
from .errors import ERROR_CODES
from .session import Reply, Session, Settings, Tokens
from .throttle import retry_after

__all__ = [
    "ERROR_CODES",
    "Clock",
    "Reply",
    "Session",
    "Settings",
    "Tokens",
    "deadline_exceeded",
    "fetch",
    "retry_after",
]

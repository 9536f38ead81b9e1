# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What a token says of itself, however odd it is."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.claims import account_of


@pytest.mark.parametrize(
    "body",
    [b'{"exp": 549755813888}', b'{"exp": Infinity}', b'{"exp": "soon"}', b'{"exp": -1}', b"5", b"\xff"],
)
def test_invalid_expiry_is_none(body: bytes) -> None:
    assert account_of(token(body), "access_token").expires_on is None


def test_expiry_out_of_range_is_none() -> None:
    assert account_of("canary.opaque.token", "azure_cli", 10**15).expires_on is None


def test_deeply_nested_claims_are_ignored() -> None:
    assert account_of(token(b"[" * 100_000), "access_token").address is None


def token(body: bytes) -> str:
    return f"e30.{base64.urlsafe_b64encode(body).decode().rstrip('=')}.x"

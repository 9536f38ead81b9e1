# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tenant CA certificates, their chains, and proofs of possession."""

from __future__ import annotations

import json

from .. import certificates
from ..problems import Problem, Reply
from ..state import CaCertificate
from ..wire import Wire
from .call import Call

_LONGEST_COMMON_NAME = 64


def list_metadata(call: Call) -> list[Wire]:
    """List all certificates. Expired certificates have no body."""
    now = call.world.clock.now()
    active = certificates.active(call.tenant.certificates, now)
    return [
        {
            "Certificate": None if certificates.is_expired(ca, now) else certificates.body(ca),
            "IsActive": ca is active,
            "IsRevoked": ca.revoked,
            "Thumbprint": ca.thumbprint,
        }
        for ca in call.tenant.certificates
    ]


def get(call: Call) -> Reply:
    return _text(call, certificates.body(_chosen(call)))


def get_chain(call: Call) -> Reply:
    return _text(call, certificates.bundle([_chosen(call)], call.state.root_certificate))


def get_proof_of_possession(call: Call) -> Reply:
    code = call.path["proofOfPossessionNonce"]
    if not 1 <= len(code) <= _LONGEST_COMMON_NAME:
        raise Problem(400, "Invalid verification code: use 1 to 64 characters.")
    return _text(call, certificates.proof_of_possession(_chosen(call), code, call.world.clock.now()))


def list_all(call: Call) -> Reply:
    """Return all unexpired certificates as one blob. Deprecated."""
    return _text(call, certificates.bundle(_current(call), None))


def list_all_chains(call: Call) -> Reply:
    """Return all unexpired certificates and the root as one blob. Deprecated."""
    return _text(call, certificates.bundle(_current(call), call.state.root_certificate))


def _current(call: Call) -> list[CaCertificate]:
    now = call.world.clock.now()
    current = [ca for ca in call.tenant.certificates if not certificates.is_expired(ca, now)]
    if not current:
        raise Problem(404, "The tenant has no certificate that has not expired.")
    return current


def _chosen(call: Call) -> CaCertificate:
    """Return the certificate with the requested thumbprint, or the active one."""
    wanted = call.query.get("thumbprint")
    if wanted is None:
        active = certificates.active(call.tenant.certificates, call.world.clock.now())
        if active is not None:
            return active
    for ca in _current(call):
        if wanted is not None and ca.thumbprint.casefold() == wanted.casefold():
            return ca
    raise Problem(404, "The tenant has no such certificate, or it has expired.")


def _text(call: Call, content: str) -> Reply:
    if call.world.settings.certificate_text == "plain":
        return Reply(200, content.encode(), "text/plain; charset=utf-8")
    return Reply(200, json.dumps(content).encode(), "application/json; charset=utf-8")

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Certificates of a catalog, their chains, and proofs of possession."""

from __future__ import annotations

from .. import certificates
from ..state import CaCertificate
from . import wire
from .call import Answer, Call
from .errors import not_found
from .names import DEFAULT
from .wire import serial_number

#: Names of the active certificate: of the SDK, and of the command line.
_ACTIVE = (DEFAULT, "active")


def list_by_catalog(call: Call) -> Answer:
    return call.page(call.tenant.certificates, call.write.certificate)


def get(call: Call) -> Answer:
    return Answer(call.write.certificate(_chosen(call), wire.GET))


def retrieve_cert_chain(call: Call) -> Answer:
    return Answer({"certificateChain": certificates.bundle([_chosen(call)], call.state.root_certificate)})


def retrieve_proof_of_possession(call: Call) -> Answer:
    code = call.body["proofOfPossessionNonce"]
    proof = certificates.proof_of_possession(_chosen(call), code, call.world.clock.now())
    return Answer({"certificate": proof})


def _chosen(call: Call) -> CaCertificate:
    name = call.names["certificate"].casefold()
    found: CaCertificate | None
    if name in _ACTIVE:
        found = certificates.active(call.tenant.certificates, call.world.clock.now())
    else:
        found = next((ca for ca in call.tenant.certificates if serial_number(ca).casefold() == name), None)
    if found is None:
        raise not_found("The requested certificate was not found.")
    return found

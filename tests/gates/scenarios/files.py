# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files that the service gives."""

from __future__ import annotations

import os
from typing import Any

from ..fleet import DEVICES, FRESH, NEW, OLD, UNCLAIMED
from .table import CHANGE, CREATE, NOTHING, REFUSED, SUCCESSOR, Scenario

_CAPABILITY = {"id": DEVICES[0], "capabilities": ["appDevelopment"], "dest": "device.cap"}
_PROOF = {"content": "proof_of_possession", "verification_code": "6F1D2C3B", "dest": "proof.cer"}
_CERTIFICATE = {"dest": "tenant.cer"}
_IMAGE = {"id": NEW, "dest": "copy.imagepackage"}


def _after_itself(module: str, options: dict[str, Any], effect: str, title: str, **changed: object) -> Scenario:
    return Scenario(module, effect, title, {**options, **changed}, first=((module, options),))


#: Only root can give files away.
_OWNERS = (
    Scenario("ca_certificate", CREATE, "owned by somebody else", {**_CERTIFICATE, "owner": "nobody", "group": "12"}),
    _after_itself("ca_certificate", _CERTIFICATE, CHANGE, "its owner", owner="65534"),
    _after_itself("device_capability", _CAPABILITY, CHANGE, "its group", group="12"),
)
SCENARIOS = (
    *(_OWNERS if os.geteuid() == 0 else ()),
    Scenario("ca_certificate", CREATE, "the active one", _CERTIFICATE),
    Scenario("ca_certificate", CREATE, "its chain", {"content": "chain", "dest": "tenant.p7b", "mode": "0600"}),
    Scenario("ca_certificate", CREATE, "a proof of possession", _PROOF),
    Scenario("ca_certificate", CREATE, "as PEM", {"dest": "tenant.pem", "format": "pem"}),
    Scenario("ca_certificate", CREATE, "its chain as PEM", {"content": "chain", "dest": "tenant.pem", "format": "pem"}),
    Scenario("ca_certificate", CREATE, "a proof as PEM", {**_PROOF, "format": "pem"}),
    _after_itself("ca_certificate", _CERTIFICATE, CHANGE, "as PEM in place of DER", format="pem"),
    _after_itself("ca_certificate", {**_CERTIFICATE, "format": "pem"}, CHANGE, "DER in place of PEM", format="der"),
    _after_itself("ca_certificate", _PROOF, CHANGE, "a proof as PEM in place of DER", format="pem"),
    _after_itself("ca_certificate", _CERTIFICATE, CHANGE, "its symbolic mode", mode="u=rw,go="),
    Scenario("ca_certificate", CREATE, "its successor", {"dest": "next.cer", "thumbprint": SUCCESSOR}),
    _after_itself("ca_certificate", _CERTIFICATE, CHANGE, "its successor in its place", thumbprint=SUCCESSOR),
    _after_itself("ca_certificate", _CERTIFICATE, CHANGE, "the chain in its place", content="chain"),
    _after_itself("ca_certificate", _CERTIFICATE, CHANGE, "its mode", mode="0600"),
    _after_itself("ca_certificate", _PROOF, CHANGE, "a proof for another code", verification_code="00AB"),
    _after_itself("ca_certificate", _CERTIFICATE, NOTHING, "there already"),
    _after_itself("ca_certificate", _PROOF, NOTHING, "a proof that is good still"),
    Scenario("ca_certificate", REFUSED, "that is not there", {**_CERTIFICATE, "thumbprint": "00" * 20}),
    Scenario("ca_certificate", REFUSED, "in a place that is a directory", {"dest": "."}),
    Scenario("ca_certificate", REFUSED, "of an invalid mode", {**_CERTIFICATE, "mode": 644}),
    Scenario("device_capability", CREATE, "for development", _CAPABILITY),
    Scenario("device_capability", CREATE, "for nothing", {**_CAPABILITY, "capabilities": [], "mode": "0640"}),
    Scenario(
        "device_capability",
        CHANGE,
        "anew by force",
        {**_CAPABILITY, "capabilities": ["fieldServicing"], "force": True},
        first=(("device_capability", _CAPABILITY),),
        again=True,
    ),
    _after_itself("device_capability", _CAPABILITY, CHANGE, "its mode", mode="0640"),
    _after_itself("device_capability", _CAPABILITY, NOTHING, "there already"),
    Scenario("device_capability", REFUSED, "of a device that nobody claimed", {**_CAPABILITY, "id": UNCLAIMED[0]}),
    Scenario("image_download", CREATE, "not there yet", _IMAGE),
    Scenario("image_download", CHANGE, "in place of another file", {"id": NEW, "dest": "kettle-old.imagepackage"}),
    _after_itself("image_download", _IMAGE, CHANGE, "an older build in its place", id=OLD),
    _after_itself("image_download", _IMAGE, CHANGE, "its mode", mode="0600"),
    _after_itself("image_download", _IMAGE, NOTHING, "there already"),
    Scenario("image_download", REFUSED, "that is not there", {**_IMAGE, "id": FRESH}),
)

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Certificates and capability files: how they are addressed and read."""

from __future__ import annotations

import base64
import json

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import NotFound

from tests.unit.integrated.recorded import (
    DEVICE,
    ID,
    IN,
    NOWHERE,
    MakeBench,
    device,
    page,
    resource,
)


def test_certificate_is_chosen_by_thumbprint_and_addressed_by_serial_number(bench: MakeBench) -> None:
    def certificate(serial: str, thumbprint: str, status: str) -> dict[str, object]:
        encoded = base64.b64encode(thumbprint.encode()).decode()
        return resource(
            serial, f"{ID}/certificates/{serial}", thumbprint=thumbprint, status=status, certificate=encoded
        )

    made = bench(
        {
            f"GET {IN}/certificates": page(
                certificate("00AB", "AA11", "Inactive"), certificate("00CD", "BB22", "Active")
            ),
            f"POST {IN}/certificates/00AB/retrieveCertChain": {"certificateChain": "Y2hhaW4="},
            f"POST {IN}/certificates/00CD/retrieveProofOfPossessionNonce": {"certificate": "cHJvb2Y="},
        }
    )
    certificates = made.service.certificates
    assert certificates.get(None) == b"BB22"
    assert certificates.get("aa:11") == b"AA11"
    assert certificates.chain("aa11") == b"chain"
    assert certificates.proof_of_possession("code", None) == b"proof"
    assert json.loads(made.server.asked[-1].body) == {"proofOfPossessionNonce": "code"}
    with pytest.raises(NotFound, match="CA certificate cc"):
        certificates.chain("cc")


def test_capability_file_is_asked_for_where_the_device_is(bench: MakeBench) -> None:
    made = bench(
        {
            f"POST {IN}/listDevices": page(device(place="/products/.default/deviceGroups/.default")),
            f"GET {NOWHERE}/devices/{DEVICE}": device(place="/products/.default/deviceGroups/.default"),
            f"POST {NOWHERE}/devices/{DEVICE}/generateCapabilityImage": {"image": "ZmlsZQ=="},
        }
    )
    assert made.service.devices.capability_file(DEVICE, ["fieldServicing", "appDevelopment"]) == b"file"
    assert json.loads(made.server.asked[-1].body) == {"capabilities": ["ApplicationDevelopment", "FieldServicing"]}

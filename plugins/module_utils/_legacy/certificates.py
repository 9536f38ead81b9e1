# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""CA certificates of a tenant: operations Tenants_*Certificate*, Tenants_GetProofOfPossession."""

from __future__ import annotations

from collections.abc import Sequence

from .._errors import NotFound
from .._model.resources import Certificate
from . import wire
from .client import LegacyClient, segment


class LegacyCertificates:
    def __init__(self, client: LegacyClient) -> None:
        self._client = client

    def list(self) -> Sequence[Certificate]:
        """Tenants_ListCertificateMetadata."""
        doing = "listing the CA certificates of the tenant"
        found = [
            wire.certificate(body, doing) for body in self._client.entries(self._client.path("certificates"), doing)
        ]
        return sorted(found, key=lambda certificate: certificate.thumbprint.lower())

    def get(self, thumbprint: str | None) -> bytes:
        """Tenants_GetCertificate."""
        return self._certificate("cert", "fetching the CA certificate", thumbprint)

    def chain(self, thumbprint: str | None) -> bytes:
        """Tenants_GetCertificateChain."""
        return self._certificate("certchain", "fetching the chain of the CA certificate", thumbprint)

    def proof_of_possession(self, verification_code: str, thumbprint: str | None) -> bytes:
        """Tenants_GetProofOfPossession."""
        path = f"verification/{segment(verification_code)}"
        return self._certificate(path, "fetching the proof of possession of the CA certificate", thumbprint)

    def _certificate(self, below: str, doing: str, thumbprint: str | None) -> bytes:
        doing = f"{doing} {thumbprint}" if thumbprint else doing
        query = {"thumbprint": thumbprint} if thumbprint else None
        content = self._client.call("GET", self._client.path(below), doing, target=thumbprint, query=query).content
        text = content.decode("utf-8-sig", "replace").strip()
        if text in ("", "null", '""'):
            raise NotFound(
                f"While {doing}, the service returned an empty reply.",
                code="NotFound",
                target=thumbprint,
                hint="The service lists an expired certificate, but no longer returns it.",
            )
        return wire.bytes_of(text, doing)

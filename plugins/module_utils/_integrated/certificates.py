# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""CA certificates of the catalog: picked by SHA-1 thumbprint, addressed by serial number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from .._backend.values import body_of, bytes_of, encoded, member, text_of
from .._errors import NotFound
from .._model.resources import Certificate
from . import wire
from .client import IntegratedClient
from .paths import segment

_EXPIRED = "The service lists an expired certificate, but no longer returns it."
Bodies: TypeAlias = "list[Mapping[str, Any]]"
_LISTING = "listing the CA certificates of the catalog"


class IntegratedCertificates:
    def __init__(self, client: IntegratedClient) -> None:
        self._client = client

    def list(self) -> Sequence[Certificate]:
        """Certificates_ListByCatalog."""
        found = [wire.certificate(body, _LISTING) for body in self._bodies()]
        return sorted(found, key=lambda certificate: certificate.thumbprint.lower())

    def get(self, thumbprint: str | None) -> bytes:
        """Certificates_ListByCatalog, and Certificates_Get where the list leaves the certificate out."""
        body = self._chosen(thumbprint)
        content = text_of(wire.own(body, "certificate"))
        doing = _doing("fetching the CA certificate", thumbprint)
        if content is None:
            path = self._path(body)
            content = text_of(
                wire.own(body_of(self._client.read(path, doing, target=thumbprint), doing), "certificate")
            )
        return _decoded(content, doing, thumbprint)

    def chain(self, thumbprint: str | None) -> bytes:
        """Certificates_RetrieveCertChain."""
        doing = _doing("fetching the chain of the CA certificate", thumbprint)
        path = f"{self._path(self._chosen(thumbprint))}/retrieveCertChain"
        found = body_of(self._client.ask(path, doing, target=thumbprint), doing)
        return _decoded(text_of(member(found, "certificateChain")), doing, thumbprint)

    def proof_of_possession(self, verification_code: str, thumbprint: str | None) -> bytes:
        """Certificates_RetrieveProofOfPossessionNonce."""
        doing = _doing("fetching the proof of possession of the CA certificate", thumbprint)
        path = f"{self._path(self._chosen(thumbprint))}/retrieveProofOfPossessionNonce"
        body = encoded({"proofOfPossessionNonce": verification_code})
        found = body_of(self._client.ask(path, doing, body, thumbprint), doing)
        content = text_of(member(found, "certificate")) or text_of(wire.own(found, "certificate"))
        return _decoded(content, doing, thumbprint)

    def _chosen(self, thumbprint: str | None) -> Mapping[str, Any]:
        """Returns the certificate of a thumbprint, the active one by default."""
        wanted = None if thumbprint is None else _plain(thumbprint)
        for body in self._bodies():
            found = wire.certificate({**body, "properties": {**wire.properties(body), "certificate": None}}, _LISTING)
            if found.is_active if wanted is None else _plain(found.thumbprint) == wanted:
                return body
        what = "No active CA certificate" if thumbprint is None else f"CA certificate {thumbprint} not"
        raise NotFound(
            f"{what} found in the catalog.",
            code="NotFound",
            target=thumbprint,
            hint="azsphere.fleet.ca_certificate_info lists the certificates.",
        )

    def _bodies(self) -> Bodies:
        return list(self._client.entries(self._client.path("certificates"), _LISTING))

    def _path(self, body: Mapping[str, Any]) -> str:
        return self._client.path(f"certificates/{segment(wire.name_of(body))}")


def _doing(what: str, thumbprint: str | None) -> str:
    return f"{what} {thumbprint}" if thumbprint else what


def _plain(thumbprint: str) -> str:
    return "".join(thumbprint.replace(":", "").split()).casefold()


def _decoded(content: str | None, doing: str, thumbprint: str | None) -> bytes:
    if content is None:
        raise NotFound(
            f"While {doing}, the service returned no certificate.", code="NotFound", target=thumbprint, hint=_EXPIRED
        )
    return bytes_of(content, doing)

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Keeps a tenant CA certificate, its chain or a proof of possession on disk."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .._context import Context
from .._errors import InvalidInput
from .._files.port import write_file
from .._model.resources import Certificate
from .._model.values import PlannedBytes
from .._references import listed
from .._service import Service
from .._views.certificates import certificate_to_pem, certificate_values, chain_to_pem, proves
from .._views.result import Result
from .execution import Execution
from .file import DesiredFile, apply_file, plan
from .plan import Plan

PROOF = "proof_of_possession"
CHAIN = "chain"
CONTENTS = ("certificate", CHAIN, PROOF)
DER, PEM = "der", "pem"
FORMATS = (DER, PEM)
NEW_MODE = "0644"
LONGEST_CODE = 64
#: Formats by extension of the file name.
ENDINGS = {".pem": PEM, ".der": DER, ".p7b": DER, ".p7c": DER}


@dataclass(frozen=True)
class DesiredContent:
    """Which of CONTENTS, of the CA certificate with this thumbprint or of the active one, in which of FORMATS."""

    content: str
    thumbprint: str | None = None
    verification_code: str | None = None
    format: str = DER


def desired_content(
    content: str, thumbprint: str | None, verification_code: str | None, format: str | None = None
) -> DesiredContent:
    """Checks the options against each other. Raises InvalidInput.

    The code becomes the common name of a certificate, which has 64 characters at most (RFC 5280, ub-common-name).
    """
    if (content == PROOF) != (verification_code is not None):
        raise InvalidInput(
            f"Invalid verification_code: use it with content: {PROOF}, which requires it, and nowhere else."
        )
    if verification_code is not None and not 1 <= len(verification_code) <= LONGEST_CODE:
        raise InvalidInput(
            f"Invalid verification_code: use 1 to {LONGEST_CODE} characters, not {len(verification_code)}."
        )
    return DesiredContent(content, thumbprint, verification_code, format or DER)


def warn_of_ending(context: Context, dest: str, format: str | None) -> None:
    """Warns if the extension of the file does not match its format.

    An explicit `der` in a `.pem` file is accepted.
    """
    promised = ENDINGS.get(os.path.splitext(dest)[1].lower())
    if promised is not None and promised != (format or DER) and format != DER:
        context.warn(
            f"The file {dest} is written in the format {format or DER}, although its name ends like a {promised} file. "
            f"Set format: {promised}, or use another file name with format: {format or DER}."
        )


def apply_certificate(context: Context, wanted: DesiredContent, desired: DesiredFile) -> Result:
    """Fetches the content and writes it, unless the file has it.

    Each request issues a new proof of possession, so an existing one is kept while it is valid for the code.
    """
    about: dict[str, Any] = {}

    def planner(service: Service) -> Plan:
        authority = find_certificate(service, wanted.thumbprint)
        about["certificate"] = certificate_values(authority)
        read = _reader(wanted, authority.thumbprint)

        def fits() -> bool:
            there = context.files.read(desired.dest) or b""
            if wanted.verification_code is None:
                return there == read(service)
            issuer = service.certificates.get(authority.thumbprint)
            now = datetime.now(timezone.utc)
            return proves(there, wanted.verification_code, issuer, now, pem=wanted.format == PEM)

        def fetch(execution: Execution) -> None:
            write_file(execution.files, desired.dest, read(execution.service), desired.attributes)

        return plan(context.files, desired, fits, fetch)

    return apply_file(context, planner, about)


def find_certificate(service: Service, thumbprint: str | None) -> Certificate:
    """Returns the certificate with this thumbprint, however it is written, or the active one. Raises InvalidInput."""
    there = service.certificates.list()
    if thumbprint is None:
        found = next((certificate for certificate in there if certificate.is_active), None)
        problem = "The tenant has no active CA certificate."
    else:
        found = next((certificate for certificate in there if _bare(certificate.thumbprint) == _bare(thumbprint)), None)
        problem = f"The tenant has no CA certificate with the thumbprint {thumbprint}."
    if found is None:
        names = listed(certificate.thumbprint for certificate in there)
        raise InvalidInput(
            problem,
            code="unknown_certificate",
            target=thumbprint,
            hint=f"Available: {names}." if names else "It has no CA certificate.",
        )
    return found


def _reader(wanted: DesiredContent, thumbprint: str) -> Callable[[Service], bytes]:
    """Returns how the content is read, in the desired format. The service gives DER, of a certificate or of PKCS#7."""

    def read(service: Service) -> bytes:
        certificates = service.certificates
        if wanted.verification_code is not None:
            return certificates.proof_of_possession(wanted.verification_code, thumbprint)
        return certificates.chain(thumbprint) if wanted.content == CHAIN else certificates.get(thumbprint)

    def read_as_pem(service: Service) -> bytes:
        content = read(service)
        if isinstance(content, PlannedBytes):
            return content
        return chain_to_pem(content, thumbprint) if wanted.content == CHAIN else certificate_to_pem(content)

    return read_as_pem if wanted.format == PEM else read


def _bare(thumbprint: str) -> str:
    return "".join(digit for digit in thumbprint if digit.isalnum()).lower()

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Brings about a tenant CA certificate, its chain or a proof of possession on disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from .._context import Context
from .._errors import InvalidInput, MissingLibrary
from .._model.resources import Certificate
from .._resolve import listed
from .._service import Service
from .._views.certificates import certificate_values
from .._views.result import Result
from .file import DesiredFile, bring_about_file, plan
from .plan import Execution, Plan

PROOF = "proof_of_possession"
CONTENTS = ("certificate", "chain", PROOF)
LONGEST_CODE = 64


@dataclass(frozen=True)
class DesiredContent:
    """Which of CONTENTS, of the CA certificate with this thumbprint, or of the active one."""

    content: str
    thumbprint: str | None = None
    verification_code: str | None = None


def desired_content(content: str, thumbprint: str | None, verification_code: str | None) -> DesiredContent:
    """Checks the options against each other. Raises InvalidInput.

    The code becomes the common name of a certificate, which has 64 characters at most (RFC 5280, ub-common-name).
    """
    if (content == PROOF) != (verification_code is not None):
        raise InvalidInput(f"A verification_code belongs to content: {PROOF}, and to nothing else.")
    if verification_code is not None and not 1 <= len(verification_code) <= LONGEST_CODE:
        raise InvalidInput(f"A verification code has 1 to {LONGEST_CODE} characters, not {len(verification_code)}.")
    return DesiredContent(content, thumbprint, verification_code)


def bring_about_certificate(context: Context, wanted: DesiredContent, desired: DesiredFile) -> Result:
    """Fetches the content and writes it, unless it is there.

    A proof of possession is issued anew each time, so one that is there is kept while it proves what is asked.
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
            return proves(there, wanted.verification_code, issuer, datetime.now(timezone.utc))

        def fetch(execution: Execution) -> None:
            execution.files.write(desired.dest, read(execution.service), desired.mode)

        return plan(context.files, desired, fits, fetch)

    return bring_about_file(context, planner, about)


def find_certificate(service: Service, thumbprint: str | None) -> Certificate:
    """The certificate with this thumbprint, however it is written, or the active one. Raises InvalidInput."""
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
            hint=f"There are: {names}." if names else "It has no CA certificate at all.",
        )
    return found


def proves(content: bytes, verification_code: str, issuer: bytes, now: datetime) -> bool:
    """Whether the content is a proof of possession: a certificate with the code as its common name, signed by the
    issuer, and valid now. Content and issuer are DER. Raises MissingLibrary without cryptography.
    """
    try:
        from cryptography import x509
        from cryptography.exceptions import InvalidSignature
        from cryptography.x509.oid import NameOID
    except ImportError as error:
        raise MissingLibrary("cryptography", "read certificates") from error
    try:
        proof = x509.load_der_x509_certificate(content)
        proof.verify_directly_issued_by(x509.load_der_x509_certificate(issuer))
    except (ValueError, TypeError, InvalidSignature):
        return False
    names = [attribute.value for attribute in proof.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return names == [verification_code] and proof.not_valid_before_utc <= now < proof.not_valid_after_utc


def _reader(wanted: DesiredContent, thumbprint: str) -> Callable[[Service], bytes]:
    """How the wanted content is read; it is DER, of a certificate or of PKCS#7."""
    code = wanted.verification_code
    if code is not None:
        return lambda service: service.certificates.proof_of_possession(code, thumbprint)
    if wanted.content == "chain":
        return lambda service: service.certificates.chain(thumbprint)
    return lambda service: service.certificates.get(thumbprint)


def _bare(thumbprint: str) -> str:
    return "".join(digit for digit in thumbprint if digit.isalnum()).lower()

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Applications: with a client secret, with a certificate, or with a federated token (workload identity)."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import Any

from .._bounded_file import hint_of, read_at_most
from .._errors import InvalidInput
from .._inputs.encrypted import reject_encrypted
from .credential import AccessToken, issued
from .options import AuthOptions

#: Bytes of a certificate or a token on disk.
_LARGEST = 2**20


@dataclass(frozen=True)
class _Application:
    """What the three share: client credentials against the customer's own directory."""

    options: AuthOptions = field(repr=False)
    client_id: str
    directory_id: str
    #: What came from a pipe, which can be read only once.
    _piped: list[bytes] = field(default_factory=list, init=False, repr=False, compare=False)

    def _read(self, path: str, option: str) -> bytes:
        """Returns the content of a file, as it is now. Raises InvalidInput."""
        if self._piped:
            return self._piped[0]
        try:
            content = read_at_most(path, _LARGEST)
        except OSError as error:
            raise InvalidInput(
                f"The file {path} ({option}) cannot be read: {error.strerror}.",
                code="file",
                target=path,
                hint=hint_of(error),
            ) from None
        reject_encrypted(content, option, path)
        if not os.path.isfile(path):
            self._piped.append(content)
        return content

    def _identity(self, source: str, proof: str) -> list[str]:
        scope = self.options.audience.application_scope
        return [source, self.options.authority(self.directory_id), self.client_id, scope, proof]

    def _acquire(self, credential: str | dict[str, Any], claims: str | None, secret: str | None = None) -> AccessToken:
        # Usually there is a token in the cache.
        from .errors import sign_in_error
        from .libraries import msal_session

        doing = f"signing in as the application {self.client_id}"
        with msal_session(self.options, self.directory_id, doing, self.client_id) as (msal, arguments):
            application = msal.ConfidentialClientApplication(self.client_id, client_credential=credential, **arguments)
            answer = application.acquire_token_for_client(
                [self.options.audience.application_scope], claims_challenge=claims
            )
        if "access_token" not in answer:
            raise sign_in_error(doing, answer, self.client_id, [secret], self.options.audience.api)
        return issued(answer["access_token"], answer.get("expires_in"))


@dataclass(frozen=True)
class ClientSecret(_Application):
    client_secret: str = field(repr=False)

    source = "client_secret"

    def identity(self) -> list[str]:
        return self._identity(self.source, self.client_secret)

    def acquire(self, _fresh: bool, claims: str | None = None, /) -> AccessToken:
        """Fetches a token. Each request to the sign-in service makes a new one, so `fresh` changes nothing."""
        return self._acquire(self.client_secret, claims, self.client_secret)


@dataclass(frozen=True)
class ClientCertificate(_Application):
    path: str
    password: str | None = field(default=None, repr=False)

    source = "client_certificate"

    def identity(self) -> list[str]:
        # Of the content, so that another certificate under the same name never gets the old one's token, and as bytes,
        # since reading it as a certificate would load cryptography.
        content = hashlib.sha256(self._read(self.path, "client_certificate")).hexdigest()
        return [*self._identity(self.source, content), self.password or ""]

    def acquire(self, _fresh: bool, claims: str | None = None, /) -> AccessToken:
        from .certificate import client_credential

        content = self._read(self.path, "client_certificate")
        return self._acquire(client_credential(content, self.password, self.path), claims, self.password)


@dataclass(frozen=True)
class WorkloadIdentity(_Application):
    path: str

    source = "workload_identity"

    def identity(self) -> list[str]:
        # The token in the file is replaced every hour or so; whom it is about stays. Another workload with a file of
        # the same name, as of jobs that follow each other on a runner, has to show that the application trusts it.
        from .claims import claims

        said = claims(self._assertion())
        return [*self._identity(self.source, self.path), str(said.get("iss")), str(said.get("sub"))]

    def _assertion(self) -> str:
        return self._read(self.path, "federated_token_file").decode("utf-8", "replace").strip()

    def acquire(self, _fresh: bool, claims: str | None = None, /) -> AccessToken:
        assertion = self._assertion()
        if assertion.count(".") != 2 or not assertion.isascii():
            raise InvalidInput(
                f"The file {self.path} (federated_token_file) holds no token.",
                target=self.path,
                hint="Give the path where the cluster writes the service account's token.",
            )
        return self._acquire({"client_assertion": lambda: assertion}, claims, assertion)

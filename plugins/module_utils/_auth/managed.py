# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The managed identity of an Azure machine or service, in all shapes that msal knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from .._environment import Environment
from .._errors import SignInError, Unreachable
from .._http.plain import Attempt, plain_session
from .credential import AccessToken, issued
from .errors import refused, understood
from .libraries import load_msal
from .options import APPLICATION_RESOURCE, AuthOptions

#: The metadata service of a virtual machine; msal lets AKS pod identity name another.
_METADATA_SERVICE = "http://169.254.169.254"
#: Seconds: the endpoints are on the machine itself or next to it.
_TIMEOUT = 10.0


def offered(environment: Environment) -> bool:
    """Whether the platform says through its environment that there is a managed identity.

    App Service, Functions, Container Apps, Automation, Service Fabric and Arc set `IDENTITY_ENDPOINT` with a header or
    metadata endpoint, Machine Learning sets `MSI_ENDPOINT` with `MSI_SECRET`. A virtual machine says nothing, and is
    not asked: outside Azure nobody should see requests to 169.254.169.254.
    """
    return bool(
        (
            environment.get("IDENTITY_ENDPOINT")
            and (environment.get("IDENTITY_HEADER") or environment.get("IMDS_ENDPOINT"))
        )
        or (environment.get("MSI_ENDPOINT") and environment.get("MSI_SECRET"))
    )


def _endpoint(environment: Environment) -> str:
    names = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT") if offered(environment) else ("AZURE_POD_IDENTITY_AUTHORITY_HOST",)
    return next((value for value in map(environment.get, names) if value), _METADATA_SERVICE)


@dataclass(frozen=True)
class ManagedIdentity:
    """System-assigned, or the user-assigned one of `client_id`."""

    options: AuthOptions = field(repr=False)

    source = "managed_identity"

    def identity(self) -> list[str]:
        return [self.source, _endpoint(self.options.environment), self.options.client_id or "", APPLICATION_RESOURCE]

    def acquire(self, _fresh: bool, /) -> AccessToken:
        """The endpoint keeps tokens itself: `fresh` cannot make it give another one."""
        msal = load_msal()
        client_id = self.options.client_id
        which = (
            f"the user-assigned managed identity {client_id}" if client_id else "the system-assigned managed identity"
        )
        doing = f"signing in as {which}"
        chosen = (
            msal.UserAssignedManagedIdentity(client_id=client_id) if client_id else msal.SystemAssignedManagedIdentity()
        )
        timeout = min(self.options.request_timeout, _TIMEOUT)
        host = urlsplit(_endpoint(self.options.environment))
        try:
            attempt = Attempt(doing, "auth_source", client_id)
            with (
                plain_session(self.options.verify, timeout, environment=False, attempt=attempt) as session,
                understood(doing, f"{host.scheme}://{host.netloc}", client_id),
            ):
                answer = msal.ManagedIdentityClient(chosen, http_client=session).acquire_token_for_client(
                    resource=APPLICATION_RESOURCE
                )
        except Unreachable as error:
            raise SignInError(
                error.message,
                code=error.code,
                target=client_id,
                retriable=error.retriable,
                hint="Run this on an Azure machine that has the identity assigned, or choose another auth_source.",
            ) from None
        if "access_token" not in answer:
            environment = self.options.environment
            refusal = refused(
                doing, answer, client_id, [environment.get("IDENTITY_HEADER"), environment.get("MSI_SECRET")]
            )
            if not (refusal.code or "").startswith("AADSTS"):
                refusal.hint = "Check that the identity is assigned here, and client_id if it is a user-assigned one."
            raise refusal
        return issued(answer["access_token"], answer.get("expires_in"))

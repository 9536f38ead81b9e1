# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The managed identity of an Azure machine or service, in all shapes that msal knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .._environment import Environment
from .._errors import InvalidInput, SignInError, Unreachable
from .._http.checks import is_address, shown_host
from .._http.plain import Attempt, PlainSession
from .credential import AccessToken, issued
from .errors import sign_in_error, understood
from .libraries import load_msal
from .options import AuthOptions

#: The metadata service of a virtual machine; msal lets AKS pod identity name another.
_METADATA_SERVICE = "http://169.254.169.254"
#: Seconds: the endpoints are on the machine itself or next to it.
_TIMEOUT = 10.0


def offered(environment: Environment) -> bool:
    """Returns whether the platform announces a managed identity in its environment.

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


def _variable(environment: Environment) -> str | None:
    names = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT") if offered(environment) else ("AZURE_POD_IDENTITY_AUTHORITY_HOST",)
    return next((name for name in names if environment.get(name)), None)


def _endpoint(environment: Environment) -> str:
    variable = _variable(environment)
    return (environment.get(variable) if variable else None) or _METADATA_SERVICE


def _check_endpoint(environment: Environment) -> None:
    variable = _variable(environment)
    if variable and not is_address(_endpoint(environment)):
        raise InvalidInput(
            f"Invalid address in the environment variable {variable}: its scheme, host or port is not valid.",
            code="invalid_address",
            hint=f"Unset {variable}, which the platform sets, or choose another auth_source.",
        )


@dataclass(frozen=True)
class ManagedIdentity:
    """System-assigned, or the user-assigned one of `client_id`."""

    options: AuthOptions = field(repr=False)

    source = "managed_identity"

    def identity(self) -> list[str]:
        client_id, resource = self.options.client_id or "", self.options.audience.resource
        return [self.source, _endpoint(self.options.environment), client_id, resource]

    def acquire(self, _fresh: bool, claims: str | None = None, /) -> AccessToken:
        """Fetches a token. The endpoint keeps tokens itself: `fresh` cannot make it give another one."""
        _check_endpoint(self.options.environment)
        client_id = self.options.client_id
        which = f"user-assigned managed identity {client_id}" if client_id else "system-assigned managed identity"
        doing = f"signing in as the {which}"
        try:
            answer = self._ask(doing, claims)
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
            refusal = sign_in_error(
                doing,
                answer,
                client_id,
                [environment.get("IDENTITY_HEADER"), environment.get("MSI_SECRET")],
                self.options.audience.api,
            )
            if not (refusal.code or "").startswith("AADSTS"):
                refusal.hint = "Check that the identity is assigned here, and client_id if it is a user-assigned one."
            raise refusal
        return issued(answer["access_token"], answer.get("expires_in"))

    def _ask(self, doing: str, claims: str | None) -> dict[str, Any]:
        msal = load_msal()
        client_id = self.options.client_id
        chosen = (
            msal.UserAssignedManagedIdentity(client_id=client_id) if client_id else msal.SystemAssignedManagedIdentity()
        )
        with (
            PlainSession(
                Attempt(doing, _variable(self.options.environment) or "auth_source", client_id),
                verify=self.options.verify,
                timeout=min(self.options.request_timeout, _TIMEOUT),
                retry_timeout=self.options.retry_timeout,
                environment=False,
            ) as session,
            understood(doing, shown_host(_endpoint(self.options.environment)), client_id),
        ):
            client = msal.ManagedIdentityClient(chosen, http_client=session)
            answer: dict[str, Any] = client.acquire_token_for_client(
                resource=self.options.audience.resource, claims_challenge=claims
            )
            return answer

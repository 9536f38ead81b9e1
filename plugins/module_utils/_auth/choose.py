# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Which way of signing in the options describe. What is half there is an error, never a reason to try the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .._errors import InvalidInput, SignInError
from . import azure_cli, managed, user
from .application import ClientCertificate, ClientSecret, WorkloadIdentity
from .cache import TokenCache
from .credential import AccessToken, Credential
from .options import AuthOptions, check_own_client
from .tokens import Tokens


@dataclass(frozen=True)
class GivenToken:
    """A token made elsewhere."""

    secret: str = field(repr=False)

    source = "access_token"

    def identity(self) -> None:
        """Never kept: it is given to each task anyway."""

    def acquire(self, fresh: bool, /) -> AccessToken:
        if fresh:
            raise SignInError(
                "The access_token was turned away by the service.",
                code="token_rejected",
                hint="Give a new one made for Azure Sphere's API, or credentials that renew themselves.",
            )
        # Without an end: whether it has expired is for the service to say, whose clock counts.
        return AccessToken(self.secret)


def open_tokens(options: AuthOptions, warn: Callable[[str], None]) -> Tokens:
    """Returns tokens by the way of signing in that the options describe. Sends nothing yet.

    Raises InvalidInput for credentials that are only half there, SignInError when there are none.
    """
    cache = TokenCache(options.token_cache, warn, options.retry_timeout)
    return Tokens(choose(options, cache), cache)


def choose(options: AuthOptions, cache: TokenCache) -> Credential:
    """The credential that `auth_source` names, or with `auto` the first that is configured, in the documented order.

    Sends nothing. Raises InvalidInput for credentials that are only half there, SignInError when there are none.
    """
    source = options.auth_source if options.auth_source != "auto" else _first_configured(options, cache)
    if source == "access_token":
        return _given_token(options)
    if source == "managed_identity":
        return managed.ManagedIdentity(options)
    if source == "azure_cli":
        return azure_cli.AzureCli(options)
    if source == "user":
        check_own_client(options)
        return user.User(options, cache)
    return _application(source, options)


def _first_configured(options: AuthOptions, cache: TokenCache) -> str:
    if options.access_token:
        return "access_token"
    if options.client_secret:
        return "client_secret"
    if options.client_certificate:
        return "client_certificate"
    if options.client_certificate_password:
        raise _half("client_certificate_password", ["client_certificate"])
    if options.federated_token_file:
        return "workload_identity"
    if managed.offered():
        return "managed_identity"
    if azure_cli.signed_in():
        return "azure_cli"
    if user.signed_in(options, cache):
        return "user"
    raise SignInError(
        "There are no credentials to sign in to Azure Sphere with.",
        code="no_credentials",
        hint="Give client_id, directory_id and client_secret (or client_certificate), or access_token, or sign in with "
        "azsphere.fleet.login; on an Azure virtual machine set auth_source to managed_identity.",
    )


def _application(source: str, options: AuthOptions) -> Credential:
    needed = {
        "client_secret": ("client_secret", options.client_secret),
        "client_certificate": ("client_certificate", options.client_certificate),
        "workload_identity": ("federated_token_file", options.federated_token_file),
    }[source]
    wanted = [needed, ("client_id", options.client_id), ("directory_id", options.directory_id)]
    missing = [name for name, value in wanted if not value]
    if missing or not (options.client_id and options.directory_id):
        raise _half(source, missing)
    common = (options, options.client_id, options.directory_id)
    if options.client_secret and source == "client_secret":
        return ClientSecret(*common, options.client_secret)
    if options.client_certificate and source == "client_certificate":
        return ClientCertificate(*common, options.client_certificate, options.client_certificate_password)
    return WorkloadIdentity(*common, options.federated_token_file or "")


def _given_token(options: AuthOptions) -> Credential:
    token = options.access_token
    if not token:
        raise _half("access_token", ["access_token"])
    if not token.isascii() or not token.isprintable() or " " in token:
        # Checked here, for HTTP libraries repeat a bad header value in their message.
        raise InvalidInput("The access_token is not one: it holds characters that no token has.")
    return GivenToken(token)


def _half(what: str, missing: list[str]) -> InvalidInput:
    return InvalidInput(
        f"Signing in by {what} needs {' and '.join(missing)} as well.",
        code="half_configured",
        hint="Give all that belongs together, or none of it.",
    )

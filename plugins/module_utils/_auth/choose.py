# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The way of signing in that the options describe. Incomplete credentials are an error, never skipped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .._errors import InvalidInput, SignInError
from .cache import TokenCache, open_cache
from .credential import AccessToken, Credential
from .options import AuthOptions, check_own_client
from .tokens import Tokens


@dataclass(frozen=True)
class GivenToken:
    """A token made elsewhere."""

    secret: str = field(repr=False)
    #: What the token must be for.
    api: str

    source = "access_token"

    def identity(self) -> None:
        """Returns None, so that it is never cached: each task is given it anyway."""

    def acquire(self, fresh: bool, _claims: str | None = None, /) -> AccessToken:
        if fresh:
            raise SignInError(
                "Signing in failed: the service rejected the access_token.",
                code="token_rejected",
                hint=f"Give a new token for {self.api}, or credentials that can be renewed.",
            )
        # Without an expiry: the service decides by its own clock whether the token has expired.
        return AccessToken(self.secret)


def open_tokens(options: AuthOptions, warn: Callable[[str], None]) -> Tokens:
    """Returns tokens by the way of signing in that the options describe. Sends nothing yet.

    Raises InvalidInput for incomplete credentials, SignInError when there are none.
    """
    cache = open_cache(options, warn)
    return Tokens(choose(options, cache), cache)


def choose(options: AuthOptions, cache: TokenCache) -> Credential:
    """The credential that `auth_source` names, or with `auto` the first that is configured, in the documented order.

    Sends nothing. Raises InvalidInput for incomplete credentials, SignInError when there are none.
    """
    source = options.auth_source if options.auth_source != "auto" else _first_configured(options, cache)
    if source == "access_token":
        return _given_token(options)
    if source == "managed_identity":
        from . import managed

        return managed.ManagedIdentity(options)
    if source == "azure_cli":
        from . import azure_cli

        return azure_cli.AzureCli(options)
    if source == "user":
        from . import user

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
    # Each has imports of its own, which take time.
    from . import azure_cli, managed, user

    if managed.offered(options.environment):
        return "managed_identity"
    if azure_cli.signed_in(options.environment):
        return "azure_cli"
    if user.signed_in(options, cache):
        return "user"
    raise SignInError(
        "Signing in to Azure Sphere failed: no credentials are given.",
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
    from .application import ClientCertificate, ClientSecret, WorkloadIdentity

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
        raise InvalidInput(
            "Invalid access_token: it has characters that no token has.",
            hint="Give the token alone, without the word Bearer and without line breaks.",
        )
    return GivenToken(token, options.audience.name)


def _half(what: str, missing: list[str]) -> InvalidInput:
    return InvalidInput(
        f"Incomplete credentials: {what} also needs {' and '.join(missing)}.",
        code="half_configured",
        hint="Give all of them, or none.",
    )

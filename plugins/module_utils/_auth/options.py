# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The connection options that concern signing in, checked and completed with the defaults of the service."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .._environment import Environment
from .._errors import InvalidInput
from .._inputs.encrypted import reject_encrypted_file
from .._options import INTEGRATED, LEGACY, OPTIONS, completed, host_of


class Audience(NamedTuple):
    """What the tokens of an API are for.

    :ivar api: the value of the option `api`.
    :ivar name: what messages call the API.
    :ivar resource: what managed identities request a token for.
    :ivar application_scope: what applications and the Azure CLI request.
    :ivar own_client_scope: what people request through their own client application.
    :ivar people_scope: what people request through Azure Sphere's own client; None where it gets no token.
    """

    api: str
    name: str
    resource: str
    application_scope: str
    own_client_scope: str
    people_scope: str | None = None


#: Azure Sphere's own public client and the directory that people are invited into (FACTS, section 3).
PEOPLE_CLIENT = "0b1c8f7e-28d2-4378-97e2-7d7d63f7c87f"
PEOPLE_DIRECTORY = "7d71c83c-ccdf-45b7-b3c9-9c41b94406d9"
_LEGACY_RESOURCE = "https://firstparty.sphere.azure.net/api"
_RESOURCE_MANAGER = "https://management.azure.com"
AUDIENCES: Mapping[str, Audience] = {
    # Applications and managed identities use the customer's own directory (FACTS, section 3). The scope of people's own
    # client application is inferred from the permission's name.
    LEGACY: Audience(
        LEGACY,
        "the Azure Sphere Public API",
        _LEGACY_RESOURCE,
        f"{_LEGACY_RESOURCE}/.default",
        f"{_LEGACY_RESOURCE}/azuresphere.readwrite",
        "https://sphere.azure.net/api/user_impersonation",
    ),
    INTEGRATED: Audience(
        INTEGRATED,
        "Azure Resource Manager",
        _RESOURCE_MANAGER,
        f"{_RESOURCE_MANAGER}/.default",
        f"{_RESOURCE_MANAGER}/user_impersonation",
    ),
}

#: Bytes of a file of certificate authorities; all public ones take less than half a MiB.
_MOST_AUTHORITIES = 16 * 2**20
_PLAIN_HOST = re.compile(r"\Ahttps://[A-Za-z0-9._:\[\]-]+/?\Z", re.IGNORECASE)
_SEGMENT = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z")


@dataclass(frozen=True)
class AuthOptions:
    """The connection options that concern signing in; timeouts in seconds. No secret is in its repr."""

    auth_source: str
    access_token: str | None = field(repr=False)
    client_id: str | None
    client_secret: str | None = field(repr=False)
    client_certificate: str | None
    client_certificate_password: str | None = field(repr=False)
    federated_token_file: str | None
    directory_id: str | None
    authority_host: str
    token_cache: str | None
    ca_path: str | None
    validate_certs: bool
    request_timeout: float
    retry_timeout: float
    audience: Audience
    environment: Environment

    @classmethod
    def from_params(cls, params: Mapping[str, Any], environment: Environment) -> AuthOptions:
        """Returns the options that the connection options of a task give; what is missing or blank has its default.

        Raises InvalidInput for a wrong type, an unknown auth_source, an authority_host that is not an https address,
        an invalid ID, content in place of a path, or certificate authorities that do not exist.
        """
        given = completed(params, environment)
        for name in ("client_id", "directory_id"):
            # The value is not repeated: someone may have put a secret into the wrong option.
            if given[name] is not None and not _SEGMENT.match(given[name]):
                raise InvalidInput(
                    f"Invalid {name}: not an ID.", hint="Use the GUID that the Microsoft Entra admin center shows."
                )
        if given["ca_path"] is not None:
            if not os.path.exists(given["ca_path"]):
                raise InvalidInput(
                    f"Invalid ca_path {given['ca_path']}: there is no such file or directory.",
                    hint="Use a PEM file or a directory of certificate authorities.",
                )
            reject_encrypted_file(given["ca_path"], "ca_path", _MOST_AUTHORITIES)
        given["authority_host"] = _authority_host(given["authority_host"])
        names = [each.name for each in fields(cls) if each.name not in ("audience", "environment")]
        audience = AUDIENCES[given["api"]]
        return cls(**{name: given[name] for name in names}, audience=audience, environment=environment)

    @property
    def verify(self) -> bool | str:
        """What a requests session takes as `verify`."""
        return (self.ca_path or True) if self.validate_certs else False

    @property
    def people_client(self) -> str:
        return self.client_id or PEOPLE_CLIENT

    @property
    def people_directory(self) -> str:
        return self.directory_id or PEOPLE_DIRECTORY

    @property
    def people_scope(self) -> str:
        shared = self.audience.people_scope if self.people_client == PEOPLE_CLIENT else None
        return shared or self.audience.own_client_scope

    @property
    def admits_people(self) -> bool:
        """Whether people get a token of this API through the client application in use."""
        return self.people_client != PEOPLE_CLIENT or self.audience.people_scope is not None

    def authority(self, directory: str) -> str:
        """Returns the address that msal calls authority."""
        return f"{self.authority_host}/{directory}"


def check_own_client(options: AuthOptions) -> None:
    """Raises InvalidInput for your own client application without its directory, or where it takes one and has none."""
    if not options.admits_people:
        raise InvalidInput(
            f"Incomplete credentials: signing in as a person to {options.audience.name} needs client_id and "
            "directory_id, since Azure Sphere's own client application gets no token for it.",
            code="half_configured",
            hint="Give the client_id of your own client application and its directory_id, or run az login and use "
            "auth_source azure_cli.",
        )
    if options.people_client != PEOPLE_CLIENT and not options.directory_id:
        raise InvalidInput(
            "Incomplete credentials: signing in as a person through your own client application needs directory_id.",
            hint="Set directory_id to the directory where the application is registered, or leave client_id out.",
        )


def _authority_host(value: str) -> str:
    """Azure's SDKs accept the host with and without scheme. Plain http is refused: secrets are sent there."""
    address = value if "://" in value else f"https://{value}"
    if not _PLAIN_HOST.match(address) or not _is_address(address):
        raise InvalidInput(
            f"Invalid authority_host ({host_of(address)}): not the https address of a sign-in service.",
            hint=f"Use https and a host, such as {OPTIONS['authority_host'].default}.",
        )
    return address.rstrip("/").lower()


def _is_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # A port that is none, or half an address in brackets.
        return False

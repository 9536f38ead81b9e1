# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What the user says about signing in, checked and completed with the defaults of the service."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .._deadline import seconds
from .._errors import InvalidInput
from .._inputs.encrypted import refuse_encrypted_file

AUTH_SOURCES = (
    "access_token",
    "client_secret",
    "client_certificate",
    "workload_identity",
    "managed_identity",
    "azure_cli",
    "user",
)
#: The options that are secrets themselves; the others name files.
SECRET_OPTIONS = ("access_token", "client_secret", "client_certificate_password")
_SECRET_FILES = ("client_certificate", "federated_token_file")
#: A key or certificate as text, or a token.
_CONTENT = re.compile(r"-----BEGIN |[\r\n]|^\s*eyJ[\w-]+\.[\w-]+\.")
DEFAULT_AUTHORITY_HOST = "https://login.microsoftonline.com"
#: Azure Sphere's own public client and the directory that people are invited into (FACTS, section 3).
PEOPLE_CLIENT = "0b1c8f7e-28d2-4378-97e2-7d7d63f7c87f"
PEOPLE_DIRECTORY = "7d71c83c-ccdf-45b7-b3c9-9c41b94406d9"
PEOPLE_SCOPE = "https://sphere.azure.net/api/user_impersonation"
#: What applications and managed identities ask for, in the customer's own directory (FACTS, section 3).
APPLICATION_RESOURCE = "https://firstparty.sphere.azure.net/api"
APPLICATION_SCOPE = f"{APPLICATION_RESOURCE}/.default"
#: For people of the customer's own directory through an own client application. Inferred from the permission's name.
OWN_CLIENT_SCOPE = f"{APPLICATION_RESOURCE}/azuresphere.readwrite"

_PLAIN_HOST = re.compile(r"\Ahttps://[A-Za-z0-9._:\[\]-]+/?\Z", re.IGNORECASE)
_SEGMENT = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z")


@dataclass(frozen=True)
class AuthOptions:
    """The connection options that concern signing in; timeouts in seconds. No secret shows in its repr."""

    auth_source: str = "auto"
    access_token: str | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    client_certificate: str | None = None
    client_certificate_password: str | None = field(default=None, repr=False)
    federated_token_file: str | None = None
    directory_id: str | None = None
    authority_host: str = DEFAULT_AUTHORITY_HOST
    token_cache: str | None = None
    ca_path: str | None = None
    validate_certs: bool = True
    request_timeout: float = 30.0
    retry_timeout: float = 120.0

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> AuthOptions:
        """From options as Ansible gives them: what is missing, None or empty has its default.

        Raises InvalidInput for an unknown source, an authority that is no https address, an ID that cannot be one, or a
        file of certificate authorities that is not there.
        """

        def text(name: str) -> str | None:
            value = params.get(name)
            return str(value).strip() or None if value is not None else None

        source = text("auth_source") or "auto"
        if source != "auto" and source not in AUTH_SOURCES:
            raise InvalidInput(
                f"The auth_source {source} is not known.", hint=f"Use auto or one of {', '.join(AUTH_SOURCES)}."
            )
        for name in ("client_id", "directory_id"):
            value = text(name)
            # The value is not repeated: someone may have put a secret into the wrong option.
            if value is not None and not _SEGMENT.match(value):
                raise InvalidInput(
                    f"The option {name} is no valid ID.", hint="Give the GUID that the Entra portal shows."
                )
        ca_path = text("ca_path")
        if ca_path is not None:
            ca_path = os.path.expanduser(ca_path)
            if not os.path.exists(ca_path):
                raise InvalidInput(f"The file of certificate authorities {ca_path} (ca_path) does not exist.")
            refuse_encrypted_file(ca_path, "ca_path")
        validate = params.get("validate_certs")
        return cls(
            auth_source=source,
            access_token=text("access_token"),
            client_id=text("client_id"),
            client_secret=text("client_secret"),
            client_certificate=_path("client_certificate", text("client_certificate")),
            client_certificate_password=params.get("client_certificate_password") or None,
            federated_token_file=_path("federated_token_file", text("federated_token_file")),
            directory_id=text("directory_id"),
            authority_host=_authority_host(text("authority_host")),
            token_cache=text("token_cache"),
            ca_path=ca_path,
            validate_certs=True if validate is None else bool(validate),
            request_timeout=seconds(params, "request_timeout", cls.request_timeout),
            retry_timeout=seconds(params, "retry_timeout", cls.retry_timeout, least=0.0),
        )

    @property
    def verify(self) -> bool | str:
        """What a requests session wants to know about TLS."""
        return (self.ca_path or True) if self.validate_certs else False

    @property
    def people_client(self) -> str:
        return self.client_id or PEOPLE_CLIENT

    @property
    def people_directory(self) -> str:
        return self.directory_id or PEOPLE_DIRECTORY

    @property
    def people_scope(self) -> str:
        return PEOPLE_SCOPE if self.people_client == PEOPLE_CLIENT else OWN_CLIENT_SCOPE

    def authority(self, directory: str) -> str:
        """The address that msal calls authority."""
        return f"{self.authority_host}/{directory}"


def check_own_client(options: AuthOptions) -> None:
    """Raises InvalidInput for a client application of one's own without the directory that it is registered in."""
    if options.people_client != PEOPLE_CLIENT and not options.directory_id:
        raise InvalidInput(
            "Signing in as a person through a client application of your own needs directory_id as well.",
            hint="Give the directory where the application is registered, or leave client_id out.",
        )


def pasted_secrets(params: Mapping[str, Any]) -> list[str]:
    """Values of options for paths that hold what belongs into the file: Ansible does not know them as secrets."""
    return [str(params[name]) for name in _SECRET_FILES if params.get(name) and _CONTENT.search(str(params[name]))]


def _path(name: str, value: str | None) -> str | None:
    if value is None:
        return None
    if _CONTENT.search(value):
        raise InvalidInput(
            f"The option {name} is the path of a file, and not what is in it.",
            hint="Write it to a file that is yours alone (mode 0600), and give the path.",
        )
    return os.path.expanduser(value)


def _authority_host(value: str | None) -> str:
    """Azure's SDKs take the host with and without scheme; so do we. Never plain http: secrets travel there."""
    if value is None:
        return DEFAULT_AUTHORITY_HOST
    address = value if "://" in value else f"https://{value}"
    if not _PLAIN_HOST.match(address) or not _is_address(address):
        # What stands before an @ may be a password, and is not repeated.
        shown = value.rpartition("@")[2]
        raise InvalidInput(
            f"The authority_host {shown} is not the address of a sign-in service.",
            hint=f"Give https and a host, such as {DEFAULT_AUTHORITY_HOST}.",
        )
    return address.rstrip("/").lower()


def _is_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:  # A port that is none, or half an address in brackets.
        return False

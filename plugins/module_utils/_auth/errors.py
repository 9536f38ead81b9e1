# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Errors of the sign-in service, each with what went wrong and what to do about it.

The codes and their meaning are those of Microsoft's list of Entra error codes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .._errors import FleetError, SignInError, Unreachable
from .._http.bounded import LARGEST_ERROR
from .._http.errors import scrub
from .._options import INTEGRATED, LEGACY

_CODE = re.compile(r"AADSTS([0-9]{1,9})")
_TRACE = re.compile(r"Trace ID: ([0-9a-fA-F-]{36})")

_ADD_APPLICATION = (
    "Have a global administrator add the application 7c209960-a417-423c-b2e3-9251907e63fe (Azure Sphere Public API) "
    "to the directory, once."
)
_SIGN_IN_AGAIN = "Sign in again with azsphere.fleet.login (state: started, then state: present)."

#: Code of the sign-in service -> what is wrong, what to do now.
_KNOWN: Mapping[str, tuple[str, str]] = {
    "7000215": (
        "the client secret is wrong",
        "Check client_secret: it is the secret's value, not its ID, and belongs to client_id.",
    ),
    "7000222": (
        "the client secret has expired",
        "Make a new one for the application in Entra and give it as client_secret.",
    ),
    "700016": (
        "the directory knows no such application",
        "Check client_id, and that directory_id is the directory where the application is registered.",
    ),
    "7000112": ("the application is disabled", "Have an administrator of the directory enable it."),
    "50034": ("the directory knows no such account", "Check the account, or have it invited to the directory."),
    "90002": ("there is no such directory", "Check directory_id (and authority_host, for national clouds)."),
    "50105": (
        "the account has not been assigned to the application",
        "Have an administrator of the directory assign it.",
    ),
    "700027": (
        "the certificate is not one that the application has, or has expired",
        "Upload the certificate (without its key) to the application in Entra, or give the one that is there.",
    ),
    "700024": ("the signed assertion is outside its time of validity", "Set this machine's clock right."),
    "700021": ("the assertion was made for another application", "Check client_id and federated_token_file."),
    "70021": (
        "no federated credential of the application fits the token in federated_token_file",
        "Compare issuer, subject and audience of the application's federated credential with those of the cluster.",
    ),
    "700211": ("no federated credential of the application has the token's issuer", "Correct the issuer in Entra."),
    "700212": ("no federated credential of the application has the token's audience", "Correct the audience in Entra."),
    "700213": ("no federated credential of the application has the token's subject", "Correct the subject in Entra."),
    "700082": ("the sign-in has expired after a long time without use", _SIGN_IN_AGAIN),
    "50173": ("the sign-in was revoked", _SIGN_IN_AGAIN),
    "70043": ("the sign-in has expired", _SIGN_IN_AGAIN),
    "70008": ("the sign-in has expired or was revoked", _SIGN_IN_AGAIN),
    "50076": ("the directory now asks for a second factor", _SIGN_IN_AGAIN),
    "53003": ("a Conditional Access policy of the directory blocks this sign-in", "Ask the directory's administrator."),
    "70018": (
        "the pending sign-in is no longer known",
        "Start again with azsphere.fleet.login and state: started.",
    ),
    "70019": ("the code was not entered in time", "Start again with azsphere.fleet.login and state: started."),
}
#: The same for codes whose meaning depends on the API that the token is for.
_OF_API: Mapping[str, Mapping[str, tuple[str, str]]] = {
    LEGACY: {
        "65001": (
            "nobody has consented to this application using Azure Sphere",
            "Have an administrator of the directory grant it the permission azuresphere.readwrite with admin consent.",
        ),
        "50020": (
            "this account was never invited to Azure Sphere",
            "Have an Administrator of the Azure Sphere tenant give it a role (azsphere.fleet.user_role).",
        ),
        "500011": (
            "the directory does not know Azure Sphere's API (https://firstparty.sphere.azure.net/api)",
            _ADD_APPLICATION,
        ),
        "650052": ("the directory has not subscribed to Azure Sphere's API", _ADD_APPLICATION),
        "7000218": (
            "the application does not allow people to sign in without a secret",
            "Turn on 'Allow public client flows' for it in Entra, or leave client_id out to use Azure Sphere's own.",
        ),
    },
    INTEGRATED: {
        "65001": (
            "nobody has consented to this application using Azure Resource Manager",
            "Have an administrator of the directory grant it the delegated permission user_impersonation of Azure "
            "Service Management, or use auth_source azure_cli.",
        ),
        "50020": (
            "this account does not belong to the directory",
            "Check directory_id, or have the account invited to the directory as a guest.",
        ),
        "500011": ("the directory does not know Azure Resource Manager", "Check directory_id and authority_host."),
        "7000218": (
            "the application does not allow people to sign in without a secret",
            "Turn on 'Allow public client flows' for it in Entra, or use auth_source azure_cli.",
        ),
    },
}
#: OAuth error -> the same, for replies without a known code.
_KINDS: Mapping[str, tuple[str, str]] = {
    "authorization_declined": ("the person declined", "Start again with azsphere.fleet.login and state: started."),
    "expired_token": _KNOWN["70019"],
    "code_expired": _KNOWN["70019"],
    "bad_verification_code": _KNOWN["70018"],
    "invalid_client": ("the credentials are wrong", "Check client_id, directory_id and the credential."),
}


def sign_in_error(
    doing: str,
    answer: Mapping[str, Any],
    target: str | None = None,
    secrets: Iterable[str | None] = (),
    api: str = LEGACY,
) -> SignInError:
    """Returns the error for a reply of the sign-in service that holds no token.

    `doing` says what was tried ("signing in as ..."); `answer` has `error` and `error_description`; `api` is the API
    that the token was for, as in the option.
    The service's own words are shown for codes that are not known here, without anything out of `secrets`.
    """
    secrets = list(secrets)
    kind = scrub(str(answer.get("error") or "unknown"), secrets)[:100]
    said = str(answer.get("error_description") or "")
    found = _CODE.search(said)
    listed = answer.get("error_codes")
    numbers = listed if isinstance(listed, list) else []
    first = next((number for number in numbers if isinstance(number, int) and 1 < number < 10**9), None)
    code = found.group(1) if found else str(first) if first else None
    trace = _TRACE.search(said)
    known = _OF_API[api].get(code or "") or _KNOWN.get(code or "") or (None if code else _KINDS.get(kind))
    label = f"AADSTS{code}" if code else kind
    if known:
        problem, hint = known
    else:
        problem = _own_words(said, secrets) or "the sign-in service gave no reason"
        hint = "Check the sign-in options."
    return SignInError(
        f"{_sentence(doing)} failed: {problem} ({label}).",
        code=label,
        target=target,
        request_id=scrub(str(answer.get("trace_id") or ""), secrets)[:100] or (trace.group(1) if trace else None),
        hint=hint,
    )


def _own_words(said: str, secrets: Iterable[str | None]) -> str:
    """Returns the service's first sentence, without code, trace and secrets."""
    # Secrets go before anything is cut off, which could leave a part of one.
    for secret in secrets:
        said = said.replace(secret, "***") if secret else said
    first = said.strip()[:LARGEST_ERROR].partition("\n")[0].partition("Trace ID:")[0]
    return scrub(re.sub(r"^AADSTS\d+:\s*", "", first))[:300].rstrip(" .")


@contextmanager
def understood(doing: str, host: str, target: str | None = None) -> Iterator[None]:
    """Turns what msal raises over a reply into one sentence: for an unknown directory, and for nonsense."""
    try:
        yield
    except FleetError:
        raise
    except (ArithmeticError, ValueError, LookupError, TypeError, AttributeError, RuntimeError) as error:
        seen: BaseException | None = error
        while seen is not None:
            found = _CODE.search(str(seen))
            if found:
                said = f"AADSTS{found.group(1)}: "
                raise sign_in_error(doing, {"error": "invalid_tenant", "error_description": said}, target) from None
            seen = seen.__context__
        raise Unreachable(
            f"{_sentence(doing)} failed: the reply of {host} is not that of a sign-in service.",
            code="unusable_answer",
            target=target,
            hint="Check authority_host and directory_id.",
        ) from None


def _sentence(doing: str) -> str:
    return doing[:1].upper() + doing[1:]

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Whoever is signed in to the Azure CLI."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import Any

from .._bounded_file import open_regular
from .._digits import whole_number
from .._environment import Environment
from .._errors import SignInError
from .._http.errors import scrub
from .claims import expiry
from .credential import AccessToken, issued
from .errors import sign_in_error
from .options import AuthOptions

#: Seconds: az takes a few to start, and then asks the sign-in service.
_TIMEOUT = 60
#: Bytes of the file of who is signed in that are read; a longer one counts as damaged.
_LARGEST = 16 * 2**20
_DOING = "Getting a token from the Azure CLI"
_SIGN_IN = "Sign in with az login, or choose another auth_source."


def _profile(environment: Environment) -> bytes | None:
    """Azure CLI's file of who is signed in; None when it is missing or nobody is."""
    folder = environment.get("AZURE_CONFIG_DIR") or os.path.join(environment.expand("~"), ".azure")
    try:
        with open_regular(os.path.join(folder, "azureProfile.json")) as file:
            content = file.read(_LARGEST)
        accounts = json.loads(content.decode("utf-8-sig")).get("subscriptions")
    except (OSError, ValueError, AttributeError):
        return None
    return content if accounts else None


def signed_in(environment: Environment) -> bool:
    """Whether there is an Azure CLI with somebody signed in, as far as its files tell."""
    return _program(environment) is not None and _profile(environment) is not None


def _program(environment: Environment) -> str | None:
    """The path of az; None when it is not on the PATH."""
    return shutil.which("az", path=environment.variables.get("PATH", os.defpath))


@dataclass(frozen=True)
class AzureCli:
    options: AuthOptions = field(repr=False)

    source = "azure_cli"

    def identity(self) -> list[str] | None:
        """The profile is part of it: after another `az login` nobody gets the former account's token."""
        profile = _profile(self.options.environment)
        if profile is None:
            return None
        directory, scope = self.options.directory_id or "", self.options.audience.application_scope
        return [self.source, hashlib.sha256(profile).hexdigest(), directory, scope]

    def acquire(self, _fresh: bool, claims: str | None = None, /) -> AccessToken:
        """The Azure CLI keeps tokens itself: `fresh` cannot make it give another one."""
        if claims:
            raise SignInError(
                f"{_DOING} failed: the service asks for a new sign-in (claims challenge).",
                code="claims_challenge",
                hint="Run az logout and az login, or choose another auth_source.",
            )
        program = _program(self.options.environment)
        if program is None:
            raise SignInError(
                f"{_DOING} failed: there is no program az on the PATH.",
                code="azure_cli_missing",
                hint="Install the Azure CLI where the task runs, or choose another auth_source.",
            )
        answer = self._run(program)
        token = answer.get("accessToken")
        if not isinstance(token, str) or not token:
            raise _unusable()
        end = answer.get("expires_on")
        stated = whole_number(str(end))
        return issued(token, expires_on=expiry(token) if stated is None else stated)

    def _run(self, program: str) -> dict[str, Any]:
        scope = self.options.audience.application_scope
        command = [program, "account", "get-access-token", "--scope", scope, "--output", "json"]
        if self.options.directory_id:
            command += ["--tenant", self.options.directory_id]
        try:
            # Lookups sign in here too, and have no module whose run_command could be called.
            # pylint: disable-next=ansible-bad-function
            done = subprocess.run(
                command,
                env=dict(self.options.environment.variables),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise SignInError(
                f"{_DOING} failed: az did not end within {_TIMEOUT} seconds.", code="azure_cli_timeout", retriable=True
            ) from None
        except OSError as error:
            raise SignInError(
                f"{_DOING} failed: az cannot be run ({error.strerror}).", code="azure_cli_missing"
            ) from None
        if done.returncode != 0:
            raise _failed(done.stderr.decode("utf-8", "replace"), self.options.audience.api)
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            raise _unusable() from None
        return answer if isinstance(answer, dict) else {}


def _failed(said: str, api: str) -> SignInError:
    if "AADSTS" in said:
        answer = {"error": "refused", "error_description": said[said.index("AADSTS") :]}
        return sign_in_error(_DOING, answer, api=api)
    if "unrecognized arguments" in said:
        return SignInError(
            f"{_DOING} failed: it is too old to be asked for a scope.",
            code="azure_cli_old",
            hint="Bring the Azure CLI up to date.",
        )
    if "az login" in said:
        return SignInError(f"{_DOING} failed: nobody is signed in to it.", code="azure_cli_signed_out", hint=_SIGN_IN)
    # Warnings may stand before the error.
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    line = next((line for line in lines if line.startswith("ERROR:")), lines[0] if lines else "")
    words = re.sub(r"^ERROR:\s*", "", scrub(line))[:300].rstrip(" .")
    return SignInError(f"{_DOING} failed: {words or 'it gave no reason'}.", code="azure_cli", hint=_SIGN_IN)


def _unusable() -> SignInError:
    return SignInError(
        f"{_DOING} failed: its answer holds no token.", code="azure_cli", hint="Bring the Azure CLI up to date."
    )

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The connection options and their types. Where a value comes from is decided in `_precedence`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from ._environment import Environment
from ._errors import InvalidInput

AUTH_SOURCES = (
    "access_token",
    "client_secret",
    "client_certificate",
    "workload_identity",
    "managed_identity",
    "azure_cli",
    "user",
)
#: The APIs of the service, with their addresses. The first is the default.
API_URLS: Mapping[str, str] = {
    "legacy": "https://prod.core.sphere.azure.net",
    "integrated": "https://management.azure.com",
}
LEGACY, INTEGRATED = API_URLS
#: Options of modules that name files to write.
WRITTEN_FILES = ("dest", "plan_file", "journal", "record")
#: The options that say what to work on, by API.
PLACES: Mapping[str, tuple[str, ...]] = {
    LEGACY: ("tenant",),
    INTEGRATED: ("subscription_id", "resource_group", "catalog"),
}
#: The documented rules of Resource Manager; the service may refuse more.
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)
_RESOURCE_GROUP = re.compile(r"[\w().-]{0,89}[\w()-]")
_CATALOG = re.compile(r"[\w-]{1,50}", re.ASCII)
#: Seconds: about eleven days. Operating systems refuse longer timeouts.
LONGEST = 1_000_000
#: A key or certificate as text, or a token.
_CONTENT = re.compile(r"-----BEGIN |[\r\n]|^\s*eyJ[\w-]+\.[\w-]+\.")
TRUE_WORDS = ("y", "yes", "on", "1", "true", "t", "1.0")
FALSE_WORDS = ("n", "no", "off", "0", "false", "f", "0.0")


class Found(NamedTuple):
    """A value as it was given, and the name to call it by in messages: an option or an environment variable."""

    value: Any
    name: str


Check = Callable[[Found, Environment], Any]


def text(found: Found, _environment: Environment) -> str:
    """Returns the text without blanks around it. Raises InvalidInput for a number, a boolean or a collection."""
    return _text(found).strip()


def secret(found: Found, _environment: Environment) -> str:
    """Returns the text without blanks around it. Errors never show the value."""
    return _text(found, shown=False).strip()


def password(found: Found, _environment: Environment) -> str:
    """Returns the text exactly as given. Errors never show the value."""
    return _text(found, shown=False)


def path(found: Found, environment: Environment) -> str:
    """Returns the whole path, with home directory and variables filled in."""
    given = environment.expand(_text(found, shown=False).strip())
    return given if given.startswith("~") else environment.absolute(given)


def path_not_content(found: Found, environment: Environment) -> str:
    """Returns the whole path of a file. Raises InvalidInput for the content of a file, which may hold a secret."""
    if _CONTENT.search(_text(found, shown=False).strip()):
        raise InvalidInput(
            f"Invalid {found.name}: it must be the path of a file, not its content.",
            hint="Write the content to a file that only you can read (mode 0600), and give its path.",
        )
    return path(found, environment)


def cache(found: Found, environment: Environment) -> str:
    """Returns the path of a directory, or `none`."""
    return "none" if _text(found).strip().lower() == "none" else path_not_content(found, environment)


def source(found: Found, _environment: Environment) -> str:
    """Returns `auto` or one of AUTH_SOURCES."""
    given = _text(found).strip().lower()
    if given == "auto" or given in AUTH_SOURCES:
        return given
    raise InvalidInput(
        f'Invalid {found.name} "{given}": there is no such way of signing in.',
        hint=f"Use auto or one of {', '.join(AUTH_SOURCES)}.",
    )


def api(found: Found, _environment: Environment) -> str:
    """Returns one of the names in API_URLS."""
    given = _text(found).strip().lower()
    if given in API_URLS:
        return given
    raise InvalidInput(f'Invalid {found.name} "{given}": there is no such API.', hint=f"Use {' or '.join(API_URLS)}.")


def matching(pattern: re.Pattern[str], words: str) -> Check:
    """Returns the check of a text that matches a pattern; `words` say what to use."""

    def check(found: Found, environment: Environment) -> str:
        given = text(found, environment)
        if pattern.fullmatch(given):
            return given
        raise InvalidInput(f'Invalid {found.name} "{given[:100]}": not a valid name.', hint=words)

    return check


def flag(found: Found, _environment: Environment) -> bool:
    """Returns the boolean that one of Ansible's words for it means."""
    word = str(found.value).strip().lower()
    if isinstance(found.value, (bool, int, float, str)) and word in TRUE_WORDS + FALSE_WORDS:
        return word in TRUE_WORDS
    raise InvalidInput(f'Invalid {found.name} "{found.value}": neither true nor false.', hint="Use true or false.")


def seconds(least: float) -> Check:
    """Returns the check of a number of seconds from `least` to LONGEST."""

    def check(found: Found, _environment: Environment) -> float:
        try:
            given = math.nan if isinstance(found.value, bool) else float(found.value)
        except (TypeError, ValueError, OverflowError):
            given = math.nan
        if least <= given <= LONGEST:
            return given
        allowed = "0" if least == 0 else "more than 0"
        raise InvalidInput(
            f'Invalid {found.name} "{found.value}": not a number of seconds from {allowed} to {LONGEST}.',
            hint="Use a number such as 30.",
        )

    return check


def _text(found: Found, shown: bool = True) -> str:
    value = found.value
    if isinstance(value, str):
        return value
    kinds = ((bool, "a boolean"), ((int, float), "a number"), (Mapping, "a mapping"), ((list, tuple), "a list"))
    kind = next((kind for types, kind in kinds if isinstance(value, types)), f"a {type(value).__name__}")
    plain = isinstance(value, (int, float))
    quoted = f" {str(value).lower()}" if plain and shown else ""
    hint = 'Put it in quotes, or use "| string" in a template.' if plain else "Give text."
    raise InvalidInput(f"Invalid {found.name}{quoted}: {kind} is not text.", hint=hint)


class Option(NamedTuple):
    """A connection option: how its value is checked, the variables it may come from in order, and its default.

    `file` marks the path of a file that counts as not given when it is empty and comes from the environment. `kind` is
    the type in the documentation of modules.
    """

    check: Check
    variables: tuple[str, ...]
    default: Any = None
    file: bool = False
    kind: str = "str"


OPTIONS: Mapping[str, Option] = {
    "tenant": Option(text, ("AZSPHERE_TENANT",)),
    "api": Option(api, ("AZSPHERE_API",), LEGACY),
    "subscription_id": Option(
        matching(_GUID, "Use the GUID of the Azure subscription, which az account show has as id."),
        ("AZURE_SUBSCRIPTION_ID",),
    ),
    "resource_group": Option(
        matching(_RESOURCE_GROUP, "Use 1 to 90 letters, digits, underscores, hyphens, dots and parentheses."),
        ("AZURE_RESOURCE_GROUP",),
    ),
    "catalog": Option(
        matching(_CATALOG, "Use 1 to 50 letters, digits, underscores and hyphens."), ("AZSPHERE_CATALOG",)
    ),
    "api_url": Option(text, ("AZSPHERE_API_URL",), API_URLS[LEGACY]),
    "ca_path": Option(path_not_content, ("REQUESTS_CA_BUNDLE",), file=True, kind="path"),
    "validate_certs": Option(flag, ("AZSPHERE_VALIDATE_CERTS",), True, kind="bool"),
    "request_timeout": Option(seconds(0.001), ("AZSPHERE_REQUEST_TIMEOUT",), 30.0, kind="float"),
    "retry_timeout": Option(seconds(0), ("AZSPHERE_RETRY_TIMEOUT",), 120.0, kind="float"),
    "auth_source": Option(source, ("AZSPHERE_AUTH_SOURCE",), "auto"),
    "access_token": Option(secret, ("AZSPHERE_ACCESS_TOKEN",)),
    "client_id": Option(secret, ("AZURE_CLIENT_ID",)),
    "client_secret": Option(secret, ("AZURE_CLIENT_SECRET", "AZURE_SECRET")),
    "client_certificate": Option(path_not_content, ("AZURE_CLIENT_CERTIFICATE_PATH",), file=True, kind="path"),
    "client_certificate_password": Option(password, ("AZURE_CLIENT_CERTIFICATE_PASSWORD",)),
    "federated_token_file": Option(path_not_content, ("AZURE_FEDERATED_TOKEN_FILE",), file=True, kind="path"),
    "directory_id": Option(secret, ("AZURE_TENANT_ID", "AZURE_TENANT")),
    "authority_host": Option(text, ("AZURE_AUTHORITY_HOST",), "https://login.microsoftonline.com"),
    "token_cache": Option(cache, ("AZSPHERE_TOKEN_CACHE",), kind="path"),
}
#: The options that are secrets themselves; the others may be paths of files that hold one.
SECRET_OPTIONS = ("access_token", "client_secret", "client_certificate_password")
_ADDRESSES = ("api_url", "authority_host")


def blank(value: Any) -> bool:
    """Returns whether a value counts as not given: null, or text without any character but blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


def typed(values: Mapping[str, Found], environment: Environment) -> dict[str, Any]:
    """Returns every connection option with its type: the value found, or the default (often None).

    Raises InvalidInput for a value that does not fit its option; the message names the option or variable.
    """
    found = {
        name: option.check(values[name], environment) if name in values else option.default
        for name, option in OPTIONS.items()
    }
    return found if "api_url" in values else {**found, "api_url": API_URLS[found["api"]]}


def completed(options: Mapping[str, Any], environment: Environment) -> dict[str, Any]:
    """Returns every connection option with its type, from options alone. Raises InvalidInput as `typed` does."""
    given = {name: Found(options[name], name) for name in OPTIONS if not blank(options.get(name))}
    return typed(given, environment)


def secrets_in(options: Mapping[str, Any]) -> list[str]:
    """Returns the values to mask in all output: secret options, the password in an address, and the content of a file
    in place of its path."""
    found = [str(options[name]) for name in SECRET_OPTIONS if not blank(options.get(name))]
    pasted = [str(options[name]) for name, option in OPTIONS.items() if option.kind == "path" and options.get(name)]
    found += [each for each in pasted if _CONTENT.search(each.strip())]
    for name in _ADDRESSES:
        before, at, _host = str(options.get(name) or "").rpartition("@")
        if at:
            user = before.rpartition("//")[2]
            hidden = user.partition(":")[2] or user
            found += [hidden, unquote(hidden)]
    return [each for each in [*found, *(each.strip() for each in found)] if each]


def host_of(address: str) -> str:
    """Returns an address as messages may show it: without user, password, path and query."""
    try:
        given = address if "//" in address else f"//{address}"
        return urlsplit(given).netloc.rpartition("@")[2] or "the value given"
    except ValueError:
        return "the value given"


def joined(names: Sequence[str]) -> str:
    """Returns names as a sentence has them: `a`, `a and b`, or `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

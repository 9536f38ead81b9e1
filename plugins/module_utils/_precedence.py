# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""One rule for where a connection option comes from, for modules, plugins and roles alike.

Layers come in order of precedence: the task, the environment, then the configuration file of plugins. The first layer
with a value that is not blank decides, save for credentials, which are taken as a set: see `_admitted`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._environment import Environment
from ._errors import FleetError, InvalidInput
from ._options import API_URLS, INTEGRATED, LEGACY, OPTIONS, PLACES, Found, blank, host_of, joined, typed

Layer = Mapping[str, Found]
#: Each of them alone says how to sign in.
_CREDENTIALS = (
    "access_token",
    "client_secret",
    "client_certificate",
    "client_certificate_password",
    "federated_token_file",
)
_IDS = ("client_id", "directory_id")
#: They belong to one application. A federated token is that of a workload, which may act for several.
_OF_APPLICATION = ("client_secret", "client_certificate", "client_certificate_password")


@dataclass(frozen=True)
class Resolved:
    """The connection options with their types, what to warn of, and the names of credentials that were set aside."""

    params: Mapping[str, Any] = field(repr=False)
    warnings: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()

    def require_own_credential(self) -> None:
        """Raises InvalidInput where signing in would go on to the next way, as some other account.

        This is so for a client_id whose credential is nowhere given while the environment has that of another one.
        """
        own = any(self.params[name] for name in _CREDENTIALS)
        if not self.set_aside or own or self.params["auth_source"] != "auto":
            return
        raise InvalidInput(
            "Incomplete credentials: client_id is given without a credential of that application, and "
            f"{' and '.join(sorted(self.set_aside))} may be of another account.",
            code="half_configured",
            hint="Give the credential beside client_id, or set auth_source to the way of signing in.",
        )

    def explain(self, error: FleetError) -> FleetError:
        """Returns the error; one about missing credentials also names those that were set aside."""
        if (
            self.set_aside
            and error.code in ("no_credentials", "half_configured")
            and self.set_aside[0] not in str(error)
        ):
            names = " and ".join(self.set_aside)
            error.hint = f"{error.hint or ''} Not used, as the task gives other credentials: {names}.".strip()
        return error


def of_task(options: Mapping[str, Any]) -> Layer:
    """Returns the options of a task that are given; what is blank is not."""
    return {name: Found(options[name], name) for name in OPTIONS if not blank(options.get(name))}


def of_environment(environment: Environment) -> Layer:
    """Returns the options that variables give: of each option the first variable that is not blank.

    A file that is there and empty counts as not given: this is how AWX passes on a file that was left out.
    """
    found = {}
    for name, option in OPTIONS.items():
        for variable in option.variables:
            value = environment.get(variable)
            if value is not None and not (option.file and environment.is_empty_file(value.strip())):
                found[name] = Found(value, variable)
                break
    return found


def of_configuration(options: Mapping[str, Any], file: str | None) -> Layer:
    """Returns the options that Ansible's configuration file gives; relative paths in it start at its directory."""
    start = os.path.dirname(file) if file else ""
    found = {}
    for name, each in of_task(options).items():
        value = each.value
        is_path = isinstance(value, str) and (OPTIONS[name].file or name == "token_cache")
        if is_path and value.strip().lower() != "none" and not value.strip().startswith(("~", "$")):
            value = os.path.join(start, value.strip())
        found[name] = Found(value, f"{name} in {file}" if file else name)
    return found


def resolve(
    layers: Sequence[Layer],
    environment: Environment,
    *,
    written: int = 1,
    person: bool = False,
    api: str | None = None,
) -> Resolved:
    """Returns the connection options that the layers give together, those of highest precedence first.

    :param written: how many of the layers a person wrote for this task. What they say of another API than the one in
        use is an error; below them it is ignored, as variables are set for whole jobs.
    :param person: whether it is a person who signs in, as with auth_source `user`.
    :param api: the API to connect to, for a task that uses several; options of other APIs are ignored everywhere.

    Raises InvalidInput for a value of a wrong type, and for options of two APIs.
    """
    chosen = _api(layers, environment) if api is None else api
    if api is None:
        _require_one_api(layers[:written], chosen)
    layers = [_for_api(layer, chosen) for layer in layers]
    found: dict[str, Found] = {"api": Found(chosen, "api")}
    aside: dict[str, Found] = {}
    for layer in layers:
        admitted = _admitted(found, layer) if layer is not layers[0] else layer
        if layer is not layers[0] and (person or _text(found.get("auth_source") or layer.get("auth_source")) == "user"):
            admitted = _for_person(admitted, layer)
        aside.update({name: each for name, each in layer.items() if name not in admitted and name in _CREDENTIALS})
        found.update({name: each for name, each in admitted.items() if name not in found})
    params = typed(found, environment)
    warnings = [*_differing(found, environment)]
    if not params["validate_certs"]:
        warnings.append(
            f"{found['validate_certs'].name} is false: certificates of servers are not checked, so that anybody on the "
            "network can read and change what is sent. Set ca_path to your own certificate authority instead."
        )
    return Resolved(params, tuple(warnings), tuple(each.name for each in aside.values()))


def _api(layers: Sequence[Layer], environment: Environment) -> str:
    """Returns the API that the layers choose together. Raises InvalidInput for an unknown one."""
    given = next((layer["api"] for layer in layers if "api" in layer), None)
    return LEGACY if given is None else str(OPTIONS["api"].check(given, environment))


def _require_one_api(written: Sequence[Layer], chosen: str) -> None:
    """Raises InvalidInput where a task names what to work on in another API than the one that it uses."""
    given = {name: found for layer in reversed(written) for name, found in layer.items()}
    foreign = [found.name for name, found in given.items() if _is_foreign(name, found, chosen)]
    own = [given[name].name for name in PLACES[chosen] if name in given]
    if not foreign:
        return
    if own:
        problem = f"{joined(own)} and {joined(foreign)} are of two APIs"
    else:
        problem = f"api is {chosen}, and {joined(foreign)} {'is' if len(foreign) == 1 else 'are'} of another API"
    raise InvalidInput(
        f"Invalid connection: {problem}.",
        code="mixed_connection",
        hint=f"Use {joined(PLACES[LEGACY])} with api {LEGACY}, or {joined(PLACES[INTEGRATED])} with api {INTEGRATED}. "
        "Leave the others out, or empty.",
    )


def _for_api(layer: Layer, chosen: str) -> Layer:
    """Returns what a layer says to connections to this API."""
    return {name: found for name, found in layer.items() if name != "api" and not _is_foreign(name, found, chosen)}


def _is_foreign(name: str, found: Found, chosen: str) -> bool:
    """Returns whether this is the place, or the well-known address, of another API."""
    if name == "api_url":
        return host_of(str(found.value)).lower() in [host_of(url) for api, url in API_URLS.items() if api != chosen]
    return any(name in names for api, names in PLACES.items() if api != chosen)


def _admitted(above: Layer, layer: Layer) -> Layer:
    """Returns what a layer may add to those above it.

    Once a credential is given, nothing below changes who signs in: no other credential is added, nor another
    auth_source. Below a client_id, credentials of another application are left out, and so is a token that may be
    anybody's, unless auth_source asks for it. What completes a credential is added: IDs, and certificate or password.
    """
    barred: set[str] = set()
    if any(name in above for name in _CREDENTIALS):
        barred |= {*_CREDENTIALS, "auth_source"} - _completing(above, layer)
    if "client_id" in above:
        if _text(above.get("auth_source") or layer.get("auth_source")) in ("", "auto"):
            barred.add("access_token")
        if "client_id" in layer and _text(above["client_id"]) != _text(layer["client_id"]):
            barred |= set(_OF_APPLICATION)
    return {name: each for name, each in layer.items() if name not in barred}


def _for_person(admitted: Layer, layer: Layer) -> Layer:
    """Returns what is admitted without the IDs of an application whose credential is in the same layer."""
    of_application = any(name in layer for name in _OF_APPLICATION)
    return {name: each for name, each in admitted.items() if not of_application or name not in _IDS}


def _completing(above: Layer, layer: Layer) -> set[str]:
    """Returns the half of a certificate and its password that the layer may add to the other half."""
    given = {name for name in _CREDENTIALS if name in above}
    if given == {"client_certificate_password"}:
        return {"client_certificate"}
    if "client_certificate" in given and layer.get("client_certificate", above["client_certificate"]).value == (
        above["client_certificate"].value
    ):
        return {"client_certificate_password"}
    return set()


def _differing(found: Layer, environment: Environment) -> list[str]:
    """Returns a warning for each option in use whose variables are set to different values."""
    warnings = []
    for name, each in found.items():
        variables = [variable for variable in OPTIONS[name].variables if environment.get(variable)]
        values = {str(environment.get(variable)).strip().casefold() for variable in variables}
        if each.name in variables and len(values) > 1:
            warnings.append(
                f"{' and '.join(variables)} are set to different values: {each.name} is used for {name}. "
                "Unset the other one."
            )
    return warnings


def _text(found: Found | None) -> str:
    return str(found.value).strip().casefold() if found is not None else ""

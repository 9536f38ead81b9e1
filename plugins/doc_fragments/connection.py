# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""How to reach the service and sign in to it: one text for modules and plugins.

Ansible converts nothing: the collection checks types itself, so that an empty value counts as not given, whatever its
type. So every option of plugins is `raw`; in modules a callable type passes values through.
"""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.azsphere.fleet.plugins.module_utils._options import (
    API_URLS,
    INTEGRATED,
    OPTIONS,
)

#: Description of each option by name. The last sentences, on where a value comes from, are added below.
_TEXTS: dict[str, list[str]] = {
    "tenant": [
        "The Azure Sphere tenant to work on, by GUID or name, with O(api=legacy).",
        "It is never guessed. Without one, the error lists the tenants that the account may use.",
    ],
    "api": [
        "The API to use. Nothing else in a task depends on it, but for what its documentation says.",
        "V(legacy) is the Azure Sphere Public API v2, which ends on 27 September 2027. It takes O(tenant).",
        "V(integrated) is Azure Sphere (Integrated), a part of Azure Resource Manager. It takes O(subscription_id), "
        "O(resource_group) and O(catalog).",
        "A task that is given options of both is an error. Variables of the other API are ignored.",
    ],
    "subscription_id": ["GUID of the Azure subscription of O(catalog)."],
    "resource_group": ["Name of the Azure resource group of O(catalog)."],
    "catalog": ["Name of the Azure Sphere catalog to work on, with O(api=integrated)."],
    "api_url": [
        "Address of the API.",
        "The access token is sent to this host and to no other.",
        "A version at its end, such as C(/v2), is left out.",
    ],
    "ca_path": ["File or directory of certificate authorities to trust, in place of the usual ones."],
    "validate_certs": [
        "Whether to check the certificates of servers, a boolean. Leave it on.",
        "V(false) is for tests only. There is a warning, and tokens are cached apart from others.",
    ],
    "request_timeout": [
        "How many seconds one request may take, from connecting to the last byte of the reply.",
        "Uploads and downloads get a further second for each 16 KiB.",
    ],
    "retry_timeout": [
        "How many seconds all retries of one request may take together.",
        "Signing in is retried for as long, and so is the wait for a token cache that another process has locked.",
    ],
    "auth_source": [
        "Where the access token comes from.",
        "V(auto) takes the first that is configured, in the order V(access_token), V(client_secret), "
        "V(client_certificate), V(workload_identity), V(managed_identity), V(azure_cli), V(user). Results show which "
        "one it was as RV(ignore:api.token_source).",
        "V(access_token) uses O(access_token) as it is.",
        "V(client_secret) and V(client_certificate) sign in as the application O(client_id) of O(directory_id). "
        "V(workload_identity) does so with the token in O(federated_token_file).",
        "V(managed_identity) uses the identity of the Azure resource that the task runs on.",
        "V(azure_cli) asks the Azure CLI.",
        "V(user) uses an account that was signed in with M(azsphere.fleet.login). With O(api=integrated) it takes your "
        "own client application.",
        "Incomplete credentials are an error.",
    ],
    "access_token": ["An access token that was fetched elsewhere."],
    "client_id": [
        "The application to sign in as, or a user-assigned managed identity.",
        "For O(auth_source=user), your own client application in place of that of Azure Sphere.",
    ],
    "client_secret": ["Secret of the application."],
    "client_certificate": ["File with certificate and private key of the application, PEM or PFX, also in base64."],
    "client_certificate_password": ["Password of O(client_certificate)."],
    "federated_token_file": ["File with the token of a workload identity."],
    "directory_id": [
        "The Microsoft Entra directory to sign in to, by GUID or domain. It is not the Azure Sphere tenant.",
        "For people the default is Azure Sphere's own directory; with O(api=integrated) there is none.",
    ],
    "authority_host": ["Address of the sign-in service."],
    "token_cache": [
        "Directory in which tokens are kept between tasks, readable by its owner only.",
        "V(none) keeps no token.",
        "The default is C(azsphere.fleet) in E(XDG_CACHE_HOME) or C(~/.cache).",
    ],
}
_REQUIREMENTS = ["requests", "msal (not for O(auth_source=access_token))"]


def _described(name: str) -> list[str]:
    option = OPTIONS[name]
    variables = ", then ".join(f"E({variable})" for variable in option.variables)
    default = f"{option.default:g}" if isinstance(option.default, float) else str(option.default)
    if isinstance(option.default, bool):
        default = default.lower()
    default_text = [] if option.default is None else [f"The default is V({default})."]
    if name == "api_url":
        default_text = [f"The default is V({default}), or V({API_URLS[INTEGRATED]}) with O(api=integrated)."]
    return [*_TEXTS[name], f"When it is empty or not set, {variables} is used.", *default_text]


def _for_modules(name: str) -> dict[str, Any]:
    return {"description": _described(name), "type": OPTIONS[name].kind}


def _for_plugins(name: str) -> dict[str, Any]:
    # No `env`: Ansible would take an empty variable for a value.
    ini = [{"section": "azsphere_fleet", "key": name}]
    return {**_for_modules(name), "type": "raw", "ini": ini, "vars": [{"name": f"azsphere_fleet_{name}"}]}


def _yaml(**document: Any) -> str:
    """Returns the document as JSON, which is YAML too."""
    return json.dumps(document, indent=2)


#: A class statement would have to hold the texts as literals: ansible-test reads it without running it.
ModuleDocFragment = type(
    "ModuleDocFragment",
    (),
    {
        "DOCUMENTATION": _yaml(options={name: _for_modules(name) for name in _TEXTS}, requirements=_REQUIREMENTS),
        "PLUGIN": _yaml(options={name: _for_plugins(name) for name in _TEXTS}, requirements=_REQUIREMENTS),
    },
)

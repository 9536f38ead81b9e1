# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Microsoft's client, unmodified, with a check that its models describe every member of every reply."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from azure.core.credentials import AccessToken
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.sphere import AzureSphereMgmtClient, models

from tests.unit.simulator.resource_manager.client import SUBSCRIPTION, ArmClient

_MODELS: dict[str, Any] = {name: value for name, value in vars(models).items() if isinstance(value, type)}
#: Models of successful replies by the end of the path; the others follow from the type of the resource.
_ACTIONS = {
    "countdevices": "CountDevicesResponse",
    "listdeployments": "DeploymentListResult",
    "listdevicegroups": "DeviceGroupListResult",
    "listdeviceinsights": "PagedDeviceInsight",
    "listdevices": "DeviceListResult",
    "retrievecertchain": "CertificateChainResponse",
    "retrieveproofofpossessionnonce": "ProofOfPossessionNonceResponse",
    "generatedefaultdevicegroups": "DeviceGroupListResult",
    "generatecapabilityimage": "SignedCapabilityImageResponse",
    "operations": "OperationListResult",
    "catalogs": "CatalogListResult",
    "certificates": "CertificateListResult",
    "images": "ImageListResult",
    "products": "ProductListResult",
    "devicegroups": "DeviceGroupListResult",
    "deployments": "DeploymentListResult",
    "devices": "DeviceListResult",
}
_RESOURCES = {
    "catalogs": "Catalog",
    "certificates": "Certificate",
    "images": "Image",
    "products": "Product",
    "devicegroups": "DeviceGroup",
    "deployments": "Deployment",
    "devices": "Device",
}


class StaticCredential:
    def __init__(self, token: str) -> None:
        self._token = token

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        return AccessToken(self._token, 2**40)


class Strict(SansIOHTTPPolicy[Any, Any]):
    """Collects what no model describes."""

    def __init__(self) -> None:
        self.misfits: list[str] = []

    def on_response(self, request: Any, response: Any) -> None:
        reply = response.http_response
        path = request.http_request.url.partition("?")[0]
        model = model_of(path)
        if reply.status_code >= 400 or model is None or reply.body() in (b"", b"null"):
            return
        self.misfits += misfits(json.loads(reply.body()), model, path)


def model_of(path: str) -> str | None:
    """Return the name of the model of a successful reply at that address, or None if there is none."""
    steps = path.lower().rstrip("/").split("/")
    if "operationstatuses" in steps or "operationresults" in steps:
        return None
    return _ACTIONS.get(steps[-1]) or _RESOURCES.get(steps[-2])


def misfits(document: Any, kind: str, where: str) -> list[str]:
    """Return the members of a document that a model does not have, and values of another type."""
    if document is None:
        return []
    if kind[0] == "[":
        if not isinstance(document, list):
            return [f"{where}: not a list"]
        return [misfit for item in document for misfit in misfits(item, kind[1:-1], f"{where}[]")]
    if kind[0] == "{":
        return [] if isinstance(document, dict) else [f"{where}: not an object"]
    if kind not in _MODELS:
        expected = {"str": str, "bool": bool, "int": int, "iso-8601": str}[kind]
        return [] if isinstance(document, expected) else [f"{where}: {document!r} is not {kind}"]
    if not isinstance(document, dict):
        return [f"{where}: not an object"]
    known = {attribute["key"]: attribute["type"] for attribute in _MODELS[kind]._attribute_map.values()}
    found = [f"{where}.{name}: unknown to {kind}" for name in document if name not in known]
    for name, value in document.items():
        if name in known:
            found += misfits(value, known[name], f"{where}.{name}")
    return found


@contextmanager
def sphere_client(arm: ArmClient) -> Iterator[tuple[AzureSphereMgmtClient, Strict]]:
    """Return Microsoft's client for the simulator, and the check of the replies."""
    strict = Strict()
    with requests.Session() as session:
        session.trust_env = False
        session.verify = arm.simulator.ca
        transport = RequestsTransport(session=session, session_owner=False, connection_verify=arm.simulator.ca)
        with AzureSphereMgmtClient(
            StaticCredential(arm.token),
            SUBSCRIPTION,
            base_url=arm.simulator.url,
            transport=transport,
            polling_interval=0,
            per_call_policies=[strict],
            credential_scopes=["https://management.azure.com/.default"],
        ) as client:
            yield client, strict

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What all resources share: the session, the catalog in use, paths, replies, and what to do about rejected requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._backend import paging
from .._backend.values import body_of, member, text_of
from .._errors import FleetError, InvalidInput, NotFound, ServiceError
from .._http.message import ReadOperations, Reply
from .._http.pace import Bucket
from .._http.session import Session
from .paths import PROVIDER, CatalogPath

API_VERSION = "2024-04-01"
_CATALOG = f"/subscriptions/{{s}}/resourceGroups/{{g}}/providers/{PROVIDER}/catalogs/{{c}}"
_PRODUCT = f"{_CATALOG}/products/{{p}}"
_GROUP = f"{_PRODUCT}/deviceGroups/{{d}}"
#: What a session that only reads may send: several lists, counts and the chain of a certificate are read by POST
#: (FACTS: operations). Signing a proof of possession or a capability file is not among them.
READ_OPERATIONS = ReadOperations(
    [
        ("GET", "*"),
        ("HEAD", "*"),
        ("POST", f"{_CATALOG}/listDevices"),
        ("POST", f"{_CATALOG}/listDeviceGroups"),
        ("POST", f"{_CATALOG}/listDeviceInsights"),
        ("POST", f"{_CATALOG}/countDevices"),
        ("POST", f"{_PRODUCT}/countDevices"),
        ("POST", f"{_GROUP}/countDevices"),
        ("POST", f"{_CATALOG}/certificates/{{n}}/retrieveCertChain"),
    ]
)
#: What to do about rejected requests, by code or status.
FAILURE_HINTS = {
    "MissingSubscriptionRegistration": "Register the resource provider with `az provider register --namespace "
    f"{PROVIDER} --wait`, which needs the permission {PROVIDER}/register/action, then run the task again.",
    "SubscriptionNotFound": "Check subscription_id, and that the account belongs to the directory of the subscription.",
    "InvalidSubscriptionId": "Set subscription_id to the GUID of a subscription.",
    "ResourceGroupNotFound": "Check resource_group and subscription_id. Resource groups are not created here.",
    "403": "Give the account an Azure role: Azure Sphere Reader to read, Azure Sphere Contributor or Owner to change. "
    "The general role Reader is not enough, since several lists are read by POST.",
    "410": "The service no longer offers this: update azsphere.fleet.",
}
# Resource Manager counts lists by POST as writes (FACTS: throttling).
_REMAINING = "x-ms-ratelimit-remaining-subscription-"
READS = Bucket("reads", 250, 25, f"{_REMAINING}reads")
WRITES = Bucket("writes", 200, 10, f"{_REMAINING}writes")
DELETES = Bucket("deletes", 200, 10, f"{_REMAINING}deletes")


def bucket_of(method: str, _path: str) -> Bucket | None:
    """Returns the published rate limit of a request."""
    return {"GET": READS, "HEAD": READS, "DELETE": DELETES}.get(method, WRITES)


class IntegratedClient:
    """Sends requests in a session, for the catalog in use."""

    def __init__(self, session: Session, catalog: CatalogPath, debug: Callable[[str], None]) -> None:
        self.session = session
        self.catalog = catalog
        self.debug = debug
        self._lock = threading.Lock()
        self._catalog_exists = False

    def path(self, below: str = "") -> str:
        """Returns a path inside the catalog; what is below is percent-encoded already."""
        return self.catalog.path + (f"/{below}" if below else "")

    def call(self, method: str, path: str, doing: str, **options: Any) -> Reply:
        """Sends a request and returns the reply; options as those of Session.request.

        A path with a query is sent as it is. Queries are secrets: they are kept out of debug messages.
        """
        self.debug(f"{method} {path.partition('?')[0]} ({doing})")
        query = None if "?" in path else {"api-version": API_VERSION}
        reply = self.session.request(method, path, doing, query=query, **options)
        if path.startswith(self.path("")):
            self._catalog_exists = True
        return reply

    def read(self, path: str, doing: str, **options: Any) -> Any:
        """Returns the body of a GET."""
        return self.call("GET", path, doing, **options).json()

    def ask(self, path: str, doing: str, body: bytes | None = None, target: str | None = None) -> Any:
        """Returns the body of a POST that changes nothing."""
        return self.call("POST", path, doing, body=body, target=target, idempotent=True, changes=False).json()

    def find(self, path: str, doing: str, **options: Any) -> Mapping[str, Any] | None:
        """Returns the object of a GET, None if it does not exist. Raises InvalidInput if the catalog does not exist."""
        try:
            body = self.read(path, doing, **options)
        except NotFound as error:
            self.require_catalog(error)
            return None
        return None if body is None else body_of(body, doing)

    def entries(
        self, path: str, doing: str, *, post: bool = False, body: bytes | None = None, target: str | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """Returns the entries of a list, page by page: `{"value": [...], "nextLink": ...}` (FACTS: paging).

        Further pages are read by GET. Raises NotFound if the parent does not exist, InvalidInput without the catalog.
        """

        def read(link: str | None) -> tuple[list[Mapping[str, Any]], str | None]:
            if link is not None:
                return _page(self.read(self._next(link, doing), doing, target=target), doing)
            found = self.ask(path, doing, body, target) if post else self.read(path, doing, target=target)
            return _page(found, doing)

        try:
            yield from paging.entries(read, doing)
        except NotFound as error:
            self.require_catalog(error)
            raise

    def require_catalog(self, error: FleetError) -> None:
        """Raises InvalidInput unless the catalog exists, whose absence looks like that of anything in it."""
        with self._lock:
            if not self._catalog_exists:
                self.read_catalog(error)

    def read_catalog(self, cause: FleetError | None = None) -> Mapping[str, Any]:
        """Returns the catalog in use. Raises InvalidInput with those that are available if it does not exist."""
        doing = f"looking up the catalog {self.catalog.catalog}"
        try:
            body = body_of(self.read(self.path(), doing, target=self.catalog.catalog), doing)
        except NotFound as error:
            raise self._missing(error) from (cause or error)
        self._catalog_exists = True
        return body

    def catalogs(self, within: str) -> list[Mapping[str, Any]]:
        """Returns the catalogs of a subscription or resource group, given by its ID."""
        path = f"{within}/providers/{PROVIDER}/catalogs"

        def read(link: str | None) -> tuple[list[Mapping[str, Any]], str | None]:
            return _page(self.read(self._next(link, doing) if link else path, doing), doing)

        doing = "listing the catalogs"
        return list(paging.entries(read, doing))

    def _missing(self, error: NotFound) -> FleetError:
        """Returns the error for a catalog that cannot be found."""
        catalog = self.catalog
        hint = error.hint
        if hint is None:
            try:
                names = sorted(str(member(body, "name")) for body in self.catalogs(catalog.group_path))
                hint = f"Set catalog to one of these: {', '.join(names)}." if names else "It has no catalogs."
            except FleetError as unlisted:
                hint = unlisted.hint or "Check subscription_id, resource_group and catalog."
        return InvalidInput(
            f'Catalog "{catalog.catalog}" not found in the resource group "{catalog.resource_group}": {error.message}',
            code=error.code,
            status=error.status,
            target=catalog.catalog,
            request_id=error.request_id,
            hint=hint,
        )

    def _next(self, link: str, doing: str) -> str:
        """Returns the path of a further page, with the API version refreshed."""
        path = self.session.path_of(link)
        if path is None:
            raise ServiceError(
                f"While {doing}, the service named another host for the next page: the list cannot be completed.",
                code="unexpected",
            )
        path, _mark, query = path.partition("?")
        kept = [part for part in query.split("&") if part and not part.lower().startswith("api-version=")]
        return f"{path}?{'&'.join([*kept, f'api-version={API_VERSION}'])}"


def _page(body: Any, doing: str) -> tuple[list[Mapping[str, Any]], str | None]:
    found = member(body, "value") if isinstance(body, dict) else None
    if found is None and isinstance(body, dict) and "value" in body:
        found = []
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise ServiceError(f"While {doing}, the reply of the service is not a list.", code="unexpected")
    return found, text_of(member(body, "nextLink"))

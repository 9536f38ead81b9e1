# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What all endpoints share: the session, the tenant in use, paths, replies, and hints for rejected requests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from .._errors import FleetError, Forbidden, InvalidInput, NotFound
from .._http.message import ReadOperations, Reply
from .._http.session import Session
from .._model.resources import Tenant
from .._model.values import is_guid
from . import wire
from .paging import entries

#: Requested page size of long lists: the documented default of the only list that has one.
PAGE_SIZE = 1000
#: The largest number of devices in one bulk claim (Devices_BulkClaim).
CHUNK = 1000
#: What a session that only reads may send.
READ_OPERATIONS = ReadOperations([("GET", "*"), ("HEAD", "*")])


def segment(text: str) -> str:
    """Returns one segment of a path, percent-encoded. Raises InvalidInput for text that a path cannot hold."""
    if text.strip(".") == "":
        raise InvalidInput(f'Invalid name or ID "{text}": the service cannot address it.')
    return quote(text, safe="")


class LegacyClient:
    """Sends requests in a session, for the tenant in use.

    :param tenant: the GUID or name of the tenant; None only where no tenant is needed.
    """

    def __init__(self, session: Session, tenant: str | None, debug: Callable[[str], None]) -> None:
        self.session = session
        self.tenant_option = tenant
        self.debug = debug
        self._tenant_lock = threading.Lock()
        self._tenant_id: str | None = tenant.lower() if tenant is not None and is_guid(tenant) else None
        self._tenant_exists = False

    def call(self, method: str, path: str, doing: str, **options: Any) -> Reply:
        """Sends a request and returns the reply; options as those of Session.request.

        An error that a missing role may have caused says so.
        """
        self.debug(f"{method} {path} ({doing})")
        try:
            reply = self.session.request(method, path, doing, **options)
        except Forbidden as error:
            error.hint = error.hint or (
                "Check the role of this account in the tenant: a Reader can read, a Contributor can also claim, create "
                "and deploy, an Administrator can also delete and manage users."
            )
            raise
        if self._tenant_id is not None and path.startswith(f"/v2/tenants/{self._tenant_id}"):
            self._tenant_exists = True
        return reply

    def write(self, method: str, path: str, doing: str, **options: Any) -> Any:
        """Sends a write and returns the body of its confirmation, None when it is empty.

        Raises AmbiguousWrite for a success whose body is not valid, such as a page of a proxy.
        """
        return self.call(method, path, doing, **options).confirmation()

    def read(self, path: str, doing: str, **options: Any) -> Any:
        """Returns the body of a GET."""
        return self.call("GET", path, doing, **options).json()

    def find(self, path: str, doing: str, *, alone: bool = False, **options: Any) -> Mapping[str, Any] | None:
        """Returns the object of a GET, None if it does not exist.

        :param alone: whether no list is read if it does not exist, which would show that the tenant exists. Raises
            InvalidInput if it does not.
        """
        try:
            return wire.body_of(self.read(path, doing, **options), doing)
        except NotFound as error:
            if alone:
                self.require_tenant(error)
            return None

    def require_tenant(self, error: FleetError) -> None:
        """Raises InvalidInput unless this account may use the tenant: otherwise, nothing in it seems to exist."""
        with self._tenant_lock:
            known = self._tenant_exists
        if not known:
            self.read_tenant(error)

    def read_tenant(self, cause: FleetError | None = None) -> Tenant:
        """Tenants_Get. Raises InvalidInput naming the tenants that are available if this one is not."""
        tenant_id = self.tenant_id()
        doing = f"looking up the tenant {tenant_id}"
        try:
            body = self.read(f"/v2/tenants/{segment(tenant_id)}", doing, target=tenant_id)
        except (NotFound, Forbidden) as error:
            raise self.unusable(f"This account may not use the tenant {tenant_id}.", error) from (cause or error)
        return wire.tenant(wire.body_of(body, doing))

    def entries(
        self, path: str, doing: str, page_size: int | None = None, **options: Any
    ) -> Iterator[Mapping[str, Any]]:
        """Returns the entries of a list, page by page. The parent exists: 404 means the tenant or the role."""

        def ask(query: Mapping[str, str], headers: Mapping[str, str]) -> Any:
            return self.read(path, doing, query=query, headers=headers, **options)

        try:
            yield from entries(ask, doing, page_size)
        except NotFound as error:
            error.hint = error.hint or (
                "Check the GUIDs in use, first that of the tenant, and that this account has a role in the tenant: "
                "a role that is too low may show as not found."
            )
            raise

    def path(self, below: str = "") -> str:
        """Returns a path inside the tenant; what is below is percent-encoded already."""
        return f"/v2/tenants/{segment(self.tenant_id())}" + (f"/{below}" if below else "")

    def tenant_id(self) -> str:
        """Returns the GUID of the tenant in use. A GUID is taken as it is; a name is looked up once.

        Raises InvalidInput naming those that are available.
        """
        if self._tenant_id is None:
            with self._tenant_lock:
                self._tenant_id = self._tenant_id or self._look_up()
        return self._tenant_id

    def _look_up(self) -> str:
        wanted = self.tenant_option
        if not wanted:
            raise self.unusable("The option tenant is missing.")
        there = self.tenants()
        # Names of tenants are case-sensitive (FACTS: tenants and access).
        found = [tenant for tenant in there if tenant.name == wanted]
        if len(found) != 1:
            problem = (
                "not found among those that this account may use"
                if not found
                else "is ambiguous: several have this name"
            )
            raise self.unusable(f'Tenant "{wanted}" {problem}.')
        self._tenant_exists = True
        return found[0].id

    def tenants(self) -> list[Tenant]:
        """Tenants_List: a bare array in clients' code; an Items object is taken too."""
        found = [wire.tenant(body) for body in self.entries("/v2/tenants", "listing the tenants")]
        return sorted(found, key=lambda tenant: (tenant.name or "", tenant.id))

    def unusable(self, problem: str, cause: FleetError | None = None) -> InvalidInput:
        """Returns the error for a tenant that cannot be used, naming those that can."""
        there = self.tenants()
        listed = ", ".join(f"{tenant.name or '(no name)'} ({tenant.id})" for tenant in there)
        hint = f"Set tenant to the name or GUID of one of these: {listed}."
        if not there:
            hint = "This account has no role in any tenant: ask an Administrator of the tenant to give it one."
        elif cause is not None:
            hint += " To use another tenant, ask an Administrator of it to give this account a role."
        return InvalidInput(
            problem,
            code=cause.code if cause else "no_tenant",
            status=cause.status if cause else None,
            target=self.tenant_option,
            request_id=cause.request_id if cause else None,
            hint=hint,
        )

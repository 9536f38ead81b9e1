# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What all endpoints share: the session, the tenant in use, paths, replies, and the hint for a refusal."""

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

#: Entries on a page that are asked for where lists grow long; the default of the one list that has a documented one.
PAGE_SIZE = 1000
#: What a session that only reads may send.
READ_OPERATIONS = ReadOperations([("GET", "*"), ("HEAD", "*")])


def segment(text: str) -> str:
    """One segment of a path, percent-encoded. Raises InvalidInput for what a path cannot hold."""
    if text.strip(".") == "":
        raise InvalidInput(f'"{text}" cannot be the name of anything in the service.')
    return quote(text, safe="")


class LegacyClient:
    """The session, the tenant in use, and how to ask.

    :param tenant: the GUID or name of the tenant; None only where no tenant is needed.
    """

    def __init__(self, session: Session, tenant: str | None, debug: Callable[[str], None]) -> None:
        self.session = session
        self.tenant_option = tenant
        self.debug = debug
        self._tenant_lock = threading.Lock()
        self._tenant_id: str | None = tenant.lower() if tenant is not None and is_guid(tenant) else None

    def call(self, method: str, path: str, doing: str, **options: Any) -> Reply:
        """Sends a request; a refusal for want of a role says so. Options as those of Session.request."""
        self.debug(f"{method} {path} ({doing})")
        try:
            return self.session.request(method, path, doing, **options)
        except Forbidden as error:
            error.hint = error.hint or (
                "Check the role of this account in the tenant: a Reader looks at things, a Contributor claims, makes "
                "and deploys, an Administrator also deletes and manages users."
            )
            raise

    def write(self, method: str, path: str, doing: str, **options: Any) -> Any:
        """Sends a write and returns the body of its confirmation, None when it is empty.

        Raises AmbiguousWrite for a success that cannot be understood, such as a page of a proxy: it is none.
        """
        return self.call(method, path, doing, **options).confirmation()

    def read(self, path: str, doing: str, **options: Any) -> Any:
        """The body of a GET."""
        return self.call("GET", path, doing, **options).json()

    def find(self, path: str, doing: str, **options: Any) -> Mapping[str, Any] | None:
        """The object of a GET, None when it is not there."""
        try:
            return wire.body_of(self.read(path, doing, **options), doing)
        except NotFound:
            return None

    def entries(
        self, path: str, doing: str, page_size: int | None = None, **options: Any
    ) -> Iterator[Mapping[str, Any]]:
        """The entries of a list, page by page. What holds the list was there: 404 means the tenant or the role."""

        def ask(query: Mapping[str, str], headers: Mapping[str, str]) -> Any:
            return self.read(path, doing, query=query, headers=headers, **options)

        try:
            yield from entries(ask, doing, page_size)
        except NotFound as error:
            error.hint = error.hint or (
                "Check the GUIDs in use, the tenant's first of all, and that this account holds a role in the tenant: "
                "one that is too low may show as not found."
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
            raise self.unusable("No tenant was given.")
        there = self.tenants()
        # Names of tenants are case-sensitive (FACTS: tenants and access).
        found = [tenant for tenant in there if tenant.name == wanted]
        if len(found) != 1:
            problem = "is not among those open to this account" if not found else "is the name of several"
            raise self.unusable(f'The tenant "{wanted}" {problem}.')
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
            hint = "This account holds no role in any tenant: an Administrator of the tenant has to give it one."
        elif cause is not None:
            hint += " For another one, an Administrator of it has to give this account a role."
        return InvalidInput(
            problem,
            code=cause.code if cause else "no_tenant",
            status=cause.status if cause else None,
            target=self.tenant_option,
            request_id=cause.request_id if cause else None,
            hint=hint,
        )

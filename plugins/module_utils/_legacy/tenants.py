# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tenants and their CA certificates: operations Tenants_*."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .._errors import FleetError, Forbidden, InvalidInput, NotFound
from .._http.session import Session
from .._model import Certificate, Operation, Tenant, is_guid
from .._service import check_name
from . import wire
from .backend import segment
from .starting import StartingBackend


class TenantVerbs(StartingBackend):
    def __init__(
        self, session: Session, tenant: str | None, warn: Callable[[str], None], debug: Callable[[str], None]
    ) -> None:
        super().__init__(session, tenant, warn, debug)
        self._tenant_lock = threading.Lock()
        self._tenant_id: str | None = tenant.lower() if tenant is not None and is_guid(tenant) else None
        self._tenant_read: Tenant | None = None

    def tenants(self) -> list[Tenant]:
        """Tenants_List: a bare array in clients' code; an Items object is taken too."""
        found = [wire.tenant(body) for body in self._entries("/v2/tenants", "listing the tenants")]
        return sorted(found, key=lambda tenant: (tenant.name or "", tenant.id))

    def tenant(self) -> Tenant:
        """Tenants_Get."""
        tenant_id = self._resolved()
        if self._tenant_read is None:
            doing = f"looking up the tenant {tenant_id}"
            try:
                body = self._read(f"/v2/tenants/{segment(tenant_id)}", doing, target=tenant_id)
                self._tenant_read = wire.tenant(wire.body_of(body, doing))
            except (NotFound, Forbidden) as error:
                raise self._unusable(f"The tenant {tenant_id} is not open to this account.", error) from error
        return self._tenant_read

    def create_tenant(self, name: str, device_id: str) -> Operation:
        """Tenants_Create."""
        check_name("tenant", name)
        doing = f"creating the tenant {name} from device {device_id}"
        body = {"DeviceId": device_id, "TenantFriendlyName": name}
        return self._start(
            "POST",
            "/v2/tenants/create",
            doing,
            "TenantCreation",
            there=lambda: any(tenant.name == name for tenant in self.tenants()),
            target=device_id,
            body=wire.encoded(body),
        )

    def rename_tenant(self, name: str) -> None:
        """Tenants_Patch."""
        check_name("tenant", name)
        self._write("PATCH", self._path(), f"renaming the tenant to {name}", body=wire.encoded({"Name": name}))
        self._tenant_read = None

    def block_legacy_authorization(self) -> None:
        """Tenants_BlockLegacy."""
        self._write("POST", self._path("blocklegacyauthorization"), "blocking legacy authorization of the tenant")

    def certificates(self) -> list[Certificate]:
        """Tenants_ListCertificateMetadata."""
        doing = "listing the CA certificates of the tenant"
        found = [wire.certificate(body, doing) for body in self._entries(self._path("certificates"), doing)]
        return sorted(found, key=lambda certificate: certificate.thumbprint.lower())

    def certificate(self, thumbprint: str | None) -> bytes:
        """Tenants_GetCertificate."""
        return self._certificate("cert", "fetching the CA certificate", thumbprint)

    def certificate_chain(self, thumbprint: str | None) -> bytes:
        """Tenants_GetCertificateChain."""
        return self._certificate("certchain", "fetching the chain of the CA certificate", thumbprint)

    def proof_of_possession(self, verification_code: str, thumbprint: str | None) -> bytes:
        """Tenants_GetProofOfPossession."""
        path = f"verification/{segment(verification_code)}"
        return self._certificate(path, "fetching the proof of possession of the CA certificate", thumbprint)

    def _certificate(self, below: str, doing: str, thumbprint: str | None) -> bytes:
        doing = f"{doing} {thumbprint}" if thumbprint else doing
        query = {"thumbprint": thumbprint} if thumbprint else None
        content = self._call("GET", self._path(below), doing, target=thumbprint, query=query).content
        text = content.decode("utf-8-sig", "replace").strip()
        if text in ("", "null", '""'):
            raise NotFound(
                f"While {doing}, the service answered nothing.",
                code="NotFound",
                target=thumbprint,
                hint="A certificate that has expired is listed, but no longer handed out.",
            )
        return wire.bytes_of(text, doing)

    def _path(self, below: str = "") -> str:
        """A path inside the tenant; what is below is percent-encoded already."""
        return f"/v2/tenants/{segment(self._resolved())}" + (f"/{below}" if below else "")

    def _resolved(self) -> str:
        """GUID of the tenant in use. A GUID is taken as it is; a name is looked up once."""
        if self._tenant_id is None:
            with self._tenant_lock:
                self._tenant_id = self._tenant_id or self._look_up()
        return self._tenant_id

    def _look_up(self) -> str:
        wanted = self._tenant_option
        if not wanted:
            raise self._unusable("No tenant was given.")
        there = self.tenants()
        # Names of tenants are case-sensitive (FACTS: tenants and access).
        found = [tenant for tenant in there if tenant.name == wanted]
        if len(found) != 1:
            problem = "is not among those open to this account" if not found else "is the name of several"
            raise self._unusable(f'The tenant "{wanted}" {problem}.')
        return found[0].id

    def _unusable(self, problem: str, cause: FleetError | None = None) -> InvalidInput:
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
            target=self._tenant_option,
            request_id=cause.request_id if cause else None,
            hint=hint,
        )

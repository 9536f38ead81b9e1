# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tenants, who has which role in one, and its CA certificates."""

from __future__ import annotations

from .._errors import InvalidInput
from .._model.values import is_guid
from .._resolve import listed
from .._service import Service, require
from .._views.certificates import certificate_values
from .._views.resources import Values, tenant_values, user_values


def tenants(service: Service) -> list[Values]:
    """Those in which the caller has a role, by name."""
    return [tenant_values(tenant) for tenant in service.tenants.list()]


def tenant_in_use(service: Service) -> Values:
    """The one that the connection names. Raises InvalidInput with those that there are."""
    return tenant_values(service.tenants.current())


def tenants_named(service: Service, terms: list[str]) -> list[Values]:
    """By name or GUID. Raises InvalidInput with those that there are."""
    there = service.tenants.list()
    found: list[Values] = []
    for term in terms:
        asked = term.lower() if is_guid(term) else term
        matching = [tenant_values(tenant) for tenant in there if asked in (tenant.id, tenant.name)]
        if not matching:
            raise InvalidInput(
                f'There is no tenant "{term}" that this account may use.',
                code="unknown_tenant",
                target=term,
                hint=f"Available: {listed(tenant.name or tenant.id for tenant in there)}."
                if there
                else "An Administrator of the tenant has to give this account a role.",
            )
        found += matching
    return found


def users(service: Service, which: str | None = None) -> list[Values]:
    """All who have a role in the tenant, or the one of this address or principal ID, if it has one."""
    require(service, "users")
    if which is None:
        return [user_values(user) for user in service.users.list()]
    found = service.users.get(which)
    return [] if found is None else [user_values(found)]


def certificates(service: Service, thumbprint: str | None = None) -> list[Values]:
    """CA certificates of the tenant: all, or the one of this SHA-1 thumbprint, with or without colons, in any case."""
    asked = None if thumbprint is None else _plain(thumbprint)
    return [
        certificate_values(certificate)
        for certificate in service.certificates.list()
        if asked in (None, _plain(certificate.thumbprint))
    ]


def _plain(thumbprint: str) -> str:
    return "".join(thumbprint.replace(":", "").split()).casefold()

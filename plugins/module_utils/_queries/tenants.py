# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tenants, their users with roles, and their CA certificates."""

from __future__ import annotations

from .._errors import InvalidInput
from .._model.values import is_guid
from .._references import listed
from .._service import Service, require
from .._views.certificates import certificate_values
from .._views.resources import Values, tenant_values, user_values


def tenants(service: Service) -> list[Values]:
    """Returns the tenants in which the caller has a role, by name."""
    return [tenant_values(tenant) for tenant in service.tenants.list()]


def tenant_in_use(service: Service) -> Values:
    """Returns the tenant that the connection names. Raises InvalidInput with those that are available."""
    return tenant_values(service.tenants.current())


def tenants_named(service: Service, terms: list[str]) -> list[Values]:
    """Returns tenants by name or GUID. Raises InvalidInput with those that are available."""
    there = service.tenants.list()
    found: list[Values] = []
    for term in terms:
        asked = term.lower() if is_guid(term) else term
        matching = [tenant_values(tenant) for tenant in there if asked in (tenant.id, tenant.name)]
        if not matching:
            raise InvalidInput(
                f'Tenant "{term}" not found among those that this account may use.',
                code="unknown_tenant",
                target=term,
                hint=f"Available: {listed(tenant.name or tenant.id for tenant in there)}."
                if there
                else "Ask an Administrator of the tenant to give this account a role.",
            )
        found += matching
    return found


def users(service: Service, which: str | None = None) -> list[Values]:
    """Returns all users with a role in the tenant, or the one of this address or principal ID, if it has one."""
    require(service, "users")
    if which is None:
        return [user_values(user) for user in service.users.list()]
    found = service.users.get(which)
    return [] if found is None else [user_values(found)]


def certificates(service: Service, thumbprint: str | None = None) -> list[Values]:
    """Returns the CA certificates of the tenant: all, or the one of this SHA-1 thumbprint.

    The thumbprint may have colons, and be in any case.
    """
    asked = None if thumbprint is None else _plain(thumbprint)
    return [
        certificate_values(certificate)
        for certificate in service.certificates.list()
        if asked in (None, _plain(certificate.thumbprint))
    ]


def _plain(thumbprint: str) -> str:
    return "".join(thumbprint.replace(":", "").split()).casefold()

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Whether a tenant is integrated, that is, whether both APIs show the same fleet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .._errors import FleetError, InvalidInput, NotFound
from .._model.resources import Tenant
from .._service import Service
from .._views.resources import Values
from .differences import differences
from .losses import blueprint_losses, tenant_losses

#: HTTP statuses of a Legacy API whose access is paused, or that has ended, as far as that is known. 403 may also mean
#: that the account has no role in the tenant.
CLOSED = (403, 410)


def integration(legacy: Service, integrated: Service, document: Any = None, source: str | None = None) -> Values:
    """Returns the catalog of the tenant, what differs between both services, and what would be lost.

    Differences are None unless both sides can be compared: the tenant is integrated into the catalog in use, and the
    Legacy API is available.

    :param document: a blueprint, whose losses are included.
    :param source: the file that it was read from.

    Raises InvalidInput for an invalid blueprint before anything is sent.
    """
    losses = [] if document is None else blueprint_losses(document, integrated.capabilities, source)
    tenant, closed = _available(legacy)
    in_use = _in_use(integrated)
    catalog = in_use if tenant is None else _catalog_of(tenant, in_use, integrated)
    compared = tenant is not None and catalog is not None and catalog == in_use
    return {
        "integrated": catalog is not None,
        "tenant": None if tenant is None else {"id": tenant.id, "name": tenant.name},
        "catalog": None if catalog is None else {"name": catalog.name, "tenant_id": catalog.id},
        "catalog_in_use": catalog is not None and catalog == in_use,
        "legacy_available": tenant is not None,
        "legacy_error": closed,
        "differences": differences(legacy, integrated) if compared else None,
        "losses": losses + (tenant_losses(legacy, integrated.capabilities) if tenant is not None else []),
    }


def _available(legacy: Service) -> tuple[Tenant | None, str | None]:
    """Returns the tenant in use; None where access to it is paused, and what the service said."""
    try:
        return legacy.tenants.current(), None
    except FleetError as error:
        if error.status in CLOSED:
            return None, error.message
        raise


def _in_use(integrated: Service) -> Tenant | None:
    """Returns the catalog that the connection names, with the GUID of its tenant; None if it does not exist."""
    try:
        return integrated.tenants.current()
    except (InvalidInput, NotFound):
        return None


def _catalog_of(tenant: Tenant, in_use: Tenant | None, integrated: Service) -> Tenant | None:
    """Returns the catalog of a tenant: the one in use, or another one that the account can see; None without one."""
    if in_use is not None and in_use.id == tenant.id:
        return in_use
    others: Iterable[Tenant] = integrated.tenants.list()
    return next((each for each in others if each.id == tenant.id), None)

# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Operations: asynchronous work of the service."""

from __future__ import annotations

from contextlib import suppress

from .._deadline import Deadline
from .._errors import NotFound, OperationFailed
from .._model.resources import Operation
from .._service import Service
from .._views.resources import Values, operation_details


def operation(service: Service, operation_id: str, deadline: Deadline | None = None) -> Values:
    """Returns an operation with the details of its kind; with a deadline, once it has ended.

    A failed one is returned like any other. Raises NotFound for one that the service does not know, DeadlineExceeded
    with the last state seen.
    """
    found = _found(service, operation_id)
    if deadline is not None and not found.final:
        with suppress(OperationFailed):
            service.operations.wait(found, deadline)
        found = _found(service, operation_id)
    return operation_details(found)


def _found(service: Service, operation_id: str) -> Operation:
    found = service.operations.get(operation_id, details=True)
    if found is None:
        raise NotFound(
            f"Operation {operation_id} not found, neither in the tenant nor outside of tenants.",
            code="unknown_operation",
            target=operation_id,
            hint="Check the ID and the tenant. The service may have forgotten an old operation.",
        )
    return found

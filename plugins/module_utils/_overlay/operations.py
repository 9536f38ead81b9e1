# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Operations in the overlay."""

from __future__ import annotations

from dataclasses import replace

from .._deadline import Deadline
from .._model.resources import Operation
from .._model.values import Placeholder
from .._service import Service


class OverlayOperations:
    def __init__(self, base: Service) -> None:
        self._base = base.operations

    def get(self, operation_id: str, details: bool = False) -> Operation | None:
        return self._base.get(operation_id, details)

    def wait(self, operation: Operation, deadline: Deadline) -> Operation:
        """Completes the operation: operations of the overlay take no time."""
        if isinstance(operation.state, Placeholder):
            return replace(operation, state="Complete")
        return operation if operation.final else self._base.wait(operation, deadline)

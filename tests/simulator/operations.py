# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Asynchronous operations.

The effect of an operation happens when its time is over. Until then, nothing of it is visible, and the first reply
never shows whether it will succeed.
"""

from __future__ import annotations

import heapq
import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any


class Kind(IntEnum):
    """OperationType of the API description."""

    DEVICE_CLAIM = 0
    DEVICE_UPDATE_DEVICE_GROUP = 2
    CREATE_PRODUCT = 4
    DEPLOY_TO_DEVICE_GROUP = 5
    IMAGE_UPLOAD = 7
    TENANT_CREATION = 8
    DELETE_DEVICE_GROUP = 9
    DELETE_PRODUCT = 10
    BULK_DEVICE_CLAIM = 11


#: Kinds that have details, and their name in the path of the details.
DETAILS = {
    Kind.DEPLOY_TO_DEVICE_GROUP: "deploytodevicegroup",
    Kind.IMAGE_UPLOAD: "imageUpload",
    Kind.BULK_DEVICE_CLAIM: "bulkdeviceclaim",
}


class Progress(IntEnum):
    """OperationState of the API description."""

    NOT_STARTED = 0
    IN_PROGRESS = 1
    COMPLETE = 2
    FAILED = 3
    COMPLETE_WITH_ERRORS = 4


class Code(IntEnum):
    """OperationErrorCode of the API description."""

    OPERATION_FAILED = 0
    TENANT_IN_MIGRATION = 1
    TENANT_MIGRATION_REQUIRED = 2
    CLIENT_UPDATE_REQUIRED = 3
    INTERNAL_SERVER_ERROR = 4
    BAD_REQUEST = 5
    FORBIDDEN = 6
    CONFLICT = 7
    NOT_FOUND = 8


class OperationFailure(Exception):
    """Raised by an effect: the operation ends as failed, with this code and message."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class Outcome:
    """The result of an effect. `resource` is the path of the created resource, below /v2; `details` are its details."""

    resource: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    with_errors: bool = False
    tenant_id: str | None = None


@dataclass
class Operation:
    """An operation. `created`, `starts`, `due` and `completed` are Unix seconds of the simulator's clock."""

    id: str
    kind: Kind
    tenant_id: str | None
    caller: str
    created: float
    starts: float
    due: float
    effect: Callable[[], Outcome]
    outcome: Outcome | None = None
    failure: OperationFailure | None = None

    @property
    def path(self) -> str:
        """The path for polling, below /v2. Operations outside any tenant have a path of their own."""
        return f"/tenants/{self.tenant_id}/operations/{self.id}" if self.tenant_id else f"/operations/{self.id}"

    @property
    def details_path(self) -> str:
        """The path of its details, below /v2; empty for kinds without details."""
        name = DETAILS.get(self.kind)
        return f"/tenants/{self.tenant_id}/operationTypes/{name}/operations/{self.id}" if name else ""

    def progress(self, now: float) -> Progress:
        if self.failure is not None:
            return Progress.FAILED
        if self.outcome is not None:
            return Progress.COMPLETE_WITH_ERRORS if self.outcome.with_errors else Progress.COMPLETE
        return Progress.IN_PROGRESS if now >= self.starts else Progress.NOT_STARTED

    def finish(self) -> None:
        try:
            self.outcome = self.effect()
        except OperationFailure as failure:
            self.failure = failure


class Operations:
    """All operations since the last reset, and the pending ones in the order of their ends."""

    def __init__(self) -> None:
        self._all: dict[str, Operation] = {}
        self._under_way: list[tuple[float, int, Operation]] = []
        self._sequence = itertools.count()

    def start(
        self,
        kind: Kind,
        effect: Callable[[], Outcome],
        *,
        tenant_id: str | None,
        caller: str,
        now: float,
        seconds: float,
    ) -> Operation:
        """Start an operation that takes effect in `seconds`. It counts as not started for the first quarter of them."""
        operation = Operation(str(uuid.uuid4()), kind, tenant_id, caller, now, now + seconds / 4, now + seconds, effect)
        self._all[operation.id] = operation
        heapq.heappush(self._under_way, (operation.due, next(self._sequence), operation))
        return operation

    def get(self, operation_id: str) -> Operation | None:
        return self._all.get(operation_id)

    def settle(self, now: float) -> bool:
        """Apply all effects that are due, in order, and return whether there were any."""
        happened = False
        while self._under_way and self._under_way[0][0] <= now:
            _due, _sequence, operation = heapq.heappop(self._under_way)
            operation.finish()
            happened = True
        return happened

    def clear(self) -> None:
        self._all.clear()
        self._under_way.clear()

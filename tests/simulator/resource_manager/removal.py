# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Deletions: of what is not there, of what has deployments, and those that the service only pretends."""

from __future__ import annotations

from collections.abc import Iterable

from ..state import DeviceGroup
from .call import Answer, Call
from .errors import ArmError, invalid, not_found


def missing(call: Call) -> Answer:
    """Return the reply to the deletion of a resource that does not exist. Raises ArmError if that is an error."""
    if call.world.settings.arm_missing_deletion == "404":
        raise not_found()
    return Answer(status=204, body=False)


def refuse_deployments(call: Call, groups: Iterable[DeviceGroup]) -> None:
    """Raise ArmError if a group has deployments and the settings say that these prevent its deletion."""
    if call.world.settings.deletion_with_deployments == "refused" and any(group.deployments for group in groups):
        raise invalid("The resource cannot be deleted: it has deployments.")


def pretend(call: Call, *, exists: bool) -> Answer:
    """Return success and delete nothing: the operation is declared, and not available."""
    if not exists:
        return missing(call)
    if call.world.settings.arm_pretended_deletion == "refused":
        raise ArmError(405, "MethodNotAllowed", "The operation is not available.")
    return Answer()

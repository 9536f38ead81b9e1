# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What one call that claims or moves devices works with."""

from __future__ import annotations

from dataclasses import dataclass

from .._backend.bulk import Progress
from .._deadline import Deadline
from .._model.refs import GroupRef
from .client import IntegratedClient
from .operations import IntegratedOperations
from .places import Places


@dataclass
class BulkRun:
    """One call. `group` is where the devices go, None: into no group."""

    client: IntegratedClient
    operations: IntegratedOperations
    places: Places
    group: GroupRef | None
    deadline: Deadline
    progress: Progress
